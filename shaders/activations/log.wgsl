// Natural logarithm, for positive arguments: a_k = -(-1/x)^k / k.

fn taylor(argument: f32, p: vec4<f32>) {
    let x = hope_sound(argument);
    a[0] = hope_log(x);
    let ratio = -1.0 / x;
    var term = -1.0;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        term *= ratio;
        a[k] = term * (1.0 / f32(k));
    }
}
