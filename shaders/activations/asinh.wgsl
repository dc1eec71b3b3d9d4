// Inverse hyperbolic sine: y' = w^{-1/2} with w = 1 + (x+t)^2.
//
// y = ln(1 + u + u^2 / (1 + sqrt(1 + u^2))) for u = |x|, which keeps the digits of a small u. Beyond 1 the inverses are of x + 1/x
// and u sqrt(1 + 1/u^2), beyond 1e4 y = ln u + ln 2: nothing overflows.

fn taylor(x: f32, p: vec4<f32>) {
    let u = abs(x);
    let square = min(u, 1e4) * min(u, 1e4);
    var y = hope_log1p(min(u, 1e4) + square / (1.0 + hope_sqrt(1.0 + square)));
    if u > 1e4 {
        y = hope_log(u) + 0.693147181;
    }
    a[0] = select(y, -y, x < 0.0);
    var scale = 1.0 / (1.0 + square);
    var ratio = x * scale;
    var root = 1.0 / hope_sqrt(1.0 + square);
    if u > 1.0 {
        let inverse = 1.0 / x;
        ratio = 1.0 / (x + inverse);
        scale = ratio * inverse;
        root = abs(inverse) / hope_sqrt(1.0 + inverse * inverse);
    }
    inverse_root_series(root, -ratio, -scale);
}
