// Arc cosine, for arguments from -1 to 1: y' = -w^{-1/2} with w = 1 - (x+t)^2; at the ends no derivative is finite.
//
// acos x = 2 atan(sqrt((1-x) / (1+x))), in which nothing cancels near 1.

fn taylor(x: f32, p: vec4<f32>) {
    let w = (1.0 - x) * (1.0 + x);
    if !(w > 0.0) {
        constant_series(hope_nan(x));
        a[0] = select(hope_nan(x), select(3.14159265, 0.0, x > 0.0), w == 0.0);
        return;
    }
    let scale = 1.0 / w;
    a[0] = 2.0 * hope_atan(hope_sqrt((1.0 - x) / (1.0 + x)));
    inverse_root_series(-1.0 / hope_sqrt(w), x * scale, scale);
}
