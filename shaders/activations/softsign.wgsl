// x / (1 + |x|). Above 0: 1 - 1/(1+x); below: -1 + 1/(1-x).

fn taylor(x: f32, p: vec4<f32>) {
    let scale = 1.0 / (1.0 + abs(x));
    let ratio = select(scale, -scale, exceeds(x, 0.0));
    var term = scale * scale;
    a[0] = x / (1.0 + abs(x));
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = term;
        term *= ratio;
    }
}
