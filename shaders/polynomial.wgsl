// Values of a polynomial, one invocation per point. Twin of src/polynomial/evaluate.rs.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    terms: u32,
    accumulate: u32, // 1 if these terms are added to those of the dispatch before
    scale: f32, // a power of two: coefficients are those in scale (x - x0)
    zero: u32, // 0
}

// Hides from the compiler where a number comes from. Some simplify (sum + y) - sum to y, and with it the compensation away.
fn opaque(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

// x - x0 with x0 as the sum of two numbers: next to x0 the first difference is exact.
fn displacement(first: u32, variable: u32) -> f32 {
    return (opaque(x[first + variable] - y[2u * variable]) - y[2u * variable + 1u]) * params.scale;
}

// x: [point, variable]. y: x0 as (rounded, rest) for each variable. weights: (variable, power) for each factor.
// bias: (coefficient, first factor, factors) for each term. All are floats, exact for these small integers. out: [point] sums, then [point] what
// they lost to rounding.
// Compensated summation (Kahan, "Further remarks on reducing truncation errors", 1965).
@compute @workgroup_size(WORKGROUP)
fn evaluate(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let point = invocation(id, groups);
    if point >= params.x.samples {
        return;
    }
    let first = point * params.x.units;
    var sum = 0.0;
    var carry = 0.0;
    if params.accumulate != 0u {
        sum = out[point];
        carry = out[params.x.samples + point];
    }
    for (var term = 0u; term < params.terms; term++) {
        var product = bias[3u * term];
        let begin = u32(bias[3u * term + 1u]);
        let end = begin + u32(bias[3u * term + 2u]);
        for (var factor = begin; factor < end; factor++) {
            let u = displacement(first, u32(weights[2u * factor]));
            for (var power = u32(weights[2u * factor + 1u]); power > 0u; power--) {
                product *= u;
            }
        }
        let addend = product - carry;
        let next = opaque(sum + addend);
        carry = opaque(opaque(next - sum) - addend);
        sum = next;
    }
    out[point] = sum;
    out[params.x.samples + point] = carry;
}
