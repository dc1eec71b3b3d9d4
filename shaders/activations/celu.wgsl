// Continuously differentiable exponential linear unit, p.x = alpha: x above 0, alpha (e^{x/alpha} - 1) below.

fn taylor(x: f32, p: vec4<f32>) {
    if exceeds(x, 0.0) {
        linear_series(x, 0.0, 1.0);
    } else {
        exponential_series(x / p.x, p.x, 1.0 / p.x);
    }
}
