// Matrix product over rows, and its adjoint with elementwise powers of the weights.
// Twin of src/kernels/linear.rs, where the rule is.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    inputs: u32,
    outputs: u32,
    // The outputs whose weights are bound: all, unless the weights exceed a binding.
    first: u32,
    part: u32,
    has_bias: u32,
    accumulate: u32,
    scale: f32,
    inverse_scale: f32,
    adjoint: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

// Rows hold several positions of `inputs` (or `outputs`) units each.
fn positions() -> u32 {
    return params.out.units / select(params.outputs, params.inputs, params.adjoint == 1u);
}

fn load_a(z: u32, m: u32, k: u32) -> f32 {
    if params.adjoint == 1u {
        return x[block(params.x, z + 1u) + m * params.outputs + params.first + k];
    }
    return x[m * params.inputs + k];
}

fn load_b(z: u32, k: u32, n: u32) -> f32 {
    if params.adjoint == 1u {
        return scaled_power(weights[k * params.inputs + n], params.inverse_scale, z + 1u);
    }
    return weights[n * params.inputs + k];
}

fn store(z: u32, m: u32, n: u32, value: f32) {
    if params.adjoint == 1u {
        let at = block(params.out, z + 1u) + m * params.inputs + n;
        let result = unscaled(value, params.scale, z + 1u);
        out[at] = select(result, out[at] + result, params.accumulate == 1u);
        return;
    }
    // The bias belongs to order 0.
    let has_bias = params.has_bias == 1u && m < rows(params.out, 0u) * positions();
    let output = params.first + n;
    out[m * params.outputs + output] = value + select(0.0, bias[select(0u, output, has_bias)], has_bias);
}

// z is always 0.
@compute @workgroup_size(16, 16)
fn linear(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let all_rows = total_rows(params.x) * positions();
    tiled_product(0u, group, local, all_rows, params.inputs, params.part);
}

// z is the order less one.
@compute @workgroup_size(16, 16)
fn linear_adjoint(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let all_rows = rows(params.x, 1u) * positions();
    // Orders above the adjoint's degree are zero: a product of no depth stores that.
    let depth = select(0u, params.part, group.z < params.x.degree);
    tiled_product(group.z, group, local, all_rows, depth, params.inputs);
}

// Order 0 of rays along unit vectors: x has its block 0 only.
@compute @workgroup_size(16, 16)
fn linear_of_unit_rays(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    tiled_product(0u, group, local, params.x.samples, params.inputs, params.part);
}
