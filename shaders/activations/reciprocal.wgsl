// 1 / x: a_k = (-1)^k / x^{k+1}.

fn taylor(x: f32, p: vec4<f32>) {
    let inverse = 1.0 / hope_sound(x);
    var term = inverse;
    // unroll
    for (var k = 0u; k <= TERMS; k++) {
        a[k] = term;
        term *= -inverse;
    }
}
