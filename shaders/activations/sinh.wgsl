// Hyperbolic sine: a_k = sinh(x) / k! for even k, cosh(x) / k! for odd.

fn taylor(x: f32, p: vec4<f32>) {
    let values = vec2(hope_sinh(x), hope_cosh(x));
    var scale = 1.0;
    // unroll
    for (var k = 0u; k <= TERMS; k++) {
        scale *= 1.0 / f32(max(k, 1u));
        a[k] = select(values.y, values.x, k % 2u == 0u) * scale;
    }
}
