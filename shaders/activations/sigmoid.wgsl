// Logistic function 1 / (1 + e^{-x}).

fn taylor(x: f32, p: vec4<f32>) {
    logistic_series(vec4(x, 1.0, 0.0, 0.0));
}
