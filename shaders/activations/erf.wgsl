// Error function: y' = g, g' = -2 (x+t) g.

fn taylor(x: f32, p: vec4<f32>) {
    a[0] = hope_erf(x);
    var before = 0.0;
    var g = 1.128379167 * hope_exp(-x * x); // 2/sqrt(pi)
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = g * (1.0 / f32(k));
        let next = (-2.0 / f32(k)) * (x * g + before);
        before = g;
        g = next;
    }
}
