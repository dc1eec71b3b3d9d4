// Matrix product over rows, and its adjoints: with the weights, or with their elementwise powers.
// Twin of src/kernel/linear/cpu.rs, where the rule is. As a product C = A B, the rows of the series are the columns of B
// and C: a row of series may be short, their number is large.

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
    // Whether the adjoint takes the k-th power of the weights at order k, as in the published rule.
    powers: u32,
    scale: f32,
    inverse_scale: f32,
}

override ADJOINT: bool = false;

// A and B lie along k in memory, except for the adjoint's weights; C lies along m.
const B_ALONG_K: bool = true;
const C_ALONG_M: bool = true;

fn a_along_k() -> bool {
    return !ADJOINT;
}

// First element of a row of x.
alias Column = u32;
alias Cell = u32;

// Rows hold several positions of `inputs` (or `outputs`) units each.
fn positions() -> u32 {
    return params.out.units / select(params.outputs, params.inputs, ADJOINT);
}

fn column(z: u32, n: u32) -> Column {
    if ADJOINT {
        return block(params.x, z + 1u) + n * params.outputs + params.first;
    }
    return n * params.inputs;
}

fn cell(k: u32) -> Cell {
    return k;
}

fn load_a(z: u32, m: u32, k: u32) -> f32 {
    if ADJOINT {
        return scaled_power(weights[k * params.inputs + m], params.inverse_scale, exponent_at(z + 1u));
    }
    return weights[m * params.inputs + k];
}

fn load_b(column: Column, k: Cell) -> f32 {
    return x[column + k];
}

fn store(z: u32, m: u32, n: u32, value: f32) {
    if ADJOINT {
        let at = block(params.out, z + 1u) + n * params.inputs + m;
        let result = unscaled(value, params.scale, exponent_at(z + 1u));
        out[at] = select(result, out[at] + result, params.accumulate == 1u);
        return;
    }
    // The bias belongs to order 0.
    let has_bias = params.has_bias == 1u && n < rows(params.out, 0u) * positions();
    let output = params.first + m;
    out[n * params.outputs + output] = value + select(0.0, bias[select(0u, output, has_bias)], has_bias);
}

// z is always 0.
@compute @workgroup_size(TILE_X)
fn linear(at: Invocation) {
    tiled_product(0u, at, params.part, params.inputs, total_rows(params.x) * positions());
}

// z is the order less one.
@compute @workgroup_size(TILE_X)
fn linear_adjoint(at: Invocation) {
    // Orders above the adjoint's degree are zero: a product of no depth stores that.
    let depth = select(0u, params.part, at.group.z < params.x.degree);
    tiled_product(at.group.z, at, params.inputs, depth, rows(params.x, 1u) * positions());
}

// Order 0 of rays along unit vectors: x has its block 0 only.
@compute @workgroup_size(TILE_X)
fn linear_of_unit_rays(at: Invocation) {
    tiled_product(0u, at, params.part, params.inputs, params.x.samples);
}
