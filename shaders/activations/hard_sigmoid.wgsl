// Piecewise linear sigmoid, p = (alpha, beta): alpha x + beta clamped to [0, 1].

fn taylor(x: f32, p: vec4<f32>) {
    let y = p.x * x + p.y;
    if y < 0.0 {
        constant_series(0.0);
    } else if y > 1.0 {
        constant_series(1.0);
    } else {
        linear_series(x, p.y, p.x);
    }
}
