//! The shaders: a plan of one step on an adapter.

use hope::gpu::wgpu::{self, BufferUsages};
use hope::gpu::{Engine, Program, Weights};
use hope::kernel::Side;
use hope::plan::ValueId;

use crate::kernels::case::{Case, Outcome};

pub fn run(engine: &Engine, case: &Case) -> Outcome {
    let plan = case.plan();
    let weights = pollster::block_on(Weights::new(engine, &plan)).unwrap();
    let program =
        pollster::block_on(Program::new(engine, &plan, &weights, case.samples, case.lanes)).unwrap();

    let queue = engine.queue();
    let write = |buffer: &wgpu::Buffer, numbers: &[f64]| {
        let numbers: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        queue.write_buffer(buffer, 0, bytemuck::cast_slice(&numbers));
    };
    for (i, data) in case.data.iter().enumerate() {
        write(program.buffer(&plan, ValueId(i)), data);
    }
    let output = program.buffer(&plan, plan.output);
    write(output, &case.before);
    let series = case.samples * case.lanes;
    let mut kinks = vec![f32::INFINITY.to_bits(); 2 * series];
    kinks.push(u32::from(case.side == Side::Behind));
    queue.write_buffer(program.kinks(), 0, bytemuck::cast_slice(&kinks));
    let mut numbers = vec![case.first_lane as f64, 0.0, 0.0, 0.0];
    numbers.extend((0..case.lanes).map(|lane| case.radius(case.first_lane + lane)));
    write(program.chunk(), &numbers);

    let (of_output, of_kinks) = (4 * case.before.len() as u64, 8 * series as u64);
    let staging = engine.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: of_output + of_kinks,
        usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = engine.device().create_command_encoder(&Default::default());
    program.record(&mut encoder);
    encoder.copy_buffer_to_buffer(output, 0, &staging, 0, of_output);
    encoder.copy_buffer_to_buffer(program.kinks(), 0, &staging, of_output, of_kinks);
    queue.submit([encoder.finish()]);
    staging.map_async(wgpu::MapMode::Read, .., |result| result.unwrap());
    engine.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let range = staging.get_mapped_range(..).unwrap();
    let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(&range[..]);
    let mut output: Vec<f64> = numbers.into_iter().map(f64::from).collect();
    let mut kinks = output.split_off(case.before.len());
    // 1 if it begins on a kink, 0 if a branch there is undecided, as bits.
    for begins in kinks.iter_mut().skip(1).step_by(2) {
        *begins = match (*begins as f32).to_bits() {
            0 => -1.0,
            1 => 0.0,
            _ => *begins,
        };
    }
    Outcome { output, kinks }
}
