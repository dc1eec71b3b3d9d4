// A tiled matrix product C = A B for kernels that define where the numbers come from and go to:
//   fn load_a(z: u32, m: u32, k: u32) -> f32
//   fn load_b(z: u32, k: u32, n: u32) -> f32
//   fn store(z: u32, m: u32, n: u32, value: f32)
// A workgroup of 16 x 16 invocations computes a tile of 64 x 64, four by four numbers each; the strips of
// A and B that it needs are staged in workgroup memory, 16 columns deep.

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

var<workgroup> strip_a: array<f32, 1024>; // [DEPTH][TILE]
var<workgroup> strip_b: array<f32, 1024>; // [DEPTH][TILE]

fn tiled_product(z: u32, group: vec3<u32>, local: vec3<u32>, rows_m: u32, depth: u32, columns_n: u32) {
    let m0 = group.y * TILE;
    let n0 = group.x * TILE;
    let index = local.y * 16u + local.x;
    var sums: array<f32, 16>;
    for (var k0 = 0u; k0 < depth; k0 += DEPTH) {
        for (var i = index; i < TILE * DEPTH; i += 256u) {
            // Neighbouring invocations take neighbouring columns of B, rows of A are read along k.
            let ka = k0 + i % DEPTH;
            let m = m0 + i / DEPTH;
            var value_a = 0.0;
            if ka < depth && m < rows_m {
                value_a = load_a(z, m, ka);
            }
            strip_a[(i % DEPTH) * TILE + i / DEPTH] = value_a;
            let kb = k0 + i / TILE;
            let n = n0 + i % TILE;
            var value_b = 0.0;
            if kb < depth && n < columns_n {
                value_b = load_b(z, kb, n);
            }
            strip_b[i] = value_b;
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            let at = k * TILE;
            for (var i = 0u; i < 4u; i++) {
                let value_a = strip_a[at + local.y + 16u * i];
                for (var j = 0u; j < 4u; j++) {
                    sums[i * 4u + j] += value_a * strip_b[at + local.x + 16u * j];
                }
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
            let m = m0 + local.y + 16u * i;
            let n = n0 + local.x + 16u * j;
            if m < rows_m && n < columns_n {
                store(z, m, n, sums[i * 4u + j]);
            }
        }
    }
}

// (weight / s)^k for a power of two s near the largest weight: small weights would underflow.
fn scaled_power(weight: f32, inverse_scale: f32, exponent: u32) -> f32 {
    let base = weight * inverse_scale;
    var power = base;
    for (var i = 1u; i < exponent; i++) {
        power *= base;
    }
    return power;
}

// value * s^k in steps, as s^k alone may leave the range of f32.
fn unscaled(value: f32, scale: f32, exponent: u32) -> f32 {
    var result = value;
    for (var i = 0u; i < exponent; i++) {
        result *= scale;
    }
    return result;
}
