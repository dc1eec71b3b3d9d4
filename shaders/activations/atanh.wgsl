// Inverse hyperbolic tangent, for arguments between -1 and 1: y' = r with r = 1 / (1 - (x+t)^2), whose series is
// r_k = (2 x r_{k-1} + r_{k-2}) r_0.
//
// y = ln(1 + 2u / (1-u)) / 2 for u = |x|, which keeps the digits of a small u.

fn taylor(x: f32, p: vec4<f32>) {
    let u = abs(x);
    if !(u < 1.0) {
        constant_series(hope_nan(x));
        return;
    }
    let y = 0.5 * hope_log1p(2.0 * u / (1.0 - u));
    a[0] = select(y, -y, x < 0.0);
    let scale = 1.0 / ((1.0 - x) * (1.0 + x));
    var before = 0.0;
    var r = scale;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = r * (1.0 / f32(k));
        let next = (2.0 * x * r + before) * scale;
        before = r;
        r = next;
    }
}
