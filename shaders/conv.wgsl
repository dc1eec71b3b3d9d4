// Convolution as a matrix product of gathered pixels, and its adjoint with powers of the weights.
// Twin of src/kernels/conv.rs, where the rule is. Nothing is scattered: the adjoint gathers, for each input
// pixel, the output positions whose window holds it.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    in_channels: u32, // of a group
    out_channels: u32, // of a group
    groups: u32,
    has_bias: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_y: u32,
    stride_x: u32,
    dilation_y: u32,
    dilation_x: u32,
    pad_y: u32,
    pad_x: u32,
    accumulate: u32,
    scale: f32,
    inverse_scale: f32,
    adjoint: u32,
}

// A cell of a group's kernel: channel and offsets.
fn cell(k: u32) -> vec3<u32> {
    let cells = params.kernel_height * params.kernel_width;
    return vec3(k / cells, (k % cells) / params.kernel_width, k % params.kernel_width);
}

fn load_a(z: u32, m: u32, k: u32) -> f32 {
    let cells = params.kernel_height * params.kernel_width;
    if params.adjoint == 1u {
        let group = z % params.groups;
        let channel = (group * params.out_channels + k / cells) * params.in_channels + m;
        return scaled_power(weights[channel * cells + k % cells], params.inverse_scale, z / params.groups + 1u);
    }
    let depth = params.in_channels * cells;
    return weights[(z * params.out_channels + m) * depth + k];
}

fn load_b(z: u32, k: u32, n: u32) -> f32 {
    let c = cell(k);
    let in_size = params.in_height * params.in_width;
    let out_size = params.out_height * params.out_width;
    if params.adjoint == 1u {
        let row = n / in_size;
        let padded = vec2((n % in_size) / params.in_width + params.pad_y, n % params.in_width + params.pad_x);
        let shift = vec2(c.y * params.dilation_y, c.z * params.dilation_x);
        let stride = vec2(params.stride_y, params.stride_x);
        if any(padded < shift) || any((padded - shift) % stride != vec2(0u)) {
            return 0.0;
        }
        let position = (padded - shift) / stride;
        if any(position >= vec2(params.out_height, params.out_width)) {
            return 0.0;
        }
        let channel = (row * params.groups + z % params.groups) * params.out_channels + c.x;
        let start = block(params.x, z / params.groups + 1u);
        return x[start + channel * out_size + position.x * params.out_width + position.y];
    }
    let row = n / out_size;
    let oy = (n % out_size) / params.out_width;
    let ox = n % params.out_width;
    let padded = vec2(oy * params.stride_y + c.y * params.dilation_y, ox * params.stride_x + c.z * params.dilation_x);
    let pad = vec2(params.pad_y, params.pad_x);
    if any(padded < pad) || any(padded - pad >= vec2(params.in_height, params.in_width)) {
        return 0.0;
    }
    let pixel = padded - pad;
    let channel = (row * params.groups + z) * params.in_channels + c.x;
    return x[channel * in_size + pixel.x * params.in_width + pixel.y];
}

fn store(z: u32, m: u32, n: u32, value: f32) {
    if params.adjoint == 1u {
        let size = params.in_height * params.in_width;
        let order = z / params.groups + 1u;
        let channel = ((n / size) * params.groups + z % params.groups) * params.in_channels + m;
        let at = block(params.out, order) + channel * size + n % size;
        let result = unscaled(value, params.scale, order);
        out[at] = select(result, out[at] + result, params.accumulate == 1u);
        return;
    }
    let size = params.out_height * params.out_width;
    let channel = z * params.out_channels + m;
    // The bias belongs to order 0.
    let has_bias = params.has_bias == 1u && n / size < rows(params.out, 0u);
    let row_start = (n / size) * params.groups * params.out_channels;
    out[(row_start + channel) * size + n % size] = value + select(0.0, bias[select(0u, channel, has_bias)], has_bias);
}

// z is the group.
@compute @workgroup_size(16, 16)
fn conv(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let depth = params.in_channels * params.kernel_height * params.kernel_width;
    let columns = total_rows(params.x) * params.out_height * params.out_width;
    tiled_product(group.z, group, local, params.out_channels, depth, columns);
}

// z is (order - 1) * groups + group.
@compute @workgroup_size(16, 16)
fn conv_adjoint(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let order = group.z / params.groups + 1u;
    // Orders above the adjoint's degree are zero: a product of no depth stores that.
    let all = params.out_channels * params.kernel_height * params.kernel_width;
    let depth = select(0u, all, order <= params.x.degree);
    let columns = rows(params.x, 1u) * params.in_height * params.in_width;
    tiled_product(group.z, group, local, params.in_channels, depth, columns);
}
