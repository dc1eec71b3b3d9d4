// Sums, scaling by constants, products and quotients of series. Twin of src/kernel/arithmetic/cpu.rs.
// Products and quotients know the degrees ORDER of the result, X_ORDER and Y_ORDER of the inputs, so that loops over them can be
// unrolled.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    accumulate: u32,
    // Unit u has constant (u / inner) % count; a count of 0: there is none.
    scale_inner: u32,
    scale_count: u32,
    shift_inner: u32,
    shift_count: u32,
}

alias Coefficients = array<f32, MAX_ORDER + 1u>;

fn scale(unit: u32) -> f32 {
    if params.scale_count == 0u {
        return 1.0;
    }
    return weights[(unit / params.scale_inner) % params.scale_count];
}

fn shift(unit: u32) -> f32 {
    if params.shift_count == 0u {
        return 0.0;
    }
    return bias[(unit / params.shift_inner) % params.shift_count];
}

// Lower orders come first, so that a lower series is a prefix of a higher one: element i is the same in both.
// The orders above are zeroed, or left alone when adding.
fn elements() -> u32 {
    if params.accumulate != 0u {
        return total_rows(params.x) * params.x.units;
    }
    return total_rows(params.out) * params.out.units;
}

fn put(i: u32, value: f32) {
    if params.accumulate != 0u {
        out[i] += value;
    } else {
        out[i] = value;
    }
}

// y = scale x + shift, the shift on order 0 only.
@compute @workgroup_size(WORKGROUP)
fn affine(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= total_rows(params.out) * params.out.units {
        return;
    }
    let unit = i % params.out.units;
    var value = x[i] * scale(unit);
    if i < block(params.out, 1u) {
        value += shift(unit);
    }
    out[i] = value;
}

// x̄[k] = scale^k z̄[k], or added to x̄.
@compute @workgroup_size(WORKGROUP)
fn affine_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= elements() {
        return;
    }
    let row = i / params.out.units;
    let order = row / (params.out.samples * params.out.lanes) + 1u;
    var value = 0.0;
    if order <= params.x.degree {
        value = x[i];
        let factor = scale(i % params.out.units);
        // Factor by factor, as the power alone may underflow.
        for (var k = 0u; k < order; k++) {
            value *= factor;
        }
    }
    put(i, value);
}

// y = x, or y += x.
@compute @workgroup_size(WORKGROUP)
fn copy(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= elements() {
        return;
    }
    var value = 0.0;
    if i < total_rows(params.x) * params.x.units {
        value = x[i];
    }
    put(i, value);
}

// Which series an invocation of `multiply` or `divide` computes: one unit of one lane.
struct Place {
    sample: u32,
    lane: u32,
    unit: u32,
    // The order-0 row is shared by the lanes: the first one writes it.
    first: u32,
}

fn place(i: u32) -> Place {
    let l = params.out;
    let series = i / l.units;
    // Without higher orders there need not be lanes.
    let lanes = select(l.lanes, 1u, l.degree == 0u);
    let lane = series % lanes;
    return Place(series / lanes, lane, i % l.units, select(1u, 0u, lane == 0u));
}

fn series_count() -> u32 {
    let l = params.out;
    return select(l.samples * l.lanes, l.samples, l.degree == 0u) * l.units;
}

fn load_x(p: Place) -> Coefficients {
    var series: Coefficients;
    // unroll
    for (var k = 0u; k <= X_ORDER; k++) {
        series[k] = x[row(params.x, k, p.sample, p.lane) + p.unit];
    }
    return series;
}

fn load_y(p: Place) -> Coefficients {
    var series: Coefficients;
    // unroll
    for (var k = 0u; k <= Y_ORDER; k++) {
        series[k] = y[row(params.y, k, p.sample, p.lane) + p.unit];
    }
    return series;
}

// y_k = Σ a_i b_{k-i}.
@compute @workgroup_size(WORKGROUP)
fn multiply(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= series_count() {
        return;
    }
    let p = place(i);
    let a = load_x(p);
    let b = load_y(p);
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        var sum = 0.0;
        // unroll
        for (var j = k - min(k, Y_ORDER); j <= min(k, X_ORDER); j++) {
            sum += a[j] * b[k - j];
        }
        if k >= p.first {
            out[row(params.out, k, p.sample, p.lane) + p.unit] = sum;
        }
    }
}

// y_k = (a_k - Σ_{j≥1} b_j y_{k-j}) / b_0.
@compute @workgroup_size(WORKGROUP)
fn divide(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= series_count() {
        return;
    }
    let p = place(i);
    let a = load_x(p);
    let b = load_y(p);
    var quotient: Coefficients;
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        var sum = a[k];
        // unroll
        for (var j = 1u; j <= min(k, Y_ORDER); j++) {
            sum -= b[j] * quotient[k - j];
        }
        quotient[k] = sum / b[0];
        if k >= p.first {
            out[row(params.out, k, p.sample, p.lane) + p.unit] = quotient[k];
        }
    }
}
