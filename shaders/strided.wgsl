// Strided copies: permuting, slicing, padding, joining, broadcasting, and sums over axes.
// Twin of src/kernel/strided/cpu.rs.
//
// All rows are copied alike. An invocation writes one unit of a row: the index ranges that move through the
// output number the invocations, those that stand still there are summed.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    // Size, stride in the input, stride in the output: first the ranges that move through the output.
    dims: array<vec4<i32>, 8>,
    moving: u32,
    rank: u32,
    // Index tuples of the moving ranges, and of the summed ones.
    count: u32,
    terms: u32,
    input_offset: i32,
    output_offset: i32,
    scale: f32,
    fill: f32, // of order 0
    accumulate: u32,
    // Whether the adjoint takes the k-th power of the scale at order k, as in the published rule.
    powers: u32,
}

// Where the `number`-th index tuple of some ranges leads in the input and in the output; the last one runs fastest.
fn offsets(number: u32, begin: u32, end: u32) -> vec2<i32> {
    var rest = i32(number);
    var offset = vec2<i32>(0);
    for (var d = end; d > begin; d--) {
        let dim = params.dims[d - 1u];
        offset += rest % dim.x * dim.yz;
        rest /= dim.x;
    }
    return offset;
}

// Sum of the units of a row of x that go to one unit, of which `first` is the first.
fn collect(row: u32, first: i32) -> f32 {
    let start = i32(row * params.x.units) + params.input_offset + first;
    var sum = 0.0;
    for (var term = 0u; term < params.terms; term++) {
        sum += x[start + offsets(term, params.moving, params.rank).x];
    }
    return sum;
}

fn put(row: u32, to: i32, value: f32) {
    let i = i32(row * params.out.units) + params.output_offset + to;
    if params.accumulate != 0u {
        out[i] += value;
    } else {
        out[i] = value;
    }
}

// The whole output, where copies leave gaps or a lower series ends.
@compute @workgroup_size(WORKGROUP)
fn fill(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= total_rows(params.out) * params.out.units {
        return;
    }
    out[i] = select(0.0, params.fill, i < block(params.out, 1u));
}

@compute @workgroup_size(WORKGROUP)
fn strided(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= total_rows(params.x) * params.count {
        return;
    }
    let row = i / params.count;
    let at = offsets(i % params.count, 0u, params.moving);
    put(row, at.y, params.scale * collect(row, at.x));
}

// x̄[k] = scale copyᵀ(z̄[k]), or with scale^k; or added to x̄; the ranges come with input and output exchanged.
@compute @workgroup_size(WORKGROUP)
fn strided_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= total_rows(params.x) * params.count {
        return;
    }
    let row = i / params.count;
    let at = offsets(i % params.count, 0u, params.moving);
    let order = row / (params.x.samples * params.x.lanes) + 1u;
    var value = collect(row, at.x);
    // Factor by factor, as the power alone may underflow.
    for (var k = 0u; k < select(1u, order, params.powers == 1u); k++) {
        value *= params.scale;
    }
    put(row, at.y, value);
}
