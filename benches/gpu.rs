//! `cargo bench --bench gpu`, on every adapter: the matrix product of 512 x 512 x 512 numbers by every tiling, compositions
//! with tanh, and the share that they reach of ideal loops of the same loads; the overhead of an expansion that computes next
//! to nothing.
//!
//! The ideal loop of a product is that of `shaders/tile_registers.wgsl` with 32 rows and 8 columns, without edges, bias or
//! layout; that of a composition loads and stores the same coefficients and computes nothing: what the driver allows such
//! loops. The best of many runs counts; compare figures of the same minute only.
#![allow(missing_docs)]

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hope::gpu::wgpu::{self, BufferUsages};
use hope::gpu::{Choice, Engine, Prepared, Program, Tiling, Weights, adapters};
use hope::kernel::elementwise::Compose;
use hope::model::Model;
use hope::plan::{Layer, Method, Plan, Step, Value, ValueId};
use hope::rays::Directions;
use hope::{Device, Precision, Request, expand};

const SIZE: usize = 512;

fn main() {
    let mut known = Vec::new();
    for adapter in pollster::block_on(adapters()) {
        let name = adapter.info.name;
        if known.contains(&name) {
            continue;
        }
        let open = || pollster::block_on(Engine::open(&Choice::Named(name.clone()), None));
        for tiling in Tiling::ALL {
            match open().and_then(|engine| engine.with_tiling(tiling)) {
                Ok(engine) => report(&name, &format!("{tiling:?}"), ours(&engine)),
                Err(error) => println!("{name}: {tiling:?}: {error}"),
            }
        }
        if let Ok(engine) = open().and_then(|engine| engine.with_tiling(Tiling::Subgroup)) {
            let groups = [(SIZE / 256) as u32, (SIZE / 32) as u32];
            report(&name, "ideal loop of Subgroup", ideal(&engine, &product_source(), SIZE * SIZE, groups));
        }
        if let Ok(engine) = open() {
            for order in [3, 5, 10] {
                composition(&name, &engine, order);
            }
            overhead(&name, Arc::new(engine));
        }
        known.push(name);
    }
}

fn report(device: &str, what: &str, seconds: f64) {
    let flop = 2.0 * (SIZE as f64).powi(3);
    println!("{device}: {what}: {:.2} ms, {:.1} GFLOP/s", 1e3 * seconds, flop / seconds / 1e9);
}

/// The best time of what is recorded, of at least five runs and a second.
fn best(engine: &Engine, record: impl Fn(&mut wgpu::CommandEncoder)) -> f64 {
    let (mut best, start, mut runs) = (f64::INFINITY, Instant::now(), 0);
    while runs < 5 || start.elapsed() < Duration::from_secs(1) {
        let begin = Instant::now();
        let mut encoder = engine.device().create_command_encoder(&Default::default());
        record(&mut encoder);
        engine.queue().submit([encoder.finish()]);
        engine.device().poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
        best = best.min(begin.elapsed().as_secs_f64());
        runs += 1;
    }
    best
}

