// What every kernel shares: the layout of series, the bindings, the numbering of invocations.
//
// A value is [order][row][unit], units contiguous. Block 0 has a row per sample, blocks 1.. a row per
// (sample, lane). A lane is a ray (exact), an output (published rule), or an output along a ray (gradients). Adjoints have no block 0; those
// along rays have the coefficient of t^(k-1) in block k.
// Each kernel file defines its own `struct Params`, which begins with the layouts of x, y and out and whose twin is in the kernel's
// gpu.rs. The constants MAX_ORDER, of series, and WORKGROUP, of invocations, are written in src/kernel/dispatch, which puts them in
// front.

struct Layout {
    samples: u32,
    lanes: u32,
    units: u32,
    degree: u32,
    @size(16) primal: u32, // 1 if there is a block 0
}

@group(0) @binding(0) var<uniform> params: Params;
// First and second input of the step.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
// Twin of src/kernel/kink.rs. Of each (sample, lane) the distance to the nearest kink as the bits of a non-negative float, which order like
// integers; and 1 if the ray begins on one, 0 if moreover a branch there is left undecided. Then 1 if the series have to hold for t < 0,
// 0 for t > 0.
@group(0) @binding(6) var<storage, read_write> kinks: array<atomic<u32>>;

// Number of this invocation in a grid of one dimension that is folded into two.
fn invocation(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.y * groups.x * WORKGROUP + id.x;
}

fn rows(l: Layout, order: u32) -> u32 {
    return select(l.samples * l.lanes, l.samples * l.primal, order == 0u);
}

// Rows of all blocks.
fn total_rows(l: Layout) -> u32 {
    return l.samples * l.primal + l.degree * l.samples * l.lanes;
}

// First element of the row of a sample (order 0) or of a lane of a sample (above).
fn row(l: Layout, order: u32, sample: u32, lane: u32) -> u32 {
    if order == 0u {
        return sample * l.units;
    }
    return (l.samples * l.primal + ((order - 1u) * l.samples + sample) * l.lanes + lane) * l.units;
}

// First element of an order's block.
fn block(l: Layout, order: u32) -> u32 {
    return row(l, order, 0u, 0u);
}

// A kink at a distance other than 0.
fn note_kink(sample: u32, lane: u32, lanes: u32, distance: f32) {
    atomicMin(&kinks[2u * (sample * lanes + lane)], bitcast<u32>(abs(distance)));
}

// The ray begins on a kink.
fn note_beginning(sample: u32, lane: u32, lanes: u32) {
    atomicMin(&kinks[2u * (sample * lanes + lane) + 1u], 1u);
}

// An adjoint passes a unit that lies on a kink and doesn't leave it along the ray: its branch there is a choice.
fn note_undecided(sample: u32, lane: u32, lanes: u32) {
    atomicMin(&kinks[2u * (sample * lanes + lane) + 1u], 0u);
}

// Whether the series have to hold for t < 0, where odd orders count with the other sign.
fn looks_behind(samples: u32, lanes: u32) -> bool {
    return atomicLoad(&kinks[2u * samples * lanes]) != 0u;
}
