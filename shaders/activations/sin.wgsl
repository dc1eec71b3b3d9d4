// Sine: a_k = sin(x + k pi/2) / k!.

fn taylor(x: f32, n: u32, p: vec4<f32>) {
    let sc = hope_sincos(x);
    var derivative = sc;
    var scale = 1.0;
    a[0] = derivative.x;
    for (var k = 1u; k <= n; k++) {
        derivative = vec2(derivative.y, -derivative.x);
        scale /= f32(k);
        a[k] = scale * derivative.x;
    }
}
