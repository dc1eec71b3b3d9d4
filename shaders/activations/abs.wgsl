// Absolute value.

fn taylor(x: f32, p: vec4<f32>) {
    linear_series(x, 0.0, select(-1.0, 1.0, exceeds(x, 0.0)));
}
