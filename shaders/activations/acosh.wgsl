// Inverse hyperbolic cosine, for arguments from 1: y' = w^{-1/2} with w = (x+t)^2 - 1.
//
// y = ln(1 + d + sqrt(d (d+2))) for d = x - 1, which is exact near 1, where no derivative is finite. Beyond 1e4 y = ln x + ln 2,
// and w is always taken as two factors: nothing overflows.

fn taylor(x: f32, p: vec4<f32>) {
    if !(x > 1.0) {
        constant_series(hope_nan(x));
        a[0] = select(hope_nan(x), 0.0, x == 1.0);
        return;
    }
    let below = x - 1.0;
    let near = min(below, 1e4);
    a[0] = hope_log1p(near + hope_sqrt(near * (near + 2.0)));
    if x > 1e4 {
        a[0] = hope_log(x) + 0.693147181;
    }
    let left = 1.0 / below;
    let right = 1.0 / (x + 1.0);
    inverse_root_series(hope_sqrt(left) * hope_sqrt(right), -left * (x * right), -left * right);
}
