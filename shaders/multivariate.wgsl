// Products and quotients of series in several variables, and what softmax begins with. Twin of src/kernel/multivariate/cpu.rs.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    monomials: u32,
    axis: u32,
}

// y_α = Σ a_β b_γ.
@compute @workgroup_size(WORKGROUP)
fn multiply_mixed(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let a = at_x(p, 0u);
    let b = at_y(p, 0u);
    if p.lane == 0u {
        out[at_out(p, 0u)] = a * b;
    }
    let of_x = params.x.degree;
    let of_y = params.y.degree;
    for (var alpha = 1u; alpha <= params.out.degree; alpha++) {
        var sum = 0.0;
        if alpha <= of_y {
            sum += a * at_y(p, alpha);
        }
        if alpha <= of_x {
            sum += at_x(p, alpha) * b;
        }
        let end = products_begin(alpha + 1u);
        for (var product = products_begin(alpha); product < end; product++) {
            let factors = pair(product);
            if factors.low <= of_x && factors.high <= of_y {
                sum += at_x(p, factors.low) * at_y(p, factors.high);
            }
            if factors.low != factors.high && factors.high <= of_x && factors.low <= of_y {
                sum += at_x(p, factors.high) * at_y(p, factors.low);
            }
        }
        out[at_out(p, alpha)] = sum;
    }
}

// y_α = (a_α - Σ_{β≠0} b_β y_γ) / b_0, as long as b_0 is a sound number.
@compute @workgroup_size(WORKGROUP)
fn divide_mixed(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let b = hope_sound(at_y(p, 0u));
    let quotient = at_x(p, 0u) / b;
    if p.lane == 0u {
        out[at_out(p, 0u)] = quotient;
    }
    let of_y = params.y.degree;
    for (var alpha = 1u; alpha <= params.out.degree; alpha++) {
        var sum = 0.0;
        if alpha <= params.x.degree {
            sum += at_x(p, alpha);
        }
        if alpha <= of_y {
            sum -= at_y(p, alpha) * quotient;
        }
        let end = products_begin(alpha + 1u);
        for (var product = products_begin(alpha); product < end; product++) {
            let factors = pair(product);
            if factors.low > of_y {
                break;
            }
            sum -= at_y(p, factors.low) * out[at_out(p, factors.high)];
            if factors.low != factors.high && factors.high <= of_y {
                sum -= at_y(p, factors.high) * out[at_out(p, factors.low)];
            }
        }
        out[at_out(p, alpha)] = sum / b;
    }
}

// Every unit less the unit of its group that is the largest at the point: an invocation per group of a row.
@compute @workgroup_size(WORKGROUP)
fn relative(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let l = params.out;
    let each = l.units / params.axis;
    if i >= total_rows(l) * each {
        return;
    }
    let of_row = i / each;
    let start = i % each * params.axis;
    var sample = of_row;
    if of_row >= l.samples {
        sample = (of_row - l.samples) / l.lanes % l.samples;
    }
    let primal = row(params.x, 0u, sample, 0u) + start;
    var largest = 0u;
    for (var unit = 1u; unit < params.axis; unit++) {
        let value = x[primal + unit];
        let best = x[primal + largest];
        if value > best || (hope_is_nan(value) && !hope_is_nan(best)) {
            largest = unit;
        }
    }
    let at = of_row * l.units + start;
    let reference = x[at + largest];
    for (var unit = 0u; unit < params.axis; unit++) {
        out[at + unit] = x[at + unit] - reference;
    }
}
