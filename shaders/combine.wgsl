// Mixed coefficients from series along rays: each is a weighted sum of some rays' coefficients of its degree.
// Twin of `Interpolation::solve` in src/interpolation, which derives the weights.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    terms: u32,
}

// x: series along all rays. weights: (ray, weight) for each entry. bias: (degree, first entry, entries) for each term.
// All are floats, exact for these small integers. out: [sample, unit, term].
@compute @workgroup_size(WORKGROUP)
fn combine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let units = params.x.units;
    if i >= params.x.samples * units * params.terms {
        return;
    }
    let term = i % params.terms;
    let unit = (i / params.terms) % units;
    let sample = i / (params.terms * units);
    let degree = u32(bias[3u * term]);
    if degree == 0u {
        out[i] = x[row(params.x, 0u, sample, 0u) + unit];
        return;
    }
    var sum = 0.0;
    // Orders above the stored ones are zero.
    if degree <= params.x.degree {
        let first = u32(bias[3u * term + 1u]);
        let end = first + u32(bias[3u * term + 2u]);
        for (var entry = first; entry < end; entry++) {
            let lane = u32(weights[2u * entry]);
            sum += weights[2u * entry + 1u] * x[row(params.x, degree, sample, lane) + unit];
        }
    }
    out[i] = sum;
}
