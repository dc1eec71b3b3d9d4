// Exponential function: a_k = e^x / k!.

fn taylor(x: f32, p: vec4<f32>) {
    var term = hope_exp(x);
    a[0] = term;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        term *= 1.0 / f32(k);
        a[k] = term;
    }
}
