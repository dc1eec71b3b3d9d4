// Rows of A for tile_registers.wgsl: each invocation loads all of them.

struct Invocation {
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
}

// Which eight of the workgroup's invocations, and which of the eight.
fn eighth(at: Invocation) -> u32 {
    return at.index / 8u;
}

fn lane(at: Invocation) -> u32 {
    return at.index % 8u;
}

fn eight_rows(z: u32, m: u32, rows_m: u32, k: u32, lane: u32) -> mat2x4<f32> {
    let last = rows_m - 1u;
    return mat2x4(
        load_a(z, min(m, last), k),
        load_a(z, min(m + 1u, last), k),
        load_a(z, min(m + 2u, last), k),
        load_a(z, min(m + 3u, last), k),
        load_a(z, min(m + 4u, last), k),
        load_a(z, min(m + 5u, last), k),
        load_a(z, min(m + 6u, last), k),
        load_a(z, min(m + 7u, last), k),
    );
}
