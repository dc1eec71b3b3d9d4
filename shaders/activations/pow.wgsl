// Power with the constant exponent p.x.
//
// From x y' = p y: a_{k+1} = a_k (p - k) / ((k+1) x); for small whole p the binomial formula, good at 0 too.

fn taylor(x: f32, p: vec4<f32>) {
    let exponent = p.x;
    if exponent >= 0.0 && exponent <= 64.0 && floor(exponent) == exponent {
        binomial_series(x, u32(exponent));
        return;
    }
    a[0] = hope_pow(x, exponent);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = a[k - 1u] * ((exponent - f32(k - 1u)) / f32(k)) / x;
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
