// Choices between values by the sign of a selector, and their adjoints. Twin of src/kernel/select/cpu.rs, where the rules are.
// x is the selector; y the value, or the adjoint, whose block k is the coefficient of t^(k-1).

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    // Number of the last block of each degree, where there are several variables.
    ends: array<vec4<u32>, 5>,
    variables: u32,
    accumulate: u32,
    // Whether the value is chosen where the selector is positive, and whether a selector that stays 0 counts as positive.
    above: u32,
    at_zero: u32,
}

// Which value a lane takes.
const THIS = 0u;
const OTHER = 1u;
const UNKNOWN = 2u;

struct Place {
    sample: u32,
    lane: u32,
    unit: u32,
    exists: bool,
}

fn place(i: u32) -> Place {
    let l = params.out;
    // Without higher orders there need not be lanes; an adjoint has no block 0.
    let lanes = select(l.lanes, 1u, l.degree == 0u && l.primal == 1u);
    let series = i / l.units;
    return Place(series / lanes, series % lanes, i % l.units, series < l.samples * lanes);
}

fn selector(p: Place, block: u32) -> f32 {
    return x[row(params.x, block, p.sample, p.lane) + p.unit];
}

// Of a selector that is 0 at the point: its first coefficient that isn't, with its sign as t moves to the lane's side; 0 if there is none.
fn first_step(p: Place) -> f32 {
    for (var block = 1u; block <= params.x.degree; block++) {
        let c = selector(p, block);
        if hope_is_nan(c) {
            return hope_nan(c);
        }
        if c != 0.0 {
            let behind = looks_behind(params.out.samples, params.out.lanes) && degree_of(block) % 2u == 1u;
            return select(c, -c, behind);
        }
    }
    return 0.0;
}

// By a number with the selector's sign; 0 if it stays 0.
fn taken(sign: f32) -> u32 {
    if hope_is_nan(sign) {
        return UNKNOWN;
    }
    var above = sign > 0.0;
    if sign == 0.0 {
        above = params.at_zero != 0u;
    }
    return select(OTHER, THIS, above == (params.above != 0u));
}

// How fast the selector changes; in several variables the length of its gradient.
fn slope_of(p: Place) -> f32 {
    if params.variables == 1u {
        return selector(p, 1u);
    }
    var squares = Squares(0.0, 0.0);
    for (var i = 1u; i <= min(params.variables, params.x.degree); i++) {
        let part = selector(p, i);
        if hope_not_finite(part) {
            return hope_nan(part);
        }
        squares = add_square(squares, part);
    }
    return hypot_of(squares);
}

// Whether two values are the same but for the rounding of some layers; what isn't finite is not.
fn is_same(a: f32, b: f32) -> bool {
    if hope_not_finite(a) || hope_not_finite(b) {
        return false;
    }
    return abs(a - b) <= 2.4e-5 * max(abs(a), abs(b));
}

// The series of the value where it is chosen, beside zeros or added. The side that is chosen at 0 comes first: it notes the kinks, and its value
// is there when the other one looks whether a lane that leaves 0 begins there.
@compute @workgroup_size(WORKGROUP)
fn select_value(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let lanes = params.out.lanes;
    let first = params.above == params.at_zero;
    let primal = selector(p, 0u);
    let value = y[row(params.y, 0u, p.sample, p.lane) + p.unit];
    let at = row(params.out, 0u, p.sample, p.lane) + p.unit;
    let at_point = taken(primal);
    // The order-0 row is shared by the lanes: the first one writes it, and nothing where others may read it.
    if p.lane == 0u {
        if at_point == UNKNOWN {
            out[at] = hope_nan(primal);
        } else if params.accumulate == 0u {
            out[at] = select(0.0, value, at_point == THIS);
        } else if at_point == THIS {
            out[at] += value;
        }
    }
    if params.out.degree == 0u {
        return;
    }
    var along = at_point;
    var lost = hope_not_finite(primal);
    if primal == 0.0 && !lost {
        let step = first_step(p);
        along = taken(step);
        lost = along == UNKNOWN;
        if step != 0.0 || lost {
            if first {
                note_beginning(p.sample, p.lane, lanes);
            }
        }
        if !first && along == THIS {
            // A block 0 that is not added to holds zeros.
            var there = 0.0;
            if params.accumulate != 0u {
                there = out[at];
            }
            lost = lost || !is_same(value, there);
        }
    } else if first && !lost && params.x.degree > 0u {
        let slope = slope_of(p);
        if hope_not_finite(slope) {
            lost = true;
        } else if slope != 0.0 {
            note_kink(p.sample, p.lane, lanes, primal / slope);
        }
    }
    for (var block = 1u; block <= params.out.degree; block++) {
        var c = 0.0;
        if along == THIS && block <= params.y.degree {
            c = y[row(params.y, block, p.sample, p.lane) + p.unit];
        }
        if lost && block == 1u {
            c = hope_nan(primal);
        }
        put(p, block, c);
    }
}

fn put(p: Place, block: u32, c: f32) {
    let at = row(params.out, block, p.sample, p.lane) + p.unit;
    if params.accumulate != 0u {
        out[at] += c;
    } else {
        out[at] = c;
    }
}

// The adjoint where the value was chosen along the ray, beside zeros or added. Notes where the selector, as far as its series goes, leaves the
// choice open and the adjoint passes.
@compute @workgroup_size(WORKGROUP)
fn select_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let p = place(invocation(id, groups));
    if !p.exists {
        return;
    }
    let primal = selector(p, 0u);
    var along = taken(primal);
    var stays = false;
    if hope_not_finite(primal) {
        along = UNKNOWN;
    } else if primal == 0.0 {
        let step = first_step(p);
        along = taken(step);
        stays = along != UNKNOWN && step == 0.0;
    }
    var passes = false;
    for (var block = 1u; block <= params.out.degree; block++) {
        var c = 0.0;
        if block <= params.y.degree {
            let z = y[row(params.y, block, p.sample, p.lane) + p.unit];
            passes = passes || z != 0.0;
            if along == THIS {
                c = z;
            } else if along == UNKNOWN {
                c = hope_nan(primal);
            }
        }
        put(p, block, c);
    }
    if stays && passes {
        note_undecided(p.sample, p.lane, params.out.lanes);
    }
}
