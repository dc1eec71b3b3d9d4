// x sigmoid(x), also called swish.

fn taylor(x: f32, p: vec4<f32>) {
    logistic_series(vec4(x, 1.0, 0.0, 0.0));
    times_argument(x);
}
