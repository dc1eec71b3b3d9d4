// Convolution as a matrix product of gathered pixels, and its adjoints: with the weights, or with powers of them.
// Twin of src/kernel/conv/cpu, where the rule is. Nothing is scattered: the adjoint gathers, for each input
// pixel, the output positions whose window holds it.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    in_channels: u32, // of a group
    out_channels: u32, // of a group
    groups: u32,
    has_bias: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_y: u32,
    stride_x: u32,
    dilation_y: u32,
    dilation_x: u32,
    pad_y: u32,
    pad_x: u32,
    accumulate: u32,
    // Whether the adjoint takes the k-th power of the weights at order k, as in the published rule.
    powers: u32,
    scale: f32,
    inverse_scale: f32,
}

override ADJOINT: bool = false;

// A lies along k in memory, except for the adjoint's weights; B and C lie along n.
const B_ALONG_K: bool = false;
const C_ALONG_M: bool = false;

fn a_along_k() -> bool {
    return !ADJOINT;
}

// Of the adjoint: whether windows move by more than a pixel, so that some cells fall between them.
override STRIDED: bool = false;
// Whether cells may lie outside the image: with padding, and always in the adjoint.
override EDGES: bool = true;

// What a column, an output pixel or for the adjoint an input pixel, reads: the place of the window's first cell, and its
// element of x in the first channel of the group.
struct Column {
    start: i32,
    y: i32,
    x: i32,
}

// A cell of a group's kernel: its offsets, and its distance in x from the first.
struct Cell {
    distance: i32,
    y: i32,
    x: i32,
}

// a / b for a < 2^20, where processors and GPUs are slow at dividing integers: half a step from every integer, the
// quotient's rounding does no harm.
fn quotient(a: u32, b: u32) -> u32 {
    return u32((f32(a) + 0.5) / f32(b));
}

// Size of what is read.
fn read_size() -> vec2<u32> {
    return select(vec2(params.in_height, params.in_width), vec2(params.out_height, params.out_width), ADJOINT);
}

fn cell(k: u32) -> Cell {
    let cells = params.kernel_height * params.kernel_width;
    let channel = quotient(k, cells);
    let rest = k - channel * cells;
    let row = quotient(rest, params.kernel_width);
    let y = i32(row * params.dilation_y);
    let x = i32((rest - row * params.kernel_width) * params.dilation_x);
    let size = read_size();
    let plane = i32(channel * size.x * size.y);
    if STRIDED {
        return Cell(plane, y, x); // the pixel is added once it is known
    }
    let distance = y * i32(size.y) + x;
    return Cell(select(plane + distance, plane - distance, ADJOINT), y, x);
}

fn column(z: u32, n: u32) -> Column {
    if ADJOINT {
        let size = params.in_height * params.in_width;
        let channel = ((n / size) * params.groups + z % params.groups) * params.out_channels;
        let plane = i32(block(params.x, z / params.groups + 1u) + channel * params.out_height * params.out_width);
        let pixel = n % size;
        let y = i32(pixel / params.in_width + params.pad_y);
        let x = i32(pixel % params.in_width + params.pad_x);
        return Column(select(plane + y * i32(params.out_width) + x, plane, STRIDED), y, x);
    }
    let size = params.out_height * params.out_width;
    let plane = i32(((n / size) * params.groups + z) * params.in_channels * params.in_height * params.in_width);
    let pixel = n % size;
    let y = i32((pixel / params.out_width) * params.stride_y) - i32(params.pad_y);
    let x = i32((pixel % params.out_width) * params.stride_x) - i32(params.pad_x);
    return Column(plane + y * i32(params.in_width) + x, y, x);
}

fn load_a(z: u32, m: u32, k: u32) -> f32 {
    if ADJOINT {
        let cells = params.kernel_height * params.kernel_width;
        let group = z % params.groups;
        let output = quotient(k, cells);
        let channel = (group * params.out_channels + output) * params.in_channels + m;
        let at = channel * cells + k - output * cells;
        return scaled_power(weights[at], params.inverse_scale, exponent_at(z / params.groups + 1u));
    }
    let depth = params.in_channels * params.kernel_height * params.kernel_width;
    return weights[(z * params.out_channels + m) * depth + k];
}

fn load_b(column: Column, c: Cell) -> f32 {
    let at = column.start + c.distance;
    if !EDGES {
        return x[u32(at)];
    }
    let size = read_size();
    if STRIDED {
        let down = column.y - c.y;
        let across = column.x - c.x;
        let row = quotient(u32(max(down, 0)), params.stride_y);
        let pixel = quotient(u32(max(across, 0)), params.stride_x);
        let inside = down == i32(row * params.stride_y) && across == i32(pixel * params.stride_x) && row < size.x && pixel < size.y;
        return select(0.0, x[select(0u, u32(at) + row * size.y + pixel, inside)], inside);
    }
    // What is negative is a large number without sign.
    let down = u32(select(column.y + c.y, column.y - c.y, ADJOINT));
    let across = u32(select(column.x + c.x, column.x - c.x, ADJOINT));
    let inside = down < size.x && across < size.y;
    return select(0.0, x[select(0u, u32(at), inside)], inside);
}

fn store(z: u32, m: u32, n: u32, value: f32) {
    if ADJOINT {
        let size = params.in_height * params.in_width;
        let order = z / params.groups + 1u;
        let channel = ((n / size) * params.groups + z % params.groups) * params.in_channels + m;
        let at = block(params.out, order) + channel * size + n % size;
        let result = unscaled(value, params.scale, exponent_at(order));
        out[at] = select(result, out[at] + result, params.accumulate == 1u);
        return;
    }
    let size = params.out_height * params.out_width;
    let channel = z * params.out_channels + m;
    // The bias belongs to order 0.
    let has_bias = params.has_bias == 1u && n / size < rows(params.out, 0u);
    let row_start = (n / size) * params.groups * params.out_channels;
    out[(row_start + channel) * size + n % size] = value + select(0.0, bias[select(0u, channel, has_bias)], has_bias);
}

// z is the group.
@compute @workgroup_size(TILE_X)
fn conv(at: Invocation) {
    let depth = params.in_channels * params.kernel_height * params.kernel_width;
    let columns = total_rows(params.x) * params.out_height * params.out_width;
    tiled_product(at.group.z, at, params.out_channels, depth, columns);
}

// z is (order - 1) * groups + group.
@compute @workgroup_size(TILE_X)
fn conv_adjoint(at: Invocation) {
    let order = at.group.z / params.groups + 1u;
    // Orders above the adjoint's degree are zero: a product of no depth stores that.
    let all = params.out_channels * params.kernel_height * params.kernel_width;
    let depth = select(0u, all, order <= params.x.degree);
    let columns = rows(params.x, 1u) * params.in_height * params.in_width;
    tiled_product(at.group.z, at, params.in_channels, depth, columns);
}
