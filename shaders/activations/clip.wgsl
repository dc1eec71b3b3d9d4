// Clamping to the interval from p.x to p.y.

fn taylor(x: f32, n: u32, p: vec4<f32>) {
    if x < p.x {
        constant_series(p.x, n);
    } else if x > p.y {
        constant_series(p.y, n);
    } else {
        linear_series(x, 0.0, 1.0, n);
    }
}
