// Tangent: y' = 1 + y^2, which starts as 1 / cos^2 x. All terms of a sum have the same sign: nothing cancels.

fn taylor(x: f32, p: vec4<f32>) {
    let circle = hope_sincos(x);
    a[0] = circle.x / circle.y;
    if TERMS > 0u {
        a[1] = 1.0 / (circle.y * circle.y);
    }
    // unroll
    for (var k = 2u; k <= TERMS; k++) {
        var sum = 0.0;
        // unroll
        for (var i = 0u; i < k; i++) {
            sum += a[i] * a[k - 1u - i];
        }
        a[k] = sum * (1.0 / f32(k));
    }
}
