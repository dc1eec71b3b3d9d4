// The matrix product of tile.wgsl without workgroup memory, for drivers that compute on a processor: there a barrier
// costs more than reading twice, each load is a loop over the lanes of a vector, and only a large tile of registers
// makes up for it (Volkov, "Better performance at lower occupancy", GTC 2010, for the idea).
// Needs what tile.wgsl needs, and one of the rows_*.wgsl.
//
// Eight neighbouring invocations share their rows of A; each computes 8 * BLOCKS rows by 8 columns, all named one by
// one, as only then a compiler keeps them in registers.

// Eights of rows.
override BLOCKS: u32 = 4u;

// Eights of invocations in a workgroup, whose size TILE_X is a constant of src/kernel/dispatch.
const EIGHTS: u32 = TILE_X / 8u;

// The four by four products of four rows and four columns.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Where an invocation's eight columns go.
struct Destination {
    z: u32,
    rows_m: u32,
    n: u32,
    columns_n: u32,
}

fn store_number(p: Destination, m: u32, n: u32, value: f32) {
    if n < p.columns_n {
        store(p.z, m, n, value);
    }
}

// No loops: registers that are indexed by a variable become memory.
fn store_row(p: Destination, m: u32, low: vec4<f32>, high: vec4<f32>) {
    if m >= p.rows_m {
        return;
    }
    store_number(p, m, p.n, low.x);
    store_number(p, m, p.n + 8u, low.y);
    store_number(p, m, p.n + 16u, low.z);
    store_number(p, m, p.n + 24u, low.w);
    store_number(p, m, p.n + 32u, high.x);
    store_number(p, m, p.n + 40u, high.y);
    store_number(p, m, p.n + 48u, high.z);
    store_number(p, m, p.n + 56u, high.w);
}

fn store_rows(p: Destination, m: u32, low: mat4x4<f32>, high: mat4x4<f32>) {
    store_row(p, m, low[0], high[0]);
    store_row(p, m + 1u, low[1], high[1]);
    store_row(p, m + 2u, low[2], high[2]);
    store_row(p, m + 3u, low[3], high[3]);
}

fn tiled_product(z: u32, at: Invocation, rows_m: u32, depth: u32, columns_n: u32) {
    let m = at.group.y * 8u * BLOCKS;
    let first = (at.group.x * EIGHTS + eighth(at)) * 64u;
    if rows_m == 0u || first >= columns_n {
        return;
    }
    let lane = lane(at);
    let n = first + lane;
    // What lies outside is computed from the last row or column, and not stored.
    let last = columns_n - 1u;
    let column0 = column(z, min(n, last));
    let column1 = column(z, min(n + 8u, last));
    let column2 = column(z, min(n + 16u, last));
    let column3 = column(z, min(n + 24u, last));
    let column4 = column(z, min(n + 32u, last));
    let column5 = column(z, min(n + 40u, last));
    let column6 = column(z, min(n + 48u, last));
    let column7 = column(z, min(n + 56u, last));
    var s00: mat4x4<f32>;
    var s01: mat4x4<f32>;
    var s10: mat4x4<f32>;
    var s11: mat4x4<f32>;
    var s20: mat4x4<f32>;
    var s21: mat4x4<f32>;
    var s30: mat4x4<f32>;
    var s31: mat4x4<f32>;
    var s40: mat4x4<f32>;
    var s41: mat4x4<f32>;
    var s50: mat4x4<f32>;
    var s51: mat4x4<f32>;
    var s60: mat4x4<f32>;
    var s61: mat4x4<f32>;
    var s70: mat4x4<f32>;
    var s71: mat4x4<f32>;
    for (var k = 0u; k < depth; k++) {
        let c = cell(k);
        let b0 = vec4(load_b(column0, c), load_b(column1, c), load_b(column2, c), load_b(column3, c));
        let b1 = vec4(load_b(column4, c), load_b(column5, c), load_b(column6, c), load_b(column7, c));
        let a0 = eight_rows(z, m, rows_m, k, lane);
        s00 += outer(a0[0], b0);
        s01 += outer(a0[0], b1);
        s10 += outer(a0[1], b0);
        s11 += outer(a0[1], b1);
        if BLOCKS > 1u {
            let a1 = eight_rows(z, m + 8u, rows_m, k, lane);
            s20 += outer(a1[0], b0);
            s21 += outer(a1[0], b1);
            s30 += outer(a1[1], b0);
            s31 += outer(a1[1], b1);
        }
        if BLOCKS > 2u {
            let a2 = eight_rows(z, m + 16u, rows_m, k, lane);
            s40 += outer(a2[0], b0);
            s41 += outer(a2[0], b1);
            s50 += outer(a2[1], b0);
            s51 += outer(a2[1], b1);
        }
        if BLOCKS > 3u {
            let a3 = eight_rows(z, m + 24u, rows_m, k, lane);
            s60 += outer(a3[0], b0);
            s61 += outer(a3[0], b1);
            s70 += outer(a3[1], b0);
            s71 += outer(a3[1], b1);
        }
    }
    // Four rows a turn: the code to store all of them takes a driver seconds to compile.
    let p = Destination(z, rows_m, n, columns_n);
    for (var four = 0u; four < 2u * BLOCKS; four++) {
        var low = s00;
        var high = s01;
        switch four {
            case 1u: {
                low = s10;
                high = s11;
            }
            case 2u: {
                low = s20;
                high = s21;
            }
            case 3u: {
                low = s30;
                high = s31;
            }
            case 4u: {
                low = s40;
                high = s41;
            }
            case 5u: {
                low = s50;
                high = s51;
            }
            case 6u: {
                low = s60;
                high = s61;
            }
            case 7u: {
                low = s70;
                high = s71;
            }
            default: {}
        }
        store_rows(p, m + 4u * four, low, high);
    }
}
