// Order 1 of a linear layer along unit vectors of its inputs: columns of the weight.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    inputs: u32,
    outputs: u32,
    pad0: u32,
    pad1: u32,
}

// A step without a second input finds the chunk's numbers in `y`: word 0 is the chunk's first ray.
@compute @workgroup_size(256)
fn unit_rays(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= rows(params.out, 1u) * params.outputs {
        return;
    }
    let lane = (i / params.outputs) % params.out.lanes;
    let output = i % params.outputs;
    let ray = u32(y[0]) + lane;
    out[block(params.out, 1u) + i] = weights[output * params.inputs + ray];
}
