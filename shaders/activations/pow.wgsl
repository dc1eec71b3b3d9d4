// Power with the constant exponent p.x.
//
// From x y' = p y: a_{k+1} = a_k (p - k) / ((k+1) x); for whole p >= 0 the binomial formula, good at 0 too. Fractional powers at 0:
// `roots` in elementwise.wgsl.

fn taylor(x: f32, p: vec4<f32>) {
    let exponent = p.x;
    if exponent >= 0.0 && floor(exponent) == exponent {
        if exponent <= 8.0 {
            binomial_series(x, u32(exponent));
        } else {
            large_binomial_series(x, exponent);
        }
        return;
    }
    let base = hope_sound(x);
    a[0] = hope_pow(base, exponent);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = a[k - 1u] * ((exponent - f32(k - 1u)) / f32(k)) / base;
    }
}

// (x + t)^degree: the binomial coefficients upwards, then the powers of x downwards.
fn binomial_series(x: f32, degree: u32) {
    constant_series(1.0);
    let last = min(degree, TERMS);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = select(0.0, a[k - 1u] * f32(degree - min(k - 1u, degree)) / f32(k), k <= last);
    }
    var power = hope_pow(x, f32(degree - last));
    // unroll
    for (var i = 0u; i <= TERMS; i++) {
        if TERMS - i <= last {
            a[TERMS - i] *= power;
            power *= x;
        }
    }
}

// The same for larger degrees: powers of x leave the range of f32 where their products with binomial coefficients don't, so both are
// multiplied as square roots, more or less.
fn large_binomial_series(x: f32, degree: f32) {
    let size = abs(x);
    var even = 1.0;
    var odd = 1.0;
    // unroll
    for (var k = 0u; k <= TERMS; k++) {
        let rest = degree - f32(k);
        let half = hope_pow(size, 0.5 * rest);
        let negative = x < 0.0 && floor(0.5 * rest) != 0.5 * rest;
        let term = (half * even) * (half * odd);
        // At 0 exactly: the binomial coefficients may overflow.
        a[k] = select(select(term, -term, negative), select(0.0, 1.0, rest == 0.0), rest <= 0.0 || size == 0.0);
        if (k & 1u) == 0u {
            even *= max(rest, 0.0) / f32(k + 1u);
        } else {
            odd *= max(rest, 0.0) / f32(k + 1u);
        }
    }
}
