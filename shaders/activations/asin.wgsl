// Arc sine, for arguments from -1 to 1: y' = w^{-1/2} with w = 1 - (x+t)^2; at the ends no derivative is finite.
//
// asin x = atan(x / sqrt(1 - x^2)).

fn taylor(x: f32, p: vec4<f32>) {
    let w = (1.0 - x) * (1.0 + x);
    if !(w > 0.0) {
        constant_series(hope_nan(x));
        a[0] = select(hope_nan(x), 1.57079633 * x, w == 0.0);
        return;
    }
    let scale = 1.0 / w;
    let root = 1.0 / hope_sqrt(w);
    a[0] = hope_atan(x * root);
    inverse_root_series(root, x * scale, scale);
}
