// Softmax, log-softmax and layer normalisation over the last axis, as series, and their adjoints. Twin of src/kernel/reduction/cpu.rs.
// Needs functions.wgsl. Knows the degrees ORDER of the result and X_ORDER of the input, so that loops over them can be
// unrolled. An adjoint knows those of the reduction, and the GIVEN blocks of the adjoint of its result, the second input, whose block k is the
// coefficient of t^(k-1).
//
// An invocation computes a group of `axis` neighbouring units of one lane. It has no room for all their
// series, so that it goes through the group once for the sums and again for the results.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    axis: u32,
    root_epsilon: f32,
    accumulate: u32,
}

alias Coefficients = array<f32, MAX_ORDER + 1u>;

struct Group {
    sample: u32,
    lane: u32,
    // First unit.
    start: u32,
    // The order-0 row is shared by the lanes: the first one writes it.
    first: u32,
    exists: bool,
}

fn group_of(i: u32) -> Group {
    let l = params.out;
    let groups = l.units / params.axis;
    // Without higher orders there need not be lanes.
    let lanes = select(l.lanes, 1u, l.degree == 0u);
    let exists = i < l.samples * lanes * groups;
    let lane = i / groups % max(lanes, 1u);
    let sample = i / groups / max(lanes, 1u);
    return Group(sample, lane, i % groups * params.axis, select(1u, 0u, lane == 0u), exists);
}

fn coefficient(g: Group, order: u32, unit: u32) -> f32 {
    return x[row(params.x, order, g.sample, g.lane) + g.start + unit];
}

fn load(g: Group, unit: u32) -> Coefficients {
    var series: Coefficients;
    // unroll
    for (var k = 0u; k <= X_ORDER; k++) {
        series[k] = coefficient(g, k, unit);
    }
    return series;
}

fn put(g: Group, order: u32, unit: u32, value: f32) {
    if order >= g.first {
        out[row(params.out, order, g.sample, g.lane) + g.start + unit] = value;
    }
}

// The unit that is largest at the primal point. Relative to it nothing overflows, and where softmax is saturated
// nothing cancels.
fn largest_unit(g: Group) -> u32 {
    var largest = 0u;
    for (var unit = 1u; unit < params.axis; unit++) {
        if coefficient(g, 0u, unit) > coefficient(g, 0u, largest) {
            largest = unit;
        }
    }
    return largest;
}

fn largest(g: Group) -> Coefficients {
    return load(g, largest_unit(g));
}

// A unit's series less another one.
fn relative(g: Group, unit: u32, reference: Coefficients) -> Coefficients {
    var c = load(g, unit);
    // unroll
    for (var k = 0u; k <= X_ORDER; k++) {
        c[k] -= reference[k];
    }
    return c;
}

// e = exp(u): k e_k = Σ j u_j e_{k-j}.
fn exponential(u: Coefficients) -> Coefficients {
    var e: Coefficients;
    e[0] = select(hope_exp(u[0]), u[0], hope_is_nan(u[0]));
    // unroll
    for (var k = 1u; k <= ORDER; k++) {
        var sum = 0.0;
        // unroll
        for (var j = 1u; j <= min(k, X_ORDER); j++) {
            sum += f32(j) * u[j] * e[k - j];
        }
        e[k] = sum * (1.0 / f32(k));
    }
    return e;
}

// Sum of the exponentials of a group.
fn sum_of_exponentials(g: Group, reference: Coefficients) -> Coefficients {
    var sums: Coefficients;
    for (var unit = 0u; unit < params.axis; unit++) {
        let e = exponential(relative(g, unit, reference));
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            sums[k] += e[k];
        }
    }
    return sums;
}

// A unit's softmax: y_k = (e_k - Σ_{j≥1} s_j y_{k-j}) / s_0.
fn softmax_of(g: Group, unit: u32, reference: Coefficients, sums: Coefficients) -> Coefficients {
    var quotient = exponential(relative(g, unit, reference));
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        var sum = quotient[k];
        // unroll
        for (var j = 1u; j <= k; j++) {
            sum -= sums[j] * quotient[k - j];
        }
        quotient[k] = sum / sums[0];
    }
    return quotient;
}

