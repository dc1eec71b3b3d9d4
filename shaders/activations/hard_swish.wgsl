// x times the clamp of x/6 + 1/2 to [0, 1].

fn taylor(x: f32, p: vec4<f32>) {
    if !exceeds(x, -3.0) {
        constant_series(0.0);
    } else if exceeds(x, 3.0) {
        linear_series(x, 0.0, 1.0);
    } else {
        let sixth = 1.0 / 6.0;
        constant_series(x * (x + 3.0) * sixth);
        if TERMS >= 1u {
            a[1] = (x + x + 3.0) * sixth;
        }
        if TERMS >= 2u {
            a[2] = sixth;
        }
    }
}
