// Elementwise functions of series in several variables: Σ_{1≤j≤TERMS} a_j u^j by Horner's scheme, in place in the output, from the highest
// monomial down. Twin of src/kernel/multivariate/cpu.rs. The function comes from activations/NAME.wgsl.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    parameters: vec4<f32>,
    kink_values: vec4<f32>,
    ends: array<vec4<u32>, 5>,
    monomials: u32,
    variables: u32,
}

// Notes the kinks that the unit meets. On one, takes the function's series on the side of the first coefficient that isn't zero.
fn meet_kinks(p: Place, primal: f32) {
    var on_kink = false;
    // The length of the gradient.
    var squares = Squares(0.0, 0.0);
    for (var i = 1u; i <= min(params.variables, params.x.degree); i++) {
        squares = add_square(squares, at_x(p, i));
    }
    let slope = hypot_of(squares);
    // unroll
    for (var kink = 0u; kink < KINKS; kink++) {
        if primal == params.kink_values[kink] {
            on_kink = true;
        } else if slope != 0.0 {
            note_kink(p.sample, p.lane, params.out.lanes, (params.kink_values[kink] - primal) / slope);
        }
    }
    if !on_kink {
        return;
    }
    for (var i = 1u; i <= params.x.degree; i++) {
        let c = at_x(p, i);
        if c != 0.0 {
            note_beginning(p.sample, p.lane, params.out.lanes);
            let odd = degree_of(i) % 2u == 1u;
            above = (c > 0.0) != (odd && looks_behind(params.out.samples, params.out.lanes));
            taylor(primal, params.parameters);
            return;
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn compose_mixed(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = x[row(params.x, 0u, p.sample, 0u) + p.unit];
    taylor(primal, params.parameters);
    if p.lane == 0u {
        // There is no series about infinity, though a function may have a limit there.
        out[at_out(p, 0u)] = select(a[0], hope_nan(primal), hope_not_finite(primal));
    }
    if params.out.degree == 0u {
        return;
    }
    if KINKS > 0u {
        meet_kinks(p, primal);
    }
    let order = degree_of(params.out.degree);
    for (var j = TERMS; j >= 1u; j--) {
        // out := (out + a_j) x, to degree order + 1 - j.
        for (var alpha = last_of(order + 1u - j); alpha >= 1u; alpha--) {
            var sum = 0.0;
            if alpha <= params.x.degree {
                sum = a[j] * at_x(p, alpha);
            }
            if j < TERMS {
                let end = products_begin(alpha + 1u);
                for (var product = products_begin(alpha); product < end; product++) {
                    let factors = pair(product);
                    if factors.low > params.x.degree {
                        break;
                    }
                    sum += at_x(p, factors.low) * out[at_out(p, factors.high)];
                    if factors.low != factors.high && factors.high <= params.x.degree {
                        sum += at_x(p, factors.high) * out[at_out(p, factors.low)];
                    }
                }
            }
            out[at_out(p, alpha)] = sum;
        }
    }
}
