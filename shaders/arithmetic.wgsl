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
    // Whether the adjoint takes the k-th power of the scale at order k, as in the published rule.
    powers: u32,
    // A factor of adjoints: 1 or -1.
    sign: f32,
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

// x̄[k] = scale z̄[k], or scale^k z̄[k]; or added to x̄.
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
        for (var k = 0u; k < select(1u, order, params.powers == 1u); k++) {
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

// An order of a series for `limits`: zero above its end, if it ends below ORDER; else nothing is known of the orders above.
fn numerator(p: Place, k: u32) -> f32 {
    if k <= X_ORDER {
        return x[row(params.x, k, p.sample, p.lane) + p.unit];
    }
    return select(hope_nan(0.0), 0.0, X_ORDER < ORDER);
}

fn denominator(p: Place, k: u32) -> f32 {
    if k <= Y_ORDER {
        return y[row(params.y, k, p.sample, p.lane) + p.unit];
    }
    return select(hope_nan(0.0), 0.0, Y_ORDER < ORDER);
}

// First order of the denominator that is not 0.
fn leading(p: Place) -> u32 {
    var m = 0u;
    while m <= Y_ORDER {
        if denominator(p, m) != 0.0 {
            break;
        }
        m++;
    }
    return m;
}

// What a quotient tends to along a ray: infinite at a pole, NaN if that isn't known.
fn limit(p: Place, m: u32) -> f32 {
    if m > Y_ORDER {
        return hope_nan(0.0);
    }
    for (var k = 0u; k < min(m, X_ORDER + 1u); k++) {
        if numerator(p, k) != 0.0 {
            return hope_infinity(0.0);
        }
    }
    return numerator(p, m) / denominator(p, m);
}

// The quotient where the denominator is 0: that of the series without their common zeros, as src/series/limit.rs has it. Its value is
// that along the first ray; a ray with another one has no series. Runs after `divide`; few units need it, so nothing is unrolled.
@compute @workgroup_size(WORKGROUP)
fn limits(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= series_count() {
        return;
    }
    let p = place(i);
    let below = denominator(p, 0u);
    let at = row(params.out, 0u, p.sample, p.lane) + p.unit;
    if below != 0.0 || hope_is_nan(below) {
        if p.first == 0u && hope_is_nan(hope_sound(below)) {
            out[at] = hope_nan(below);
        }
        return;
    }
    if ORDER == 0u {
        out[at] = hope_nan(below);
        return;
    }
    let m = leading(p);
    let value = limit(p, m);
    var first = p;
    first.lane = 0u;
    let agreed = limit(first, leading(first));
    if p.first == 0u {
        out[at] = agreed;
    }
    // Whatever isn't finite differs from itself.
    let known = !hope_not_finite(value) && !hope_not_finite(agreed) && abs(value - agreed) <= 3e-4 * abs(agreed);
    let lead = denominator(p, min(m, Y_ORDER));
    for (var k = 1u; k <= ORDER; k++) {
        var sum = hope_nan(below);
        if known {
            sum = numerator(p, m + k) - denominator(p, m + k) * value;
            for (var j = 1u; j < k; j++) {
                sum -= denominator(p, m + j) * out[row(params.out, k - j, p.sample, p.lane) + p.unit];
            }
            sum /= lead;
        }
        out[row(params.out, k, p.sample, p.lane) + p.unit] = sum;
    }
}

// What `multiply_adjoint` and `divide_adjoint` read of the adjoint, the second input, whose block k is the coefficient of t^(k-1).
fn load_adjoint(p: Place) -> Coefficients {
    var series: Coefficients;
    // unroll
    for (var k = 1u; k <= Y_ORDER; k++) {
        series[k] = y[row(params.y, k, p.sample, p.lane) + p.unit];
    }
    return series;
}

// Where the other factor is no number and the adjoint is zero, nothing passes.
fn nothing_passes(other: f32, z: Coefficients) -> bool {
    var nothing = hope_is_nan(other);
    // unroll
    for (var k = 1u; k <= Y_ORDER; k++) {
        nothing = nothing && z[k] == 0.0;
    }
    return nothing;
}

fn pass_on(p: Place, block: u32, value: f32, nothing: bool) {
    let i = row(params.out, block, p.sample, p.lane) + p.unit;
    put(i, select(params.sign * value, 0.0, nothing));
}

// x̄ = ± b z̄, or added to x̄.
@compute @workgroup_size(WORKGROUP)
fn multiply_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= series_count() {
        return;
    }
    let p = place(i);
    let b = load_x(p);
    let z = load_adjoint(p);
    let nothing = nothing_passes(b[0], z);
    // unroll
    for (var k = 1u; k <= ORDER; k++) {
        var sum = 0.0;
        // unroll
        for (var j = max(k, Y_ORDER) - Y_ORDER; j <= min(k - 1u, X_ORDER); j++) {
            sum += b[j] * z[k - j];
        }
        pass_on(p, k, sum, nothing);
    }
}

// x̄ = z̄ / b, or added to x̄.
@compute @workgroup_size(WORKGROUP)
fn divide_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= series_count() {
        return;
    }
    let p = place(i);
    let b = load_x(p);
    let z = load_adjoint(p);
    let nothing = nothing_passes(b[0], z);
    var quotient: Coefficients;
    // unroll
    for (var k = 1u; k <= ORDER; k++) {
        var sum = z[k];
        // unroll
        for (var j = 1u; j <= min(k - 1u, X_ORDER); j++) {
            sum -= b[j] * quotient[k - j];
        }
        quotient[k] = sum / b[0];
        pass_on(p, k, quotient[k], nothing);
    }
}
