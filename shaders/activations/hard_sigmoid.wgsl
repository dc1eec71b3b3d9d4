// Piecewise linear sigmoid, p = (alpha, beta): alpha x + beta clamped to [0, 1].

fn taylor(x: f32, n: u32, p: vec4<f32>) {
    let y = p.x * x + p.y;
    if y < 0.0 {
        constant_series(0.0, n);
    } else if y > 1.0 {
        constant_series(1.0, n);
    } else {
        linear_series(x, p.y, p.x, n);
    }
}
