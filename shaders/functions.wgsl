// Elementary functions in f32 with range reduction, to a few ULP.
//
// The built-in ones may be wrong in the fourth digit and differ by vendor. These need no fused multiply-add and no
// denormals. Arguments beyond the range of f32 end in the right limit; NaN in is NaN out. WGSL has no literals for the
// latter, and refuses constant expressions that are not finite, so both are made from bits at run time.

fn hope_infinity(x: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(x) & 0u) | 0x7f800000u);
}

fn hope_nan(x: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(x) & 0u) | 0x7fc00000u);
}

fn hope_not_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}

// By its bits, as compilers may assume that comparisons meet no NaN.
fn hope_is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// The number, unless its size or its digits were lost on the way: infinite, or too small for a normal number. Quotients and roots
// would make another number of it, and a wrong one.
fn hope_sound(x: f32) -> f32 {
    let size = bitcast<u32>(x) & 0x7fffffffu;
    return select(x, hope_nan(x), size == 0x7f800000u || (size != 0u && size < 0x00800000u));
}

// The leading 12 bits of a number: products of two such are exact.
fn hope_high(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// x 2^n for |n| <= 252, in two factors because 2^n alone may not be a number.
fn hope_scale(x: f32, n: i32) -> f32 {
    let half = n >> 1u;
    return x * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((n - half + 127) << 23u);
}

// e^r - 1 for |r| <= ln(2)/2. Polynomial of Cephes' expf.
fn hope_expm1_small(r: f32) -> f32 {
    var p = 1.9875691500e-4;
    p = p * r + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    return r + r * r * p;
}

// (n, r) with x = n ln(2) + r; ln(2) in two parts (Cephes), so that n times the first is exact.
fn hope_reduce_exp(x: f32) -> vec2<f32> {
    let n = floor(x * 1.44269504 + 0.5);
    return vec2(n, (x - n * 0.693359375) + n * 2.12194440e-4);
}

fn hope_exp(x: f32) -> f32 {
    if x > 89.0 {
        return hope_infinity(x);
    }
    if x < -104.0 {
        return 0.0;
    }
    let nr = hope_reduce_exp(x);
    return hope_scale(1.0 + hope_expm1_small(nr.y), i32(nr.x));
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
fn hope_expm1(x: f32) -> f32 {
    if x > 89.0 {
        return hope_infinity(x);
    }
    if x < -18.0 {
        return -1.0;
    }
    let nr = hope_reduce_exp(x);
    let q = hope_expm1_small(nr.y);
    if nr.x == 0.0 {
        return q;
    }
    // Half of it: 2^128 is not a number.
    let half = hope_scale(0.5, i32(nr.x));
    return (half * q + (half - 0.5)) * 2.0;
}

// ln(1 + f) + e ln(2) for 1 + f from sqrt(1/2) to sqrt(2). Polynomial of Cephes' logf.
fn hope_log_reduced(f: f32, e: f32) -> f32 {
    let z = f * f;
    var p = 7.0376836292e-2;
    p = p * f - 1.1514610310e-1;
    p = p * f + 1.1676998740e-1;
    p = p * f - 1.2420140846e-1;
    p = p * f + 1.4249322787e-1;
    p = p * f - 1.6668057665e-1;
    p = p * f + 2.0000714765e-1;
    p = p * f - 2.4999993993e-1;
    p = p * f + 3.3333331174e-1;
    let small = (f * z * p - e * 2.12194440e-4) - 0.5 * z;
    return (f + small) + e * 0.693359375;
}

// (m, e) with x = m 2^e and m from sqrt(1/2) to sqrt(2); for finite x > 0.
fn hope_split(x: f32) -> vec2<f32> {
    var y = x;
    var shift = 0;
    if x < 1.17549435e-38 {
        y = x * 8388608.0;
        shift = -23;
    }
    let bits = bitcast<i32>(y);
    let e = (bits - 0x3f3504f3) >> 23u; // sqrt(1/2)
    return vec2(bitcast<f32>(bits - (e << 23u)), f32(e + shift));
}

fn hope_log(x: f32) -> f32 {
    if x < 0.0 {
        return hope_nan(x);
    }
    if x == 0.0 {
        return -hope_infinity(x);
    }
    if hope_not_finite(x) {
        return x;
    }
    let me = hope_split(x);
    return hope_log_reduced(me.x - 1.0, me.y);
}

fn hope_log1p(x: f32) -> f32 {
    if x > -0.29 && x < 0.41 {
        return hope_log_reduced(x, 0.0);
    }
    let u = 1.0 + x;
    if x <= -1.0 || hope_not_finite(u) {
        return hope_log(u);
    }
    // What the sum lost, to first order.
    let lost = select(x - (u - 1.0), 1.0 - (u - x), x > 1.0);
    return hope_log(u) + lost / u;
}

// (sin x, cos x). Pi/2 in three parts of few bits (Cody and Waite; the parts are twice Cephes'), so that the products
// with n are exact up to |x| = 1e4; beyond, the result gets worse but stays bounded. Polynomials of Cephes' sinf, cosf.
fn hope_sincos(x: f32) -> vec2<f32> {
    if hope_not_finite(x) {
        return vec2(hope_nan(x));
    }
    let n = floor(x * 0.636619772 + 0.5);
    let reduced = ((x - n * 1.5703125) - n * 4.837512969970703125e-4) - n * 7.54978995489188216e-8;
    let r = clamp(reduced, -0.8, 0.8);
    let z = r * r;
    let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
    let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
    let quadrant = i32(n) & 3;
    let swapped = select(vec2(s, c), vec2(c, -s), (quadrant & 1) == 1);
    return select(swapped, -swapped, quadrant >= 2);
}

fn hope_sin(x: f32) -> f32 {
    return hope_sincos(x).x;
}

fn hope_cos(x: f32) -> f32 {
    return hope_sincos(x).y;
}

// Half the exponential is squared: e^x is not a number where half of it is one.
fn hope_cosh(x: f32) -> f32 {
    let e = hope_exp(0.5 * abs(x));
    return (0.5 * e) * e + 0.5 / (e * e);
}

fn hope_sinh(x: f32) -> f32 {
    let u = abs(x);
    if u < 1.0 {
        let z = x * x;
        return x + x * z * (1.66666667e-1 + z * (8.33333333e-3 + z * (1.98412698e-4 + z * 2.75573192e-6)));
    }
    let e = hope_exp(0.5 * u);
    let y = (0.5 * e) * e - 0.5 / (e * e);
    return select(y, -y, x < 0.0);
}

// As Cephes' tanhf.
fn hope_tanh(x: f32) -> f32 {
    let u = abs(x);
    if u > 10.0 {
        return sign(x);
    }
    if u < 0.625 {
        let z = x * x;
        var p = -5.70498872745e-3;
        p = p * z + 2.06390887954e-2;
        p = p * z - 5.37397155531e-2;
        p = p * z + 1.33314422036e-1;
        p = p * z - 3.33332819422e-1;
        return x + x * z * p;
    }
    let y = 1.0 - 2.0 / (hope_exp(2.0 * u) + 1.0);
    return select(y, -y, x < 0.0);
}

fn hope_sigmoid(x: f32) -> f32 {
    let decay = hope_exp(-abs(x));
    return select(1.0, decay, x < 0.0) / (1.0 + decay);
}

// ln(1 + e^x).
fn hope_softplus(x: f32) -> f32 {
    if x > 104.0 {
        return x;
    }
    return select(0.0, x, x > 0.0) + hope_log1p(hope_exp(-abs(x)));
}

// erf(x) for |x| <= 0.9: x (2/sqrt(pi) + z P(z)), z = x^2; P minimax (Remez, relative error 4e-10).
fn hope_erf_small(x: f32) -> f32 {
    let z = x * x;
    var p = 8.55251128e-5;
    p = p * z - 8.18603323e-4;
    p = p * z + 5.20491321e-3;
    p = p * z - 2.68610213e-2;
    p = p * z + 1.1283727e-1;
    p = p * z - 3.76126349e-1;
    return x * (1.12837917 + z * p);
}

// erfc(x) = e^{-x^2} G / (1 + 2x) for x >= 0.5; G is a polynomial in (x-2)/(x+2), minimax (Remez, relative error 4e-9).
// The exponential as in hope_exp, with x^2 = h^2 + (x-h)(x+h) where h is the leading bits of x, whose square is exact.
fn hope_erfc_tail(x: f32) -> f32 {
    if x > 11.0 {
        return 0.0;
    }
    let u = (x - 2.0) / (x + 2.0);
    var g = -2.2838678e-4;
    g = g * u - 1.26595888e-3;
    g = g * u + 1.1492169e-3;
    g = g * u + 8.65941681e-3;
    g = g * u - 8.00650939e-3;
    g = g * u - 5.42113073e-2;
    g = g * u + 1.64048836e-1;
    g = g * u - 1.66030824e-1;
    g = g * u - 9.27637666e-2;
    g = g * u + 1.27697837;
    let h = hope_high(x);
    let n = floor(0.5 - x * x * 1.44269504);
    let r = ((-h * h - n * 0.693359375) + n * 2.12194440e-4) + (h - x) * (h + x);
    let f = g / (1.0 + 2.0 * x);
    return hope_scale(f + f * hope_expm1_small(r), i32(n));
}

fn hope_erf(x: f32) -> f32 {
    let u = abs(x);
    if u < 0.9 {
        return hope_erf_small(x);
    }
    let y = 1.0 - hope_erfc_tail(u);
    return select(y, -y, x < 0.0);
}

fn hope_erfc(x: f32) -> f32 {
    let u = abs(x);
    if u < 0.5 {
        return 1.0 - hope_erf_small(x);
    }
    let y = hope_erfc_tail(u);
    return select(y, 2.0 - y, x < 0.0);
}

// As Cephes' atanf: atan u = pi/2 - atan(1/u) = pi/4 + atan((u-1)/(u+1)).
fn hope_atan(x: f32) -> f32 {
    let u = abs(x);
    var offset = 0.0;
    var r = u;
    if u > 1e9 {
        offset = 1.57079633;
        r = 0.0;
    } else if u > 2.41421356 {
        offset = 1.57079633;
        r = -1.0 / u;
    } else if u > 0.414213562 {
        offset = 0.785398163;
        r = (u - 1.0) / (u + 1.0);
    }
    let z = r * r;
    let p = ((8.05374449538e-2 * z - 1.38776856032e-1) * z + 1.99777106478e-1) * z - 3.33329491539e-1;
    let y = offset + (r + r * z * p);
    return select(y, -y, x < 0.0);
}

// x^p for x > 0, finite and not 0: 2^(p log2 x) with the logarithm and the product in two parts each, as in
// FreeBSD's e_powf.c, but with one interval for the mantissa.
fn hope_pow_positive(x: f32, p: f32) -> f32 {
    let me = hope_split(x);
    let m = me.x;
    let n = me.y;
    // s = (m-1)/(m+1), leading bits and rest; whatever the division loses, the rest makes up for.
    let u = m - 1.0;
    let v = 1.0 / (m + 1.0);
    let s = u * v;
    let s_high = hope_high(s);
    let d_high = hope_high(m + 1.0);
    let d_low = m - (d_high - 1.0);
    let s_low = v * ((u - s_high * d_high) - s_high * d_low);
    // 3 atanh(s) / s = 3 + s^2 + 3/5 s^4 + 3/7 s^6 + ...
    let z = s * s;
    let series = z * z * (0.6 + z * (0.428571429 + z * (0.333333333 + z * (0.272727273 + z * 0.230769231))));
    let square = s_high * s_high;
    let r = series + s_low * (s_high + s);
    let t_high = hope_high(3.0 + square + r);
    let t_low = r - ((t_high - 3.0) - square);
    // ln(m) * 3/2 = s (3 + ...), then log2(m): 2/(3 ln 2) = 0.9619140625 - 1.1736857402e-4.
    let w = s_low * t_high + t_low * s;
    let l_high = hope_high(s_high * t_high + w);
    let l_low = w - (l_high - s_high * t_high);
    let log_high = 0.9619140625 * l_high;
    let log_low = l_low * 0.96179670095 - 1.1736857402e-4 * l_high;
    let high = hope_high((log_high + log_low) + n);
    let low = log_low - ((high - n) - log_high);
    // p log2(x).
    let p_high = hope_high(p);
    let product = p_high * high;
    if product > 140.0 {
        return hope_infinity(x);
    }
    if product < -160.0 {
        return 0.0;
    }
    let rest = (p - p_high) * high + p * low;
    let whole = floor(product + 0.5);
    let fraction = (product - whole) + rest;
    return hope_scale(1.0 + hope_expm1_small(fraction * 0.693147181), i32(whole));
}

// x^p; a negative x needs a whole p.
fn hope_pow(x: f32, p: f32) -> f32 {
    if p == 0.0 {
        return 1.0;
    }
    let odd = floor(p) == p && floor(0.5 * p) != 0.5 * p;
    let size = abs(x);
    var y = size;
    if size == 0.0 {
        y = select(0.0, hope_infinity(x), p < 0.0);
    } else if !hope_not_finite(x) {
        y = hope_pow_positive(size, p);
    } else if size > 1.0 && p < 0.0 {
        y = 0.0;
    }
    if x < 0.0 {
        if floor(p) != p {
            return hope_nan(x);
        }
        return select(y, -y, odd);
    }
    return y;
}

// The built-in one may be off by some ULP: one step of Newton's method, where nothing in it overflows.
fn hope_sqrt(x: f32) -> f32 {
    let s = sqrt(x);
    if x > 1e-30 && x < 1e38 {
        return s + 0.5 * fma(-s, s, x) / s;
    }
    return s;
}
