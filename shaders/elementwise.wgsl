// Elementwise functions: composition of series (exact), Bell-polynomial matrices (published rule).
// Twin of src/kernels/elementwise.rs, where the formulas are. The function itself comes from
// activations/NAME.wgsl: `taylor(x, n, p)` fills a[0..=n].

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    parameters: vec4<f32>,
    kink_values: vec4<f32>,
    kink_count: u32,
    accumulate: u32,
    pad0: u32,
    pad1: u32,
}

var<private> u: array<f32, 17>;
var<private> v: array<f32, 17>;

// y = Σ a_j u^j by Horner's scheme on truncated series; one invocation per (sample, lane, unit).
@compute @workgroup_size(256)
fn compose(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let units = params.out.units;
    let n = params.out.degree;
    // Without higher orders there may be no lanes.
    let lanes = select(params.out.lanes, 1u, n == 0u);
    if i >= params.out.samples * lanes * units {
        return;
    }
    let unit = i % units;
    let lane = (i / units) % lanes;
    let sample = i / (units * lanes);
    let primal = x[row(params.x, 0u, sample, 0u) + unit];
    taylor(primal, n, params.parameters);
    if lane == 0u {
        out[row(params.out, 0u, sample, 0u) + unit] = a[0];
    }
    if n == 0u {
        return;
    }
    let given = params.x.degree;
    for (var k = 1u; k <= given; k++) {
        u[k] = x[row(params.x, k, sample, lane) + unit];
    }
    for (var k = 0u; k < params.kink_count; k++) {
        if u[1] != 0.0 {
            note_kink(sample, lane, lanes, (params.kink_values[k] - primal) / u[1]);
        }
    }
    if given == 1u {
        var power = u[1];
        for (var k = 1u; k <= n; k++) {
            out[row(params.out, k, sample, lane) + unit] = a[k] * power;
            power *= u[1];
        }
        return;
    }
    v[0] = a[n];
    for (var stage = 1u; stage <= n; stage++) {
        // v := v u + a_{n-stage}, in place from the highest order down.
        for (var k = stage; k >= 1u; k--) {
            var sum = 0.0;
            for (var j = 1u; j <= min(given, k); j++) {
                sum += u[j] * v[k - j];
            }
            v[k] = sum;
        }
        v[0] = a[n - stage];
    }
    for (var k = 1u; k <= n; k++) {
        out[row(params.out, k, sample, lane) + unit] = v[k];
    }
}

// out[k] = Σ_s B[k,s] z[s]; x is the primal, y the adjoint z; one invocation per (sample, lane, unit).
@compute @workgroup_size(256)
fn bell(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = invocation(id, groups);
    let units = params.out.units;
    let lanes = params.out.lanes;
    if i >= params.out.samples * lanes * units {
        return;
    }
    let unit = i % units;
    let lane = (i / units) % lanes;
    let sample = i / (units * lanes);
    let n = params.out.degree;
    taylor(x[row(params.x, 0u, sample, 0u) + unit], n, params.parameters);
    // u is the column B[., s], v the sums.
    for (var k = 1u; k <= n; k++) {
        u[k] = a[k];
        v[k] = 0.0;
    }
    for (var s = 1u; s <= min(n, params.y.degree); s++) {
        let z = y[row(params.y, s, sample, lane) + unit];
        for (var k = n; k >= 1u; k--) {
            v[k] += u[k] * z;
            // The next column, in place from the highest order down: B[k, s+1] = Σ a_j B[k-j, s].
            var sum = 0.0;
            for (var j = 1u; j < k; j++) {
                sum += a[j] * u[k - j];
            }
            u[k] = sum;
        }
    }
    for (var k = 1u; k <= n; k++) {
        let at = row(params.out, k, sample, lane) + unit;
        out[at] = select(v[k], out[at] + v[k], params.accumulate == 1u);
    }
}
