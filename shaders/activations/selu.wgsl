// Scaled exponential linear unit, p = (alpha, gamma): gamma x above 0, gamma alpha (e^x - 1) below.

fn taylor(x: f32, p: vec4<f32>) {
    if exceeds(x, 0.0) {
        linear_series(x, 0.0, p.y);
    } else {
        exponential_series(x, p.y * p.x, 1.0);
    }
}