@compute @workgroup_size(WORKGROUP)
fn softmax(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let reference = largest(g);
    let sums = sum_of_exponentials(g, reference);
    for (var unit = 0u; unit < params.axis; unit++) {
        let y = softmax_of(g, unit, reference, sums);
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            put(g, k, unit, y[k]);
        }
    }
}

// y = (x - reference) - log s, with log s by y_k = (s_k - Σ_{0<j<k} (j/k) y_j s_{k-j}) / s_0.
@compute @workgroup_size(WORKGROUP)
fn log_softmax(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let reference = largest(g);
    let sums = sum_of_exponentials(g, reference);
    var logs: Coefficients;
    logs[0] = hope_log(sums[0]);
    // unroll
    for (var k = 1u; k <= ORDER; k++) {
        var sum = sums[k];
        // unroll
        for (var j = 1u; j < k; j++) {
            sum -= f32(j) / f32(k) * logs[j] * sums[k - j];
        }
        logs[k] = sum / sums[0];
    }
    for (var unit = 0u; unit < params.axis; unit++) {
        let u = relative(g, unit, reference);
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            put(g, k, unit, u[k] - logs[k]);
        }
    }
}

// Product of two series.
fn product(a: Coefficients, b: Coefficients) -> Coefficients {
    var y: Coefficients;
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        // unroll
        for (var j = 0u; j <= k; j++) {
            y[k] += a[j] * b[k - j];
        }
    }
    return y;
}

// What takes a number's size to 1 to 2, if that is possible: a power of two, and so is its inverse.
fn inverse_binade(size: f32) -> f32 {
    return bitcast<f32>((254u - clamp(bitcast<u32>(size) >> 23u, 2u, 252u)) << 23u);
}

// A unit's series, scaled, less the mean.
fn centred(g: Group, unit: u32, scale: f32, means: Coefficients) -> Coefficients {
    var c = load(g, unit);
    // unroll
    for (var k = 0u; k <= X_ORDER; k++) {
        c[k] = c[k] * scale - means[k];
    }
    return c;
}

// What makes the normalised values of a group: c · (mean c² + ε)^(-1/2), c = x - mean x, both scaled as the CPU's.
struct Norm {
    inverse: f32,
    means: Coefficients,
    scale: Coefficients,
}

// With v = mean c² + ε and p = -1/2 the power is k v_0 y_k = Σ_{j≥1} (j p - (k-j)) v_j y_{k-j}.
fn norm_of(g: Group) -> Norm {
    let size = f32(params.axis);
    var largest = params.root_epsilon;
    for (var unit = 0u; unit < params.axis; unit++) {
        largest = max(largest, abs(coefficient(g, 0u, unit)));
    }
    let inverse = inverse_binade(largest);
    var means: Coefficients;
    // unroll
    for (var k = 0u; k <= X_ORDER; k++) {
        for (var unit = 0u; unit < params.axis; unit++) {
            means[k] += coefficient(g, k, unit) * inverse;
        }
        means[k] /= size;
    }
    var variance: Coefficients;
    for (var unit = 0u; unit < params.axis; unit++) {
        let c = centred(g, unit, inverse, means);
        let square = product(c, c);
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            variance[k] += square[k];
        }
    }
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        variance[k] /= size;
    }
    let root = params.root_epsilon * inverse;
    variance[0] += root * root;
    var scale: Coefficients;
    scale[0] = 1.0 / hope_sqrt(variance[0]);
    // unroll
    for (var k = 1u; k <= ORDER; k++) {
        var sum = 0.0;
        // unroll
        for (var j = 1u; j <= k; j++) {
            sum += (-0.5 * f32(j) - f32(k - j)) / f32(k) * variance[j] * scale[k - j];
        }
        scale[k] = sum / variance[0];
    }
    return Norm(inverse, means, scale);
}

fn normalized(g: Group, unit: u32, norm: Norm) -> Coefficients {
    return product(norm.scale, centred(g, unit, norm.inverse, norm.means));
}

