// Rectifier; its slope at 0 is 0, as in PyTorch.

fn taylor(x: f32, p: vec4<f32>) {
    if exceeds(x, 0.0) {
        linear_series(x, 0.0, 1.0);
    } else {
        constant_series(0.0);
    }
}
