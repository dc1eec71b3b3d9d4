// Natural logarithm, for positive arguments: a_k = -(-1/x)^k / k.

fn taylor(x: f32, n: u32, p: vec4<f32>) {
    a[0] = hope_log(x);
    let ratio = -1.0 / x;
    var term = -1.0;
    for (var k = 1u; k <= n; k++) {
        term *= ratio;
        a[k] = term / f32(k);
    }
}
