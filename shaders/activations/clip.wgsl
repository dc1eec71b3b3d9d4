// Clamping to the interval from p.x to p.y.

fn taylor(x: f32, p: vec4<f32>) {
    if exceeds(x, p.y) {
        constant_series(p.y);
    } else if !exceeds(x, p.x) {
        constant_series(p.x);
    } else {
        linear_series(x, 0.0, 1.0);
    }
}
