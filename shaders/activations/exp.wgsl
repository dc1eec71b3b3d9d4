// Exponential function: a_k = e^x / k!.

fn taylor(x: f32, n: u32, p: vec4<f32>) {
    var term = hope_exp(x);
    a[0] = term;
    for (var k = 1u; k <= n; k++) {
        term /= f32(k);
        a[k] = term;
    }
}
