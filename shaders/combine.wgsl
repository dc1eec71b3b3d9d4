// All mixed coefficients from series in groups of variables: each is a block of some group.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    terms: u32,
}

// x: the series. weights: (group, block) of each term, floats, exact for these small integers. out: [sample, unit, term].
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
    let lane = u32(weights[2u * term]);
    let block = u32(weights[2u * term + 1u]);
    // Blocks above the stored ones are zero.
    out[i] = select(0.0, x[row(params.x, block, sample, lane) + unit], block <= params.x.degree);
}
