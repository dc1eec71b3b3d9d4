//! Expanding a network inside your own wgpu application: `cargo run --release --example embed`.
//!
//! The application owns its device. In one submission, its own compute pass makes points on a circle, the network
//! is expanded at all of them, and another of its passes evaluates the Taylor polynomials a step away; only the
//! predictions come back. Nothing waits in between, and the points never leave the GPU.

use std::sync::Arc;

use hope::gpu::{Engine, Prepared, wgpu};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Request, expand};
use wgpu::BufferUsages;

const POINTS: usize = 64;
const ORDER: usize = 6;
const STEP: f32 = 0.05;

/// The application's shaders: `circle` writes the points, `predict` reads the coefficients.
const SHADERS: &str = "
@group(0) @binding(0) var<storage, read_write> points: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(2) var<storage, read_write> predictions: array<f32>;

const POINTS = 64u;
const ORDER = 6u;
const STEP = 0.05;

@compute @workgroup_size(64)
fn circle(@builtin(global_invocation_id) id: vec3<u32>) {
    let angle = f32(id.x) * 6.2831853 / f32(POINTS);
    points[id.x] = 0.5 * vec2(cos(angle), sin(angle));
}

// The layout of `Prepared::output_layout`: values [point], then for each order [point, ray]; ray 0 is along x.
@compute @workgroup_size(64)
fn predict(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = coefficients[id.x];
    var power = 1.0;
    for (var order = 1u; order <= ORDER; order++) {
        power *= STEP;
        sum += power * coefficients[POINTS + ((order - 1u) * POINTS + id.x) * 2u];
    }
    predictions[id.x] = sum;
}
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The application's own device; WebGPU's default limits suffice.
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default()))?;
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))?;
    println!("device: {}", adapter.get_info().name);

    // The engine takes it along; the model is prepared once.
    let engine = Arc::new(Engine::new(device.clone(), queue.clone())?);
    let model = Model::from_onnx("tests/fixtures/reference/discover_2d.onnx", &ImportOptions::default())?;
    let prepared =
        pollster::block_on(Prepared::exact(&engine, &model, ORDER, POINTS, &Directions::Unit { inputs: 2 }))?;

    let buffer = |size: u64, usage: BufferUsages| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let points = buffer(8 * POINTS as u64, BufferUsages::STORAGE | BufferUsages::COPY_SRC);
    let coefficients = buffer(prepared.output_bytes(), BufferUsages::STORAGE | BufferUsages::COPY_DST);
    let predictions = buffer(4 * POINTS as u64, BufferUsages::STORAGE | BufferUsages::COPY_SRC);
    let result = buffer(12 * POINTS as u64, BufferUsages::MAP_READ | BufferUsages::COPY_DST);

    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(SHADERS.into()),
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    let pass = |encoder: &mut wgpu::CommandEncoder, entry: &str, used: &[(u32, &wgpu::Buffer)]| {
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: None,
            module: &module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        });
        let entries: Vec<wgpu::BindGroupEntry> = used
            .iter()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups(POINTS as u32 / 64, 1, 1);
    };
    pass(&mut encoder, "circle", &[(0, &points)]);
    prepared.record(&mut encoder, &points, &coefficients);
    pass(&mut encoder, "predict", &[(1, &coefficients), (2, &predictions)]);
    // For the check below only.
    encoder.copy_buffer_to_buffer(&points, 0, &result, 0, 8 * POINTS as u64);
    encoder.copy_buffer_to_buffer(&predictions, 0, &result, 8 * POINTS as u64, 4 * POINTS as u64);
    queue.submit([encoder.finish()]);

    result.slice(..).map_async(wgpu::MapMode::Read, |_| {});
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(&result.slice(..).get_mapped_range()?[..]);

    // What the network itself says a step away.
    let (points, predicted) = numbers.split_at(2 * POINTS);
    let moved: Vec<f64> =
        points.chunks_exact(2).flat_map(|p| [f64::from(p[0] + STEP), f64::from(p[1])]).collect();
    let truth = expand(&model, &Request::new(moved, 1))?.value;
    let worst = predicted.iter().zip(&truth).map(|(p, t)| (f64::from(*p) - t).abs()).fold(0.0, f64::max);
    println!("{POINTS} predictions to order {ORDER}, a step of {STEP} away: off by {worst:.1e} at most");
    Ok(())
}
