// Average and max pooling, and their adjoints. Twin of src/kernel/pool/cpu.rs.
//
// Images lie one after the other, channels too, so that most kernels only see images. Adjoints gather: each
// pixel looks for the windows that hold it.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    // The window: height and width of each.
    input: vec2<i32>,
    output: vec2<i32>,
    kernel: vec2<i32>,
    pad_begin: vec2<i32>,
    // Cells between these padded coordinates count into a mean.
    counted_begin: vec2<i32>,
    counted_end: vec2<i32>,
    // Number of the last block of each degree, where there are several variables.
    ends: array<vec4<u32>, 5>,
    variables: u32,
    accumulate: u32,
    // Whether the adjoint of a mean takes the k-th power of its weights at order k, as in the published rule.
    powers: u32,
}

// Known when the shader is put together, as dividing by constants is cheaper.
const STRIDE = vec2<i32>(i32(STRIDE_Y), i32(STRIDE_X));
const DILATION = vec2<i32>(i32(DILATION_Y), i32(DILATION_X));

// Larger than any distance that is worth noting.
const FAR: f32 = 3.4028234e38;

fn size(image: vec2<i32>) -> u32 {
    return u32(image.x * image.y);
}

// Coordinates in an image from the number of a pixel, and back.
fn coordinates(pixel: u32, image: vec2<i32>) -> vec2<i32> {
    return vec2<i32>(i32(pixel) / image.y, i32(pixel) % image.y);
}

fn number(at: vec2<i32>, image: vec2<i32>) -> u32 {
    return u32(at.x * image.y + at.y);
}

// Number of cells of the window at a position that lie before a padded coordinate, along each axis.
fn cells_before(end: vec2<i32>, position: vec2<i32>) -> vec2<i32> {
    let reach = max(end - position * STRIDE, vec2<i32>(0));
    return min((reach + DILATION - 1) / DILATION, params.kernel);
}

// First cell inside the image, along each axis, and the first one after it.
fn cells_begin(position: vec2<i32>) -> vec2<i32> {
    return cells_before(params.pad_begin, position);
}

fn cells_end(position: vec2<i32>) -> vec2<i32> {
    return cells_before(params.pad_begin + params.input, position);
}

// Pixel that a cell of the window at a position lies on.
fn pixel_of(position: vec2<i32>, cell: vec2<i32>) -> u32 {
    return number(position * STRIDE + cell * DILATION - params.pad_begin, params.input);
}

// Number of cells that count into the mean at a position.
fn counted(position: vec2<i32>) -> f32 {
    let count = cells_before(params.counted_end, position) - cells_before(params.counted_begin, position);
    return f32(count.x * count.y);
}

// Positions whose window may hold a pixel: the first along each axis, and the last.
fn first_position(pixel: vec2<i32>) -> vec2<i32> {
    let reach = pixel + params.pad_begin - (params.kernel - 1) * DILATION;
    return (max(reach, vec2<i32>(0)) + STRIDE - 1) / STRIDE;
}

fn last_position(pixel: vec2<i32>) -> vec2<i32> {
    return min((pixel + params.pad_begin) / STRIDE, params.output - 1);
}

// Whether such a window has a cell right at the pixel.
fn holds(position: vec2<i32>, pixel: vec2<i32>) -> bool {
    return all((pixel + params.pad_begin - position * STRIDE) % DILATION == vec2<i32>(0));
}

// Pixel of the largest input in the window at a position of the image that begins at `image`: the first among
// equals, a NaN before all.
fn arg_max(image: u32, position: vec2<i32>) -> u32 {
    let begin = cells_begin(position);
    let end = cells_end(position);
    var best = pixel_of(position, begin);
    var largest = x[image + best];
    for (var ky = begin.x; ky < end.x; ky++) {
        for (var kx = begin.y; kx < end.y; kx++) {
            let pixel = pixel_of(position, vec2<i32>(ky, kx));
            let value = x[image + pixel];
            if hope_is_nan(value) || (!hope_is_nan(largest) && value > largest) {
                best = pixel;
                largest = value;
            }
        }
    }
    return best;
}

