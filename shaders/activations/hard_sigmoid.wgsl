// Piecewise linear sigmoid, p = (alpha, beta): alpha x + beta clamped to [0, 1].

fn taylor(x: f32, p: vec4<f32>) {
    let y = p.x * x + p.y;
    let rises = above == (p.x > 0.0);
    // The kinks: where it leaves 0 and where it reaches 1.
    if select(y < 0.0, !rises, x == params.kink_values[0]) {
        constant_series(0.0);
    } else if select(y > 1.0, rises, x == params.kink_values[1]) {
        constant_series(1.0);
    } else {
        linear_series(x, p.y, p.x);
    }
}
