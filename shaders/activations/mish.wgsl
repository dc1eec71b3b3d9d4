// x tanh(softplus(x)).
//
// With u = e^{-x}: tanh(softplus x) = 1 - 2u^2 / (1 + 2u + 2u^2); with w = e^x: (w^2 + 2w) / (w^2 + 2w + 2).
// Either is used where its exponential stays below 1, so that nothing overflows or cancels.

fn taylor(x: f32, p: vec4<f32>) {
    let right = x > 0.0;
    let sign = select(1.0, -1.0, right);
    var single = hope_exp(-abs(x));
    var double = single * single;
    // unroll
    for (var k = 0u; k <= TERMS; k++) {
        if k > 0u {
            single *= sign * (1.0 / f32(max(k, 1u)));
            double *= sign * (2.0 / f32(max(k, 1u)));
        }
        // The right branch is computed with its sign, -2u^2 / (...).
        series_s[k] = select(double + 2.0 * single, -2.0 * double, right);
        series_t[k] = select(double + 2.0 * single, 2.0 * (single + double), right);
    }
    series_t[0] += select(2.0, 1.0, right);
    quotient_series();
    if right {
        a[0] += 1.0;
    }
    times_argument(x);
}
