// Shaders that spill, so that the test of spills is seen to see them.

@group(0) @binding(0) var<storage, read_write> out: array<mat4x4<f32>>;
@group(0) @binding(1) var<storage, read_write> picked: array<u32>;

// 320 numbers, all of which have to be read before the first is written: no chip has registers for them.
@compute @workgroup_size(256)
fn too_many_numbers(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = 20u * id.x;
    let m0 = out[at + 0u];
    let m1 = out[at + 1u];
    let m2 = out[at + 2u];
    let m3 = out[at + 3u];
    let m4 = out[at + 4u];
    let m5 = out[at + 5u];
    let m6 = out[at + 6u];
    let m7 = out[at + 7u];
    let m8 = out[at + 8u];
    let m9 = out[at + 9u];
    let m10 = out[at + 10u];
    let m11 = out[at + 11u];
    let m12 = out[at + 12u];
    let m13 = out[at + 13u];
    let m14 = out[at + 14u];
    let m15 = out[at + 15u];
    let m16 = out[at + 16u];
    let m17 = out[at + 17u];
    let m18 = out[at + 18u];
    let m19 = out[at + 19u];
    out[at + 0u] = m19;
    out[at + 1u] = m18;
    out[at + 2u] = m17;
    out[at + 3u] = m16;
    out[at + 4u] = m15;
    out[at + 5u] = m14;
    out[at + 6u] = m13;
    out[at + 7u] = m12;
    out[at + 8u] = m11;
    out[at + 9u] = m10;
    out[at + 10u] = m9;
    out[at + 11u] = m8;
    out[at + 12u] = m7;
    out[at + 13u] = m6;
    out[at + 14u] = m5;
    out[at + 15u] = m4;
    out[at + 16u] = m3;
    out[at + 17u] = m2;
    out[at + 18u] = m1;
    out[at + 19u] = m0;
}

var<private> numbers: array<u32, 256>;

// An array that is indexed by what isn't known when it is compiled: registers can't be.
@compute @workgroup_size(256)
fn indexed_array(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < picked[0]; i++) {
        numbers[picked[i] % 256u] += picked[i + id.x];
    }
    picked[id.x] = numbers[picked[id.x] % 256u];
}
