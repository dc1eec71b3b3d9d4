// Order 1 of a linear layer along unit vectors of its inputs: columns of the weight, times the rays' radii.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    inputs: u32,
    outputs: u32,
    // The outputs whose weights are bound: see linear.wgsl.
    first: u32,
    part: u32,
}

// A step without a second input finds the chunk's numbers in `y`: word 0 is the chunk's first ray, from word 4 on are the lanes' radii.
@compute @workgroup_size(WORKGROUP)
fn unit_rays(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= rows(params.out, 1u) * params.part {
        return;
    }
    let row = i / params.part;
    let output = i % params.part;
    let lane = row % params.out.lanes;
    let ray = u32(y[0]) + lane;
    let at = block(params.out, 1u) + row * params.outputs + params.first + output;
    out[at] = weights[output * params.inputs + ray] * y[4u + lane];
}