@compute @workgroup_size(WORKGROUP)
fn layer_norm(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let norm = norm_of(g);
    for (var unit = 0u; unit < params.axis; unit++) {
        let y = normalized(g, unit, norm);
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            put(g, k, unit, y[k]);
        }
    }
}

// A unit of the adjoint given, from the coefficient of t^0 on.
fn adjoint(g: Group, unit: u32) -> Coefficients {
    var z: Coefficients;
    // unroll
    for (var k = 1u; k <= GIVEN; k++) {
        z[k - 1u] = y[row(params.y, k, g.sample, g.lane) + g.start + unit];
    }
    return z;
}

fn pass_on(g: Group, unit: u32, series: Coefficients) {
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        let i = row(params.out, k + 1u, g.sample, g.lane) + g.start + unit;
        if params.accumulate != 0u {
            out[i] += series[k];
        } else {
            out[i] = series[k];
        }
    }
}

fn plus(a: Coefficients, b: Coefficients, factor: f32) -> Coefficients {
    var sum = a;
    // unroll
    for (var k = 0u; k <= ORDER; k++) {
        sum[k] += factor * b[k];
    }
    return sum;
}

// x̄_i = y_i (d_i - Σ y_j d_j), d = z̄ - z̄_w.
@compute @workgroup_size(WORKGROUP)
fn softmax_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let reference = largest(g);
    let sums = sum_of_exponentials(g, reference);
    let z_largest = adjoint(g, largest_unit(g));
    var inner: Coefficients;
    for (var unit = 0u; unit < params.axis; unit++) {
        let d = plus(adjoint(g, unit), z_largest, -1.0);
        inner = plus(inner, product(softmax_of(g, unit, reference, sums), d), 1.0);
    }
    for (var unit = 0u; unit < params.axis; unit++) {
        let d = plus(adjoint(g, unit), z_largest, -1.0);
        pass_on(g, unit, product(softmax_of(g, unit, reference, sums), plus(d, inner, -1.0)));
    }
}

// x̄_i = z̄_i - y_i Σ z̄_j; x̄_w = z̄_w Σ_{j≠w} y_j - y_w Σ_{j≠w} z̄_j.
@compute @workgroup_size(WORKGROUP)
fn log_softmax_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let largest = largest_unit(g);
    let reference = load(g, largest);
    let sums = sum_of_exponentials(g, reference);
    let z_largest = adjoint(g, largest);
    var others_z: Coefficients;
    var others_y: Coefficients;
    for (var unit = 0u; unit < params.axis; unit++) {
        if unit != largest {
            others_z = plus(others_z, adjoint(g, unit), 1.0);
            others_y = plus(others_y, softmax_of(g, unit, reference, sums), 1.0);
        }
    }
    let all_z = plus(others_z, z_largest, 1.0);
    for (var unit = 0u; unit < params.axis; unit++) {
        let y = softmax_of(g, unit, reference, sums);
        if unit == largest {
            pass_on(g, unit, plus(product(z_largest, others_y), product(y, others_z), -1.0));
        } else {
            pass_on(g, unit, plus(adjoint(g, unit), product(y, all_z), -1.0));
        }
    }
}

// x̄_i = (mean c² + ε)^(-1/2) (z̄_i - mean z̄ - y_i mean(z̄ y)).
@compute @workgroup_size(WORKGROUP)
fn layer_norm_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let norm = norm_of(g);
    let share = 1.0 / f32(params.axis);
    var mean: Coefficients;
    var inner: Coefficients;
    for (var unit = 0u; unit < params.axis; unit++) {
        let z = adjoint(g, unit);
        mean = plus(mean, z, share);
        inner = plus(inner, product(normalized(g, unit, norm), z), share);
    }
    for (var unit = 0u; unit < params.axis; unit++) {
        let across = plus(plus(adjoint(g, unit), mean, -1.0), product(normalized(g, unit, norm), inner), -1.0);
        var result = product(norm.scale, across);
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            result[k] *= norm.inverse;
        }
        pass_on(g, unit, result);
    }
}
