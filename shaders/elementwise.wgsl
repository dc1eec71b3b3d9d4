// Elementwise functions: composition of series and its adjoint (exact), Bell-polynomial matrices (published rule).
// Twin of src/kernel/elementwise/cpu.rs, where the formulas are. The function itself comes from
// activations/NAME.wgsl: `taylor(x, p)` fills a[0..=TERMS].
//
// All are a substitution, Σ_{1≤j≤OUTER} outer_j inner^j to order ORDER:
// - `compose` puts the series along a ray, of degree INNER, into the function's;
// - `bell` puts the function's series into the adjoint's, whose degree is OUTER: B[k,s] is the coefficient of t^k in
//   (a_1 t + a_2 t² + …)^s, so that Σ_s B[k,s] z_s is that of Σ_s z_s (a_1 t + a_2 t² + …)^s.
// - `compose_adjoint` puts the series along a ray into that of σ', and multiplies it with the adjoint, which has GIVEN blocks.
// The five degrees, the number of KINKS and whether to ACCUMULATE are constants that src/kernel/elementwise/gpu.rs gives.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    parameters: vec4<f32>,
    kink_values: vec4<f32>,
    // Lanes that an invocation computes one after the other, as they share the function's series.
    lanes_each: u32,
    // The exponent of a power that is not whole.
    root: f32,
}

var<private> outer: array<f32, COEFFICIENTS>;
var<private> inner: array<f32, COEFFICIENTS>;
var<private> result: array<f32, COEFFICIENTS>;

// result_k for k = 1..ORDER, by Horner's scheme on truncated series.
fn substitute() {
    // unroll
    for (var j = OUTER; j >= 1u; j--) {
        // result := (result + outer_j) inner, in place from the highest order down. Before, its degree is (OUTER - j) INNER;
        // j - 1 stages follow, each of which raises all orders by 1 at least.
        result[0] = outer[j];
        // unroll
        for (var k = ORDER + 1u - j; k >= 1u; k--) {
            var sum = 0.0;
            // unroll
            for (var i = max(k, (OUTER - j) * INNER + 1u) - (OUTER - j) * INNER; i <= min(k, INNER); i++) {
                sum += inner[i] * result[k - i];
            }
            result[k] = sum;
        }
    }
}

// What an invocation computes: some lanes of a unit.
struct Place {
    sample: u32,
    unit: u32,
    first_lane: u32,
    end_lane: u32,
    exists: bool,
}

fn place(i: u32) -> Place {
    let l = params.out;
    // Without higher orders there may be no lanes; an adjoint has no block 0.
    let lanes = select(l.lanes, 1u, ORDER == 0u && l.primal == 1u);
    let groups = (lanes + params.lanes_each - 1u) / params.lanes_each;
    let series = i / l.units;
    let sample = series / groups;
    let first = (series - sample * groups) * params.lanes_each;
    return Place(sample, i - series * l.units, first, min(first + params.lanes_each, lanes), sample < l.samples);
}

// Distance from an order's coefficient to the next one's.
fn stride(l: Layout) -> u32 {
    return l.samples * l.lanes * l.units;
}

// Whether a unit lies on a kink.
fn lies_on_kink(primal: f32) -> bool {
    var on_kink = false;
    // unroll
    for (var kink = 0u; kink < KINKS; kink++) {
        on_kink = on_kink || primal == params.kink_values[kink];
    }
    return on_kink;
}

// Of the ray of `inner` the first coefficient that isn't zero, orders from 1, with its sign as t moves to the lane's side; 0 if there is none.
fn first_step(lanes: u32) -> f32 {
    var first = 0.0;
    let behind = looks_behind(params.out.samples, lanes);
    // unroll
    for (var k = INNER; k >= 1u; k--) {
        if inner[k] != 0.0 {
            first = select(inner[k], -inner[k], behind && k % 2u == 1u);
        }
    }
    return first;
}

// Notes the kinks that the ray of `inner` meets. On one, takes the function's series on the side of the first coefficient that isn't zero.
fn meet_kinks(sample: u32, lane: u32, primal: f32) {
    let lanes = params.out.lanes;
    // unroll
    for (var kink = 0u; kink < KINKS; kink++) {
        let gap = params.kink_values[kink] - primal;
        if INNER > 0u {
            if primal != params.kink_values[kink] && inner[1] != 0.0 {
                note_kink(sample, lane, lanes, gap / inner[1]);
            }
        }
    }
    if !lies_on_kink(primal) {
        return;
    }
    let first = first_step(lanes);
    if first != 0.0 {
        note_beginning(sample, lane, lanes);
    }
    above = first > 0.0;
    taylor(primal, params.parameters);
    // unroll
    for (var j = 1u; j <= OUTER; j++) {
        outer[j] = a[j];
    }
}