// Mean over windows, each coefficient alike.
@compute @workgroup_size(WORKGROUP)
fn average_pool(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    if i >= total_rows(params.out) * params.out.units {
        return;
    }
    let outputs = size(params.output);
    let image = i / outputs * size(params.input);
    let position = coordinates(i % outputs, params.output);
    let begin = cells_begin(position);
    let end = cells_end(position);
    var sum = 0.0;
    for (var ky = begin.x; ky < end.x; ky++) {
        for (var kx = begin.y; kx < end.y; kx++) {
            sum += x[image + pixel_of(position, vec2<i32>(ky, kx))];
        }
    }
    out[i] = sum / counted(position);
}

// x̄[k]_i = Σ z̄[k]_o count_o^{-1}, or count_o^{-k}, over the windows o that hold pixel i; or added to x̄.
@compute @workgroup_size(WORKGROUP)
fn average_pool_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    // The orders above those of z are zeroed, or left alone when adding.
    let degree = select(params.out.degree, params.x.degree, params.accumulate != 0u);
    let lane_rows = params.out.samples * params.out.lanes;
    if i >= degree * lane_rows * params.out.units {
        return;
    }
    let order = i / params.out.units / lane_rows + 1u;
    var sum = 0.0;
    if order <= params.x.degree {
        let inputs = size(params.input);
        let image = i / inputs * size(params.output);
        let pixel = coordinates(i % inputs, params.input);
        let first = first_position(pixel);
        let last = last_position(pixel);
        for (var oy = first.x; oy <= last.x; oy++) {
            for (var ox = first.y; ox <= last.y; ox++) {
                let position = vec2<i32>(oy, ox);
                if holds(position, pixel) {
                    sum += mean_power(x[image + number(position, params.output)], 1.0 / counted(position), select(1u, order, params.powers == 1u));
                }
            }
        }
    }
    if params.accumulate != 0u {
        out[i] += sum;
    } else {
        out[i] = sum;
    }
}

// value · mean^order, factor by factor, as the power alone may underflow.
fn mean_power(value: f32, mean: f32, order: u32) -> f32 {
    var product = value;
    for (var k = 0u; k < order; k++) {
        product *= mean;
    }
    return product;
}

// How fast two units of a lane part: the difference at order 1, or in several variables the length of its gradient.
fn slope_between(sample: u32, lane: u32, one: u32, other: u32) -> f32 {
    let at = row(params.x, 1u, sample, lane);
    if params.variables == 1u {
        return x[at + one] - x[at + other];
    }
    var squares = Squares(0.0, 0.0);
    for (var i = 1u; i <= min(params.variables, params.x.degree); i++) {
        let at = row(params.x, i, sample, lane);
        squares = add_square(squares, x[at + one] - x[at + other]);
    }
    return hypot_of(squares);
}

// Of the first coefficient in which two units of a lane differ, orders from 1: by how much, as t moves to the side.
fn first_difference(sample: u32, lane: u32, one: u32, other: u32, behind: bool) -> f32 {
    for (var order = 1u; order <= params.x.degree; order++) {
        let at = row(params.x, order, sample, lane);
        let difference = x[at + one] - x[at + other];
        if difference != 0.0 {
            return select(difference, -difference, behind && degree_of(order) % 2u == 1u);
        }
    }
    return 0.0;
}

// Of the inputs of a window that are as large as its first choice the one that is the largest to the lane's side. Notes if any two differ.
fn largest_beside(sample: u32, lane: u32, lanes: u32, image: u32, position: vec2<i32>, first: u32) -> u32 {
    let primal = row(params.x, 0u, sample, lane) + image;
    let begin = cells_begin(position);
    let end = cells_end(position);
    let behind = looks_behind(params.out.samples, lanes);
    var winner = first;
    for (var ky = begin.x; ky < end.x; ky++) {
        for (var kx = begin.y; kx < end.y; kx++) {
            let other = pixel_of(position, vec2<i32>(ky, kx));
            if x[primal + other] == x[primal + first] {
                let larger = first_difference(sample, lane, image + other, image + winner, behind);
                if larger != 0.0 {
                    note_beginning(sample, lane, lanes);
                }
                if larger > 0.0 {
                    winner = other;
                }
            }
        }
    }
    return winner;
}

