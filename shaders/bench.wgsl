// What a device can do: multiply-adds alone, and moving memory alone. Run by `hope bench`; no plan uses them.
// Twin of src/bench/peak.rs.

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    turns: u32,
}

fn fused4(s: vec4<f32>, a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    return fma(fma(fma(fma(s, a, b), a, b), a, b), a, b);
}

fn separate4(s: vec4<f32>, a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    return (((s * a + b) * a + b) * a + b) * a + b;
}

// 32 sums per invocation that don't wait for each other, 128 multiply-adds per turn. a and b come from memory, and the sums
// go there, so that nothing can be computed beforehand or left out. With a = b = 1/2 every sum tends to 1.
@compute @workgroup_size(WORKGROUP)
fn fused(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let a = vec4(x[0]);
    let b = vec4(x[1]);
    var s0 = vec4(f32(i & 255u)) + vec4(0.0, 0.25, 0.5, 0.75);
    var s1 = s0 + 1.0;
    var s2 = s0 + 2.0;
    var s3 = s0 + 3.0;
    var s4 = s0 + 4.0;
    var s5 = s0 + 5.0;
    var s6 = s0 + 6.0;
    var s7 = s0 + 7.0;
    for (var turn = 0u; turn < params.turns; turn++) {
        s0 = fused4(s0, a, b);
        s1 = fused4(s1, a, b);
        s2 = fused4(s2, a, b);
        s3 = fused4(s3, a, b);
        s4 = fused4(s4, a, b);
        s5 = fused4(s5, a, b);
        s6 = fused4(s6, a, b);
        s7 = fused4(s7, a, b);
    }
    let s = (s0 + s1) + (s2 + s3) + ((s4 + s5) + (s6 + s7));
    out[i] = s.x + s.y + s.z + s.w;
}

// The same with a product and a sum, which some drivers fuse and some run faster than fma.
@compute @workgroup_size(WORKGROUP)
fn separate(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let a = vec4(x[0]);
    let b = vec4(x[1]);
    var s0 = vec4(f32(i & 255u)) + vec4(0.0, 0.25, 0.5, 0.75);
    var s1 = s0 + 1.0;
    var s2 = s0 + 2.0;
    var s3 = s0 + 3.0;
    var s4 = s0 + 4.0;
    var s5 = s0 + 5.0;
    var s6 = s0 + 6.0;
    var s7 = s0 + 7.0;
    for (var turn = 0u; turn < params.turns; turn++) {
        s0 = separate4(s0, a, b);
        s1 = separate4(s1, a, b);
        s2 = separate4(s2, a, b);
        s3 = separate4(s3, a, b);
        s4 = separate4(s4, a, b);
        s5 = separate4(s5, a, b);
        s6 = separate4(s6, a, b);
        s7 = separate4(s7, a, b);
    }
    let s = (s0 + s1) + (s2 + s3) + ((s4 + s5) + (s6 + s7));
    out[i] = s.x + s.y + s.z + s.w;
}

// out = x + y / 2: two numbers read and one written per multiply-add. An invocation takes EACH numbers: one is enough for GPUs,
// several are faster where starting an invocation and asking for the end of the array aren't free.
@compute @workgroup_size(WORKGROUP)
fn triad(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    // A whole number of them.
    let invocations = params.out.units / EACH;
    if i >= invocations {
        return;
    }
    // unroll
    for (var turn = 0u; turn < EACH; turn++) {
        let at = i + turn * invocations;
        out[at] = x[at] + 0.5 * y[at];
    }
}