// y = Σ a_j u^j.
@compute @workgroup_size(WORKGROUP)
fn compose(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = x[row(params.x, 0u, p.sample, 0u) + p.unit];
    taylor(primal, params.parameters);
    if p.first_lane == 0u {
        // What is not a number is passed on: a branch chosen by comparing would hide it.
        out[row(params.out, 0u, p.sample, 0u) + p.unit] = select(a[0], primal, hope_is_nan(primal));
    }
    if ORDER == 0u {
        return;
    }
    // unroll
    for (var j = 1u; j <= OUTER; j++) {
        outer[j] = a[j];
    }
    let given_stride = stride(params.x);
    let result_stride = stride(params.out);
    for (var lane = p.first_lane; lane < p.end_lane; lane++) {
        let given = row(params.x, 1u, p.sample, lane) + p.unit;
        let at = row(params.out, 1u, p.sample, lane) + p.unit;
        // unroll
        for (var k = 1u; k <= INNER; k++) {
            inner[k] = x[given + (k - 1u) * given_stride];
        }
        if KINKS > 0u {
            meet_kinks(p.sample, lane, primal);
        }
        substitute();
        // unroll
        for (var k = 1u; k <= ORDER; k++) {
            out[at + (k - 1u) * result_stride] = result[k];
        }
    }
}

// Notes if an adjoint passes a unit that lies on a kink: its branch there is the function's own choice.
fn meet_beginning(sample: u32, lane: u32, primal: f32) {
    var moves = false;
    // unroll
    for (var s = 1u; s <= OUTER; s++) {
        moves = moves || outer[s] != 0.0;
    }
    if moves && lies_on_kink(primal) {
        note_undecided(sample, lane, params.out.lanes);
    }
}

// A coefficient of a function of -t, if the series is for t < 0.
fn turned(behind: bool, order: u32, c: f32) -> f32 {
    return select(c, -c, behind && order % 2u == 1u);
}

// The series of units at 0 of a function that is x^root there: t^(m root) w^root for u = t^m w, as src/series/limit.rs has it. Runs
// after `compose`. For t < 0 it is that of -t, so that the ray begins there as on a kink. Few units are at 0: nothing here is unrolled, and coefficients
// stay in `x` and `out`.
@compute @workgroup_size(WORKGROUP)
fn roots(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = x[row(params.x, 0u, p.sample, 0u) + p.unit];
    if primal != 0.0 || hope_is_nan(primal) {
        return;
    }
    let behind = looks_behind(params.out.samples, params.out.lanes);
    for (var lane = p.first_lane; lane < p.end_lane; lane++) {
        let given = row(params.x, 1u, p.sample, lane) + p.unit;
        let at = row(params.out, 1u, p.sample, lane) + p.unit;
        let given_stride = stride(params.x);
        let result_stride = stride(params.out);
        // The first order that is not 0.
        var m = 1u;
        while m <= INNER {
            if x[given + (m - 1u) * given_stride] != 0.0 {
                break;
            }
            m++;
        }
        if m <= INNER {
            note_beginning(p.sample, lane, params.out.lanes);
        }
        // Whether the series ends at its degree; else nothing is known of the orders above.
        let whole = INNER < ORDER;
        let start = f32(m) * params.root;
        for (var k = 1u; k <= ORDER; k++) {
            var value = 0.0;
            if m > INNER {
                if !whole && f32(k) >= start {
                    value = hope_nan(primal);
                }
            } else {
                let lead = turned(behind, m, x[given + (m - 1u) * given_stride]);
                if lead < 0.0 || hope_is_nan(lead) {
                    value = hope_nan(primal);
                } else if f32(k) >= start {
                    if floor(start) != start {
                        value = hope_infinity(primal);
                    } else {
                        let j = k - u32(start);
                        if j == 0u {
                            value = hope_pow(lead, params.root);
                        } else if m + j > INNER && !whole {
                            value = hope_nan(primal);
                        } else {
                            for (var i = 1u; i <= min(j, INNER - m); i++) {
                                let factor = (f32(i) * params.root - f32(j - i)) / f32(j);
                                let step = turned(behind, m + i, x[given + (m + i - 1u) * given_stride]);
                                value += factor * step * turned(behind, k - i, out[at + (k - i - 1u) * result_stride]);
                            }
                            value /= lead;
                        }
                    }
                }
            }
            out[at + (k - 1u) * result_stride] = turned(behind, k, value);
        }
    }
}

