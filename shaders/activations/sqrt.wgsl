// Square root, for positive arguments: a_{k+1} = a_k (1/2 - k) / ((k+1) x); at 0: `roots` in elementwise.wgsl.

fn taylor(argument: f32, p: vec4<f32>) {
    let x = hope_sound(argument);
    a[0] = hope_sqrt(x);
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = a[k - 1u] * ((1.5 - f32(k)) / f32(k)) / x;
    }
}
