// Arc tangent: y' = r with r = 1 / (1 + (x+t)^2), whose series is r_k = -(2 x r_{k-1} + r_{k-2}) r_0.
//
// Beyond 1e18, where x^2 overflows, all coefficients but the first are 0 in f32.

fn taylor(x: f32, p: vec4<f32>) {
    a[0] = hope_atan(x);
    let u = clamp(x, -1e18, 1e18);
    let scale = 1.0 / (1.0 + u * u);
    var before = 0.0;
    var r = scale;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = r * (1.0 / f32(k));
        let next = -(2.0 * u * r + before) * scale;
        before = r;
        r = next;
    }
}
