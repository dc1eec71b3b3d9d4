// Sine: a_k = sin(x + k pi/2) / k!.

fn taylor(x: f32, p: vec4<f32>) {
    let sc = hope_sincos(x);
    var derivative = sc;
    var scale = 1.0;
    a[0] = derivative.x;
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        derivative = vec2(derivative.y, -derivative.x);
        scale *= 1.0 / f32(k);
        a[k] = scale * derivative.x;
    }
}
