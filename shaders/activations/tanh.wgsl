// Hyperbolic tangent: y' = s, s' = -2 y s with s = 1 - y^2 = 4 e / (1 + e)^2, e = e^{-2|x|}:
// nothing cancels in the tails.

fn taylor(x: f32, p: vec4<f32>) {
    let decay = hope_exp(-2.0 * abs(x));
    let inverse = 1.0 / (1.0 + decay);
    series_s[0] = 4.0 * decay * inverse * inverse;
    a[0] = hope_tanh(x);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = series_s[k - 1u] * (1.0 / f32(k));
        var sum = 0.0;
        // unroll
        for (var i = 0u; i < k; i++) {
            sum += a[i] * series_s[k - 1u - i];
        }
        series_s[k] = (-2.0 / f32(k)) * sum;
    }
}
