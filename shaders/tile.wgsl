// A tiled matrix product C = A B for GPUs, for kernels that define where the numbers come from and go to:
//   const B_ALONG_K: bool, C_ALONG_M: bool, fn a_along_k() -> bool: how matrices lie in memory, for neighbouring loads
//   fn column(z: u32, n: u32) -> Column, fn cell(k: u32) -> Cell: what is common to a column, and to a row, of B
//   fn load_a(z: u32, m: u32, k: u32) -> f32
//   fn load_b(column: Column, cell: Cell) -> f32
//   fn store(z: u32, m: u32, n: u32, value: f32)
// A workgroup of TILE_X = 256 invocations computes a tile of TILE_ROWS x TILE_COLUMNS = 64 x 128, constants of src/kernel/dispatch,
// four by eight numbers each; the strips of A and B that it needs are staged in workgroup memory, 16 deep, in fours of rows or
// columns. See tile_registers.wgsl for processors.

const DEPTH: u32 = 16u;
// Fours in a row of a strip; one more than needed, so that neighbouring depths lie in different banks.
const PITCH_A: u32 = 17u;
const PITCH_B: u32 = 33u;

var<workgroup> strip_a: array<vec4<f32>, 272>; // [DEPTH][PITCH_A]
var<workgroup> strip_b: array<vec4<f32>, 528>; // [DEPTH][PITCH_B]

struct Invocation {
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
}

// The four by four products of four rows and four columns.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Four rows of A; zeros behind its depth.
fn four_rows(z: u32, m: u32, last: u32, k: u32, depth: u32) -> vec4<f32> {
    let inside = min(k, depth - 1u);
    let values = vec4(
        load_a(z, min(m, last), inside),
        load_a(z, min(m + 1u, last), inside),
        load_a(z, min(m + 2u, last), inside),
        load_a(z, min(m + 3u, last), inside),
    );
    return select(vec4(0.0), values, k < depth);
}

fn store_row(z: u32, m: u32, n: u32, columns_n: u32, values: vec4<f32>) {
    store(z, m, n, values.x);
    if n + 1u < columns_n {
        store(z, m, n + 1u, values.y);
    }
    if n + 2u < columns_n {
        store(z, m, n + 2u, values.z);
    }
    if n + 3u < columns_n {
        store(z, m, n + 3u, values.w);
    }
}

// No loops: registers that are indexed by a variable become memory.
fn store_four(z: u32, m: u32, rows_m: u32, n: u32, columns_n: u32, sums: mat4x4<f32>) {
    if m >= rows_m || n >= columns_n {
        return;
    }
    store_row(z, m, n, columns_n, sums[0]);
    if m + 1u < rows_m {
        store_row(z, m + 1u, n, columns_n, sums[1]);
    }
    if m + 2u < rows_m {
        store_row(z, m + 2u, n, columns_n, sums[2]);
    }
    if m + 3u < rows_m {
        store_row(z, m + 3u, n, columns_n, sums[3]);
    }
}

fn tiled_product(z: u32, at: Invocation, rows_m: u32, depth: u32, columns_n: u32) {
    if rows_m == 0u || columns_n == 0u {
        return;
    }
    let m0 = at.group.y * TILE_ROWS;
    let n0 = at.group.x * TILE_COLUMNS;
    let last_m = rows_m - 1u;
    let last_n = columns_n - 1u;
    // Which four of A it stages, and at which depth; the same of two fours of B.
    let narrow = at.index % 16u;
    let wide = at.index / 16u;
    let a_first = a_along_k();
    let a_four = select(narrow, wide, a_first);
    let a_depth = select(wide, narrow, a_first);
    let b_fours = select(vec2(at.index % 32u), vec2(wide, wide + 16u), B_ALONG_K);
    let b_depths = select(vec2(at.index / 32u, at.index / 32u + 8u), vec2(narrow), B_ALONG_K);
    // What lies outside is computed from the last row or column, and not stored.
    let n1 = n0 + 4u * b_fours.x;
    let n2 = n0 + 4u * b_fours.y;
    let column0 = column(z, min(n1, last_n));
    let column1 = column(z, min(n1 + 1u, last_n));
    let column2 = column(z, min(n1 + 2u, last_n));
    let column3 = column(z, min(n1 + 3u, last_n));
    let column4 = column(z, min(n2, last_n));
    let column5 = column(z, min(n2 + 1u, last_n));
    let column6 = column(z, min(n2 + 2u, last_n));
    let column7 = column(z, min(n2 + 3u, last_n));
    // Which numbers of the tile it computes: four rows, and twice four columns.
    let four_m = select(wide, narrow, C_ALONG_M);
    let four_n = select(narrow, wide, C_ALONG_M);
    var low: mat4x4<f32>;
    var high: mat4x4<f32>;
    for (var k0 = 0u; k0 < depth; k0 += DEPTH) {
        strip_a[a_depth * PITCH_A + a_four] = four_rows(z, m0 + 4u * a_four, last_m, k0 + a_depth, depth);
        let c1 = cell(min(k0 + b_depths.x, depth - 1u));
        let c2 = cell(min(k0 + b_depths.y, depth - 1u));
        strip_b[b_depths.x * PITCH_B + b_fours.x] =
            vec4(load_b(column0, c1), load_b(column1, c1), load_b(column2, c1), load_b(column3, c1));
        strip_b[b_depths.y * PITCH_B + b_fours.y] =
            vec4(load_b(column4, c2), load_b(column5, c2), load_b(column6, c2), load_b(column7, c2));
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            let a = strip_a[k * PITCH_A + four_m];
            low += outer(a, strip_b[k * PITCH_B + four_n]);
            high += outer(a, strip_b[k * PITCH_B + four_n + 16u]);
        }
        workgroupBarrier();
    }
    let m = m0 + 4u * four_m;
    store_four(z, m, rows_m, n0 + 4u * four_n, columns_n, low);
    store_four(z, m, rows_m, n0 + 4u * (four_n + 16u), columns_n, high);
}