// x̄[k] = Σ_s B[k,s] z̄[s], or added to x̄; x is the primal, y the adjoint z̄.
@compute @workgroup_size(WORKGROUP)
fn bell(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = x[row(params.x, 0u, p.sample, 0u) + p.unit];
    taylor(primal, params.parameters);
    // unroll
    for (var k = 1u; k <= INNER; k++) {
        inner[k] = a[k];
    }
    let given_stride = stride(params.y);
    let result_stride = stride(params.out);
    for (var lane = p.first_lane; lane < p.end_lane; lane++) {
        let given = row(params.y, 1u, p.sample, lane) + p.unit;
        let at = row(params.out, 1u, p.sample, lane) + p.unit;
        // unroll
        for (var s = 1u; s <= OUTER; s++) {
            outer[s] = y[given + (s - 1u) * given_stride];
        }
        if KINKS > 0u {
            meet_beginning(p.sample, lane, primal);
        }
        substitute();
        // unroll
        for (var k = 1u; k <= ORDER; k++) {
            let to = at + (k - 1u) * result_stride;
            if ACCUMULATE == 1u {
                out[to] += result[k];
            } else {
                out[to] = result[k];
            }
        }
    }
}

// outer := the coefficients of σ', (j + 1) a_{j+1}, of orders from 1.
fn take_slopes() {
    // The other entry points have no use for it, and may know the last coefficient as OUTER.
    // unroll
    for (var j = 1u; j <= min(OUTER, MAX_ORDER - 1u); j++) {
        outer[j] = f32(j + 1u) * a[j + 1u];
    }
}

// On a kink takes the function's series on the side of the ray of `inner`; notes if that stays there while the adjoint z passes.
fn take_branch(sample: u32, lane: u32, primal: f32, z: array<f32, COEFFICIENTS>) {
    if !lies_on_kink(primal) {
        return;
    }
    let first = first_step(params.out.lanes);
    var passes = false;
    // unroll
    for (var k = 1u; k <= GIVEN; k++) {
        passes = passes || z[k] != 0.0;
    }
    if first == 0.0 && passes {
        note_undecided(sample, lane, params.out.lanes);
    }
    above = first > 0.0;
    taylor(primal, params.parameters);
    take_slopes();
}

// x̄ = σ'(x) z̄, or added to x̄; x are the series, y the adjoint z̄, whose block k is the coefficient of t^(k-1). ORDER is that of σ'(x), one less
// than the blocks of x̄.
@compute @workgroup_size(WORKGROUP)
fn compose_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = x[row(params.x, 0u, p.sample, 0u) + p.unit];
    taylor(primal, params.parameters);
    let value = a[0];
    take_slopes();
    let series_stride = stride(params.x);
    let given_stride = stride(params.y);
    let result_stride = stride(params.out);
    for (var lane = p.first_lane; lane < p.end_lane; lane++) {
        if INNER > 0u {
            let series = row(params.x, 1u, p.sample, lane) + p.unit;
            // unroll
            for (var k = 1u; k <= INNER; k++) {
                inner[k] = x[series + (k - 1u) * series_stride];
            }
        }
        let given = row(params.y, 1u, p.sample, lane) + p.unit;
        let at = row(params.out, 1u, p.sample, lane) + p.unit;
        var z: array<f32, COEFFICIENTS>;
        // unroll
        for (var k = 1u; k <= GIVEN; k++) {
            z[k] = y[given + (k - 1u) * given_stride];
        }
        if KINKS > 0u {
            take_branch(p.sample, lane, primal, z);
        }
        substitute();
        // Where the value is no number and its adjoint is zero, nothing passes.
        var nothing = hope_is_nan(primal) || hope_is_nan(value);
        // unroll
        for (var k = 1u; k <= GIVEN; k++) {
            nothing = nothing && z[k] == 0.0;
        }
        result[0] = a[1];
        // unroll
        for (var k = 1u; k <= ORDER + 1u; k++) {
            var sum = 0.0;
            // unroll
            for (var j = max(k, GIVEN) - GIVEN; j <= k - 1u; j++) {
                sum += result[j] * z[k - j];
            }
            if nothing {
                sum = 0.0;
            }
            let to = at + (k - 1u) * result_stride;
            if ACCUMULATE == 1u {
                out[to] += sum;
            } else {
                out[to] = sum;
            }
        }
    }
}
