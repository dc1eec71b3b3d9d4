// Gaussian error linear unit, erf form: x Phi(x).
//
// Phi' = phi, phi' = -(x+t) phi; Phi(x) = erfc(-x/sqrt(2)) / 2 keeps the left tail accurate.

fn taylor(x: f32, p: vec4<f32>) {
    a[0] = 0.5 * hope_erfc(-x * 0.707106781);
    var before = 0.0;
    var density = 0.398942280 * hope_exp(-0.5 * x * x); // 1/sqrt(2 pi)
    // unroll
    for (var k = 1u; k <= TERMS; k++) {
        a[k] = density * (1.0 / f32(k));
        let next = (-1.0 / f32(k)) * (x * density + before);
        before = density;
        density = next;
    }
    times_argument(x);
}
