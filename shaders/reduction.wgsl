// Softmax, log-softmax and layer normalisation over the last axis, as series. Twin of src/kernel/reduction/cpu.rs.
// Needs functions.wgsl. Knows the degrees ORDER of the result and X_ORDER of the input, so that loops over them can be
// unrolled.
//
// An invocation computes a group of `axis` neighbouring units of one lane. It has no room for all their
// series, so that it goes through the group once for the sums and again for the results.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    axis: u32,
    root_epsilon: f32,
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

// The series of the unit that is largest at the primal point. Relative to it nothing overflows, and where
// softmax is saturated nothing cancels.
fn largest(g: Group) -> Coefficients {
    var largest = 0u;
    for (var unit = 1u; unit < params.axis; unit++) {
        if coefficient(g, 0u, unit) > coefficient(g, 0u, largest) {
            largest = unit;
        }
    }
    return load(g, largest);
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

// y_k = (e_k - Σ_{j≥1} s_j y_{k-j}) / s_0.
@compute @workgroup_size(WORKGROUP)
fn softmax(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
    let reference = largest(g);
    let sums = sum_of_exponentials(g, reference);
    for (var unit = 0u; unit < params.axis; unit++) {
        var quotient = exponential(relative(g, unit, reference));
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            var sum = quotient[k];
            // unroll
            for (var j = 1u; j <= k; j++) {
                sum -= sums[j] * quotient[k - j];
            }
            quotient[k] = sum / sums[0];
            put(g, k, unit, quotient[k]);
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

// c · (mean c² + ε)^(-1/2), c = x - mean x, both scaled as the CPU's; with v = mean c² + ε and p = -1/2,
// the power is k v_0 y_k = Σ_{j≥1} (j p - (k-j)) v_j y_{k-j}.
@compute @workgroup_size(WORKGROUP)
fn layer_norm(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let g = group_of(invocation(id, groups));
    if !g.exists {
        return;
    }
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
    for (var unit = 0u; unit < params.axis; unit++) {
        let y = product(scale, centred(g, unit, inverse, means));
        // unroll
        for (var k = 0u; k <= ORDER; k++) {
            put(g, k, unit, y[k]);
        }
    }
}