/// Times of an expansion of a network of 12 weights: all of it is overhead, of ours and of the driver.
fn overhead(device: &str, engine: Arc<Engine>) {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let h = b.linear(x, &[4, 3], noise(12).collect::<Vec<f64>>(), None).expect("the shapes fit");
    let y = b.activation(h, hope::activation::Sin).expect("the shapes fit");
    let model = b.build(y).expect("the model is complete");
    let directions = Directions::Unit { inputs: 3 };
    let prepared =
        pollster::block_on(Prepared::exact(&engine, &model, 3, 1, &directions)).expect("memory suffices");
    let buffer = |size| {
        let usage = BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        engine.device().create_buffer(&descriptor)
    };
    let (input, output) = (buffer(16), buffer(prepared.output_bytes()));
    let submitted = best(&engine, |_| ());
    let recorded = best(&engine, |encoder| prepared.record(encoder, &input, &output));
    let request = Request {
        device: Device::gpu(engine.clone()),
        precision: Precision::F32,
        ..Request::new(vec![0.5; 3], 3)
    };
    let whole = (0..200)
        .map(|_| {
            let begin = Instant::now();
            expand(&model, &request).expect("finite");
            begin.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!(
        "{device}: empty submission {:.3} ms, prepared expansion {:.3} ms, expand() {:.3} ms",
        1e3 * submitted,
        1e3 * recorded,
        1e3 * whole
    );
}

/// Numbers of both signs, none special.
fn noise(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(|i| ((i * 7919) % 1009) as f64 / 1009.0 - 0.5)
}

fn ours(engine: &Engine) -> f64 {
    let mut b = Model::builder(&[SIZE]);
    let x = b.input();
    let y =
        b.linear(x, &[SIZE, SIZE], noise(SIZE * SIZE).collect::<Vec<f64>>(), None).expect("the shapes fit");
    best_of_plan(engine, &Plan::forward(&b.build(y).expect("the model is complete")), SIZE, 1)
}

/// The best time of a plan on a chunk of so many samples with so many lanes.
fn best_of_plan(engine: &Engine, plan: &Plan, samples: usize, lanes: usize) -> f64 {
    let weights = pollster::block_on(Weights::new(engine, plan)).expect("memory suffices");
    let program =
        pollster::block_on(Program::new(engine, plan, &weights, samples, lanes)).expect("memory suffices");
    let length = plan.values[plan.input.0].layout(samples, lanes).len();
    let numbers: Vec<f32> = noise(length).map(|x| x as f32).collect();
    engine.queue().write_buffer(program.buffer(plan, plan.input), 0, bytemuck::cast_slice(&numbers));
    best(engine, |encoder| program.record(encoder))
}

/// Series of a composition: samples, lanes and units.
const SERIES: [usize; 3] = [8, 64, 256];

fn composition(device: &str, engine: &Engine, order: usize) {
    let [samples, lanes, units] = SERIES;
    let value = |slot| Value { units, degree: order, primal: true, collapsed: false, slot };
    let step = Step {
        layer: 0,
        kernel: Compose(hope::activation::Tanh.into()).into(),
        inputs: vec![ValueId(0)],
        output: ValueId(1),
        accumulate: false,
    };
    let plan = Plan {
        method: Method::Exact,
        order,
        values: vec![value(0), value(1)],
        steps: vec![step],
        monomials: None,
        constants: Vec::new(),
        layers: vec![Layer { name: "tanh".into(), kind: "Tanh".into() }],
        slots: 2,
        input: ValueId(0),
        output: ValueId(1),
        unit_rays: None,
        seed: None,
        adjoints: Vec::new(),
        weights: None,
        checkpoints: 0,
    };
    let ours = best_of_plan(engine, &plan, samples, lanes);
    let length = plan.values[0].layout(samples, lanes).len();
    // As many lanes per invocation as ours takes on drivers that compute on a processor.
    let each = 16;
    let groups = [(samples * lanes * units / each / 256) as u32, 1];
    let ideal = ideal(engine, &copy_source(order, each), length, groups);
    let rate = |seconds: f64| (samples * lanes * units) as f64 / seconds / 1e6;
    println!(
        "{device}: compose tanh {order}: {:.1} million series per second, {:.0} % of the {:.1} of the ideal loop",
        rate(ours),
        100.0 * ideal / ours,
        rate(ideal)
    );
}

/// Copies coefficients 1 to `order` of `each` lanes of a unit.
fn copy_source(order: usize, each: usize) -> String {
    let [samples, lanes, units] = SERIES;
    let orders = || 0..order;
    let stride = samples * lanes * units;
    let loads: String = orders().map(|k| format!("let u{k} = a[at + {}u];\n", k * stride)).collect();
    let stores: String = orders().map(|k| format!("c[at + {}u] = u{k};\n", k * stride)).collect();
    format!(
        "@group(0) @binding(0) var<storage, read> a: array<f32>;
         @group(0) @binding(1) var<storage, read> b: array<f32>;
         @group(0) @binding(2) var<storage, read_write> c: array<f32>;
         @compute @workgroup_size(256)
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
         let unit = id.x % {units}u;
         let first = id.x / {units}u * {each}u;
         c[id.x] = b[0];
         for (var lane = first; lane < first + {each}u; lane++) {{
         let at = {}u + lane * {units}u + unit;
         {loads} {stores} }} }}",
        samples * units
    )
}

/// The best time of a shader on three buffers of so many numbers.
fn ideal(engine: &Engine, source: &str, length: usize, groups: [u32; 2]) -> f64 {
    let device = engine.device();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: Default::default(),
        cache: None,
    });
    let numbers: Vec<f32> = noise(length).map(|x| x as f32).collect();
    let buffers: Vec<wgpu::Buffer> = (0..3)
        .map(|_| {
            let buffer = device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 4 * length as u64,
                usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            engine.queue().write_buffer(&buffer, 0, bytemuck::cast_slice(&numbers));
            buffer
        })
        .collect();
    let entries: Vec<_> = (0..)
        .zip(&buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let bindings = Arc::new(device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    }));
    best(engine, |encoder| {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &*bindings, &[]);
        pass.dispatch_workgroups(groups[0], groups[1], 1);
    })
}

/// 32 rows of `a`, of which each of eight lanes loads four, by 8 columns of `b` a lane.
fn product_source() -> String {
    let mut body = String::new();
    let mut line = |text: String| {
        let _ = writeln!(body, "{text}"); // writing into a string can't fail
    };
    (0..64).for_each(|i| line(format!("var s{i} = vec4(0.0);")));
    line(format!("for (var k = 0u; k < {SIZE}u; k++) {{"));
    (0..8).for_each(|j| line(format!("let b{j} = b[(n + {}u) * {SIZE}u + k];", 8 * j)));
    line("let low = vec4(b0, b1, b2, b3); let high = vec4(b4, b5, b6, b7);".into());
    (0..4).for_each(|h| line(format!("let own{h} = a[(m + {}u + lane) * {SIZE}u + k];", 8 * h)));
    for i in 0..32 {
        line(format!("let a{i} = subgroupBroadcast(own{}, {}u);", i / 8, i % 8));
        line(format!("s{} += a{i} * low; s{} += a{i} * high;", 2 * i, 2 * i + 1));
    }
    line("}".into());
    for i in 0..64 {
        for e in 0..4 {
            let column = 8 * (4 * (i % 2) + e);
            line(format!("c[(n + {column}u) * {SIZE}u + m + {}u] = s{i}[{e}];", i / 2));
        }
    }
    format!(
        "@group(0) @binding(0) var<storage, read> a: array<f32>;
         @group(0) @binding(1) var<storage, read> b: array<f32>;
         @group(0) @binding(2) var<storage, read_write> c: array<f32>;
         @compute @workgroup_size(32)
         fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_id) subgroup: u32,
                 @builtin(subgroup_size) size: u32, @builtin(subgroup_invocation_id) index: u32) {{
         let lane = index % 8u;
         let m = group.y * 32u;
         let n = (group.x * 4u + (subgroup * size + index) / 8u) * 64u + lane;
         {body} }}"
    )
}