// Whether another input of a window has the same series as its choice, as far as that goes.
fn is_tied(sample: u32, lane: u32, image: u32, position: vec2<i32>, winner: u32) -> bool {
    let primal = row(params.x, 0u, sample, lane) + image;
    let begin = cells_begin(position);
    let end = cells_end(position);
    var tied = false;
    for (var ky = begin.x; ky < end.x; ky++) {
        for (var kx = begin.y; kx < end.y; kx++) {
            let other = pixel_of(position, vec2<i32>(ky, kx));
            if other != winner && x[primal + other] == x[primal + winner] {
                tied = tied || first_difference(sample, lane, image + other, image + winner, false) == 0.0;
            }
        }
    }
    return tied;
}

// The largest input of each window, and the series of that input; of several, the one that is the largest to the lane's side. An
// invocation per (sample, lane, unit). Notes where another input takes over.
@compute @workgroup_size(WORKGROUP)
fn max_pool(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let l = params.out;
    // Without higher orders there need not be lanes.
    let lanes = select(l.lanes, 1u, l.degree == 0u);
    if i >= l.samples * lanes * l.units {
        return;
    }
    let unit = i % l.units;
    let lane = i / l.units % lanes;
    let sample = i / l.units / lanes;
    let outputs = size(params.output);
    let image = unit / outputs * size(params.input); // within a row
    let position = coordinates(unit % outputs, params.output);
    let primal = row(params.x, 0u, sample, lane) + image;
    let begin = cells_begin(position);
    let end = cells_end(position);
    let first = arg_max(primal, position);
    let largest = x[primal + first];
    var winner = first;
    if params.x.degree > 0u {
        winner = largest_beside(sample, lane, lanes, image, position, first);
    }
    // The order-0 row is shared by the lanes: the first one writes it.
    for (var order = select(1u, 0u, lane == 0u); order <= l.degree; order++) {
        out[row(l, order, sample, lane) + unit] = x[row(params.x, order, sample, lane) + image + winner];
    }
    if params.x.degree == 0u {
        return;
    }
    var nearest = FAR;
    for (var ky = begin.x; ky < end.x; ky++) {
        for (var kx = begin.y; kx < end.y; kx++) {
            let other = pixel_of(position, vec2<i32>(ky, kx));
            let gap = largest - x[primal + other];
            let approach = slope_between(sample, lane, image + other, image + winner);
            if gap != 0.0 && approach != 0.0 {
                nearest = min(nearest, abs(gap / approach));
            }
        }
    }
    if nearest < FAR {
        note_kink(sample, lane, lanes, nearest);
    }
}

// Each window's adjoint goes to the input that its maximum is along the ray; added to x̄ if `accumulate`. The series are x, the adjoint y. Notes
// where the series leave several inputs to choose from.
@compute @workgroup_size(WORKGROUP)
fn max_pool_adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let l = params.out;
    if i >= l.samples * l.lanes * l.units {
        return;
    }
    let unit = i % l.units;
    let lane = i / l.units % l.lanes;
    let sample = i / l.units / l.lanes;
    let inputs = size(params.input);
    let outputs = size(params.output);
    let channel = unit / inputs;
    let primal = row(params.x, 0u, sample, lane) + channel * inputs;
    let pixel = coordinates(unit % inputs, params.input);
    let first = first_position(pixel);
    let last = last_position(pixel);
    var sums: array<f32, MAX_ORDER + 1u>;
    for (var oy = first.x; oy <= last.x; oy++) {
        for (var ox = first.y; ox <= last.y; ox++) {
            let position = vec2<i32>(oy, ox);
            if !holds(position, pixel) {
                continue;
            }
            let image = channel * inputs;
            var winner = arg_max(primal, position);
            if params.x.degree > 0u {
                winner = largest_beside(sample, lane, l.lanes, image, position, winner);
            }
            if winner == unit % inputs {
                let at = channel * outputs + number(position, params.output);
                var moves = false;
                for (var order = 1u; order <= params.y.degree; order++) {
                    let adjoint = y[row(params.y, order, sample, lane) + at];
                    sums[order] += adjoint;
                    moves = moves || adjoint != 0.0;
                }
                if moves && is_tied(sample, lane, image, position, winner) {
                    note_undecided(sample, lane, l.lanes);
                }
            }
        }
    }
    if params.accumulate != 0u {
        for (var order = 1u; order <= params.y.degree; order++) {
            out[row(l, order, sample, lane) + unit] += sums[order];
        }
    } else {
        for (var order = 1u; order <= l.degree; order++) {
            out[row(l, order, sample, lane) + unit] = sums[order];
        }
    }
}
