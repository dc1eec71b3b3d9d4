// ln(1 + e^x), whose derivative is the logistic function.

fn taylor(x: f32, p: vec4<f32>) {
    logistic_series(vec4(x, 1.0, 0.0, 0.0));
    // unroll
    for (var k = TERMS; k >= 1u; k--) {
        a[k] = a[k - 1u] * (1.0 / f32(k));
    }
    a[0] = hope_softplus(x);
}
