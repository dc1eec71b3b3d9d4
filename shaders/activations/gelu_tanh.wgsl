// Gaussian error linear unit, tanh form: x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3).
//
// (1 + tanh u)/2 is the logistic function of 2u, a cubic in t. Beyond |x| = 32, where the cubic might overflow, it is
// 0 or 1.

fn taylor(x: f32, p: vec4<f32>) {
    let c = 0.044715;
    let scale = 1.595769122; // 2 sqrt(2/pi)
    let u = clamp(x, -32.0, 32.0);
    logistic_series(scale * vec4(u + c * u * u * u, 1.0 + 3.0 * c * u * u, 3.0 * c * u, c));
    times_argument(x);
}
