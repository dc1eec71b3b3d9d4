// Rows of A for tile_registers.wgsl: each of eight lanes of a subgroup loads one and all have it.

struct Invocation {
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_size) size: u32,
    @builtin(subgroup_invocation_id) index: u32,
}

// Which eight of the workgroup's invocations, and which of the eight. A subgroup has eight or a multiple of it.
fn eighth(at: Invocation) -> u32 {
    return (at.subgroup * at.size + at.index) / 8u;
}

fn lane(at: Invocation) -> u32 {
    return at.index % 8u;
}

fn eight_rows(z: u32, m: u32, rows_m: u32, k: u32, lane: u32) -> mat2x4<f32> {
    let own = load_a(z, min(m + lane, rows_m - 1u), k);
    return mat2x4(
        subgroupBroadcast(own, 0u),
        subgroupBroadcast(own, 1u),
        subgroupBroadcast(own, 2u),
        subgroupBroadcast(own, 3u),
        subgroupBroadcast(own, 4u),
        subgroupBroadcast(own, 5u),
        subgroupBroadcast(own, 6u),
        subgroupBroadcast(own, 7u),
    );
}
