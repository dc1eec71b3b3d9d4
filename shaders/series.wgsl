// Power series of one number, for the activations: the twin of src/series.rs. Coefficients are f^(k)(x) / k!.
// Needs functions.wgsl. Orders 0 to TERMS are computed, a constant that src/kernel/elementwise/gpu.rs gives.

const COEFFICIENTS: u32 = MAX_ORDER + 1u;

// The activation's coefficients: what `taylor` writes.
var<private> a: array<f32, COEFFICIENTS>;
// On which side of a kink `taylor` takes the function's branch.
var<private> above: bool;
// Scratch of the recurrences.
var<private> series_s: array<f32, COEFFICIENTS>;
var<private> series_t: array<f32, COEFFICIENTS>;

// Whether the branch above a kink holds at x, or at the kink itself on the side that is asked for.
fn exceeds(x: f32, kink: f32) -> bool {
    return x > kink || (x == kink && above);
}

// A constant.
fn constant_series(value: f32) {
    a[0] = value;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = 0.0;
    }
}

// offset + slope (x + t).
fn linear_series(x: f32, offset: f32, slope: f32) {
    constant_series(offset + slope * x);
    if TERMS > 0u {
        a[1] = slope;
    }
}

// scale (e^{u + rate t} - 1).
fn exponential_series(u: f32, scale: f32, rate: f32) {
    a[0] = scale * hope_expm1(u);
    var term = scale * hope_exp(u);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        term *= rate * (1.0 / f32(k));
        a[k] = term;
    }
}

// Logistic function y of a cubic v: y' = s v', s' = s (1 - 2y) v' with s = y (1 - y).
// s is carried as a series of its own, so that nothing cancels in the tails.
fn logistic_series(v: vec4<f32>) {
    let decay = hope_exp(-abs(v.x));
    let inverse = 1.0 / (1.0 + decay);
    let negative = v.x < 0.0;
    a[0] = hope_sigmoid(v.x);
    series_s[0] = decay * inverse * inverse;
    let one_minus_two_y = select(decay - 1.0, 1.0 - decay, negative) * inverse;
    // unroll
    for (var k = 0u; k < TERMS; k++) {
        var tilt = series_s[k] * one_minus_two_y; // s (1 - 2y)
        // unroll
        for (var i = 1u; i <= k; i++) {
            tilt -= 2.0 * a[i] * series_s[k - i];
        }
        series_t[k] = tilt;
        var dy = v.y * series_s[k];
        var ds = v.y * tilt;
        // unroll
        for (var i = 1u; i <= min(k, 2u); i++) {
            let slope = f32(i + 1u) * v[i + 1u];
            dy += slope * series_s[k - i];
            ds += slope * series_t[k - i];
        }
        a[k + 1u] = dy * (1.0 / f32(k + 1u));
        series_s[k + 1u] = ds * (1.0 / f32(k + 1u));
    }
}

// a = series_s / series_t.
fn quotient_series() {
    // unroll
    for (var k = 0u; k <= TERMS; k++) {
        var sum = series_s[k];
        // unroll
        for (var i = 1u; i <= k; i++) {
            sum -= series_t[i] * a[k - i];
        }
        a[k] = sum / series_t[0];
    }
}

// a = (x + t) a.
fn times_argument(x: f32) {
    // unroll
    for (var k = TERMS; k >= 1u; k--) {
        a[k] = x * a[k] + a[k - 1u];
    }
    a[0] *= x;
}

// Behind a[0] a function with the derivative r = first (w / w_0)^{-1/2}, w = w_0 + w_1 t + w_2 t^2, by ratio = -w_1 / (2 w_0) and
// scale = -w_2 / w_0: w r' = -w' r / 2 is (k+1) r_{k+1} = (2k+1) ratio r_k + k scale r_{k-1}.
fn inverse_root_series(first: f32, ratio: f32, scale: f32) {
    var before = 0.0;
    var r = first;
    // unroll
    for (var k = 0u; k < TERMS; k++) {
        a[k + 1u] = r * (1.0 / f32(k + 1u));
        let next = (f32(2u * k + 1u) * ratio * r + f32(k) * scale * before) * (1.0 / f32(k + 1u));
        before = r;
        r = next;
    }
}
