//! Timing what a GPU does: one step of a plan, and the two small kernels that show what the device can do.
//!
//! Measured, not looked up: by a kernel of many independent multiply-adds in registers, and by a sum of two arrays that are
//! larger than caches, `shaders/bench.wgsl`. Of several variants the best counts.

use std::sync::Arc;

use web_time::Instant;
use wgpu::BufferUsages;

use super::backend::Gpu;
use super::profile::Timestamps;
use super::program::{Program, Weights};
use super::{Engine, GpuExecutor, readback};
use crate::backend::{BoxFuture, Chunk, Effort, Instruments, Peak, Repeats, Source, StepTime, StepWork};
use crate::error::{Error, Result};
use crate::kernel::Layout;
use crate::kernel::dispatch::{
    File, Layouts, Shader, Uniform, Variants, WORKGROUP, grid, params, wgsl, word,
};
use crate::plan::Plan;
use crate::scalar::Precision;

/// Passes of each variant; the best counts.
const TRIES: usize = 4;

/// Numbers of each array of the triad: three of 64 MiB.
const LENGTH: usize = 16 << 20;

impl Instruments for Gpu {
    fn peak(&self, _: Precision, _: usize, seconds: f64) -> BoxFuture<'_, Result<Peak>> {
        Box::pin(peak(&self.engine, seconds))
    }

    fn last_step<'a>(&'a self, work: &'a StepWork<'a>, effort: Effort) -> BoxFuture<'a, Result<StepTime>> {
        Box::pin(last_step(&self.engine, work, effort))
    }
}

/// Many runs in one compute pass.
async fn last_step(engine: &Arc<Engine>, work: &StepWork<'_>, effort: Effort) -> Result<StepTime> {
    let step = GpuStep::new(engine, &work.plan, &work.chunk, work.source).await?;
    step.run(1).await?;
    // Passes long enough for the clock, and for what surrounds them not to count.
    let enough = (effort.budget / 20.0).min(0.02);
    let mut times = 1;
    while step.run(times).await?.seconds < enough && times < 4096 {
        times *= 2;
    }
    let (mut runs, mut on_device) = (Repeats::new(effort), true);
    while runs.due() {
        let time = step.run(times).await?;
        runs.note(time.seconds / times as f64);
        on_device &= time.on_device;
    }
    Ok(StepTime { seconds: runs.spread(), at_once: 1, on_device })
}

/// What it can do, within about so many seconds.
async fn peak(engine: &Arc<Engine>, seconds: f64) -> Result<Peak> {
    let peaks = GpuPeaks::new(engine).await?;
    let each = (seconds / 16.0).clamp(1e-3, 0.05);
    let software = engine.is_software();
    // Invocations to fill the largest GPUs, turns to make starting them cheap, but not more than drivers allow.
    let invocations = if software { 1 << 12 } else { 1 << 19 };
    let mut flops = 0.0f64;
    for fused in [true, false] {
        let kernel = peaks.multiply_add(fused, invocations, 512).await?;
        flops = flops.max(peaks.best(&kernel, each).await?);
    }
    // Pages have little memory.
    let modest = software || cfg!(target_family = "wasm");
    let length = peaks.room().min(if modest { LENGTH } else { 2 * LENGTH });
    let mut bytes = 0.0f64;
    for numbers in [1, 16] {
        let kernel = peaks.triad(length, numbers).await?;
        bytes = bytes.max(peaks.best(&kernel, each).await?);
    }
    Ok(Peak { flops, bytes })
}

/// Seconds that a compute pass takes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct PassTime {
    pub seconds: f64,
    /// By the device's own clock; else it includes submitting and waiting.
    pub on_device: bool,
}

/// Times compute passes.
#[derive(Debug)]
struct Stopwatch {
    engine: Arc<Engine>,
    timestamps: Option<Timestamps>,
    staging: wgpu::Buffer,
}

impl Stopwatch {
    async fn new(engine: &Arc<Engine>) -> Result<Self> {
        let timestamps = Timestamps::new(engine, 1).await?;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = engine.buffer("hope times", 16, usage).await?;
        Ok(Self { engine: engine.clone(), timestamps, staging })
    }

    async fn pass(&self, encode: impl FnOnce(&mut wgpu::ComputePass<'_>)) -> Result<PassTime> {
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        let timestamp_writes = self.timestamps.as_ref().map(|t| t.writes(0));
        let descriptor = wgpu::ComputePassDescriptor { label: Some("hope bench"), timestamp_writes };
        encode(&mut encoder.begin_compute_pass(&descriptor));
        if let Some(timestamps) = &self.timestamps {
            timestamps.read_into(&mut encoder, &self.staging, 0);
        }
        let started = Instant::now();
        let submission = self.engine.submit(encoder).await?;
        let numbers = readback::read(&self.engine, &self.staging, submission).await?;
        let wall = started.elapsed().as_secs_f64();
        let stamps: Vec<u64> = bytemuck::pod_collect_to_vec(&numbers);
        let period = f64::from(self.engine.queue().get_timestamp_period()) * 1e-9;
        let seconds = match stamps[..] {
            [begin, end, ..] if self.timestamps.is_some() => end.saturating_sub(begin) as f64 * period,
            _ => 0.0,
        };
        // Some drivers have timestamps that say nothing.
        let on_device = seconds > 0.0 && seconds <= wall;
        Ok(PassTime { seconds: if on_device { seconds } else { wall }, on_device })
    }
}

/// The last step of a plan, to be run alone, again and again.
#[derive(Debug)]
struct GpuStep {
    stopwatch: Stopwatch,
    program: Program,
    step: usize,
}

impl GpuStep {
    /// Prepares it; all steps run once, so that it finds its inputs.
    pub async fn new(engine: &Arc<Engine>, plan: &Plan, chunk: &Chunk, source: Source<'_>) -> Result<Self> {
        GpuExecutor::check(engine, plan)?;
        let weights = Weights::new(engine, plan).await?;
        let program = Program::new(engine, plan, &weights, chunk.points.len(), chunk.lanes.len()).await?;
        program.upload(engine, plan, chunk, source).await?;
        let mut encoder = engine.device().create_command_encoder(&Default::default());
        program.record(&mut encoder);
        engine.submit(encoder).await?;
        Ok(Self { stopwatch: Stopwatch::new(engine).await?, program, step: plan.steps.len() - 1 })
    }

    /// Runs it some times in one pass.
    pub async fn run(&self, times: usize) -> Result<PassTime> {
        self.stopwatch
            .pass(|pass| {
                for _ in 0..times {
                    self.program.encode_step(pass, self.step);
                }
            })
            .await
    }
}

/// Multiply-adds of an invocation in each turn of its loop: see `shaders/bench.wgsl`.
const PER_TURN: usize = 128;

/// The kernels of `shaders/bench.wgsl`.
#[derive(Debug)]
struct GpuPeaks {
    engine: Arc<Engine>,
    stopwatch: Stopwatch,
}

impl GpuPeaks {
    pub async fn new(engine: &Arc<Engine>) -> Result<Self> {
        Ok(Self { engine: engine.clone(), stopwatch: Stopwatch::new(engine).await? })
    }

    /// Multiply-adds in so many invocations, fused or not.
    pub async fn multiply_add(&self, fused: bool, invocations: usize, turns: usize) -> Result<PeakKernel> {
        let entry = if fused { "fused" } else { "separate" };
        let invocations = invocations.next_multiple_of(WORKGROUP as usize);
        let shader = shader(entry, 1);
        let ready = self.kernel(shader, &[0.5; 4], 4, invocations, turns, invocations).await?;
        Ok(PeakKernel { ready, amount: (2 * PER_TURN * turns * invocations) as f64, result: 32.0 })
    }

    /// The triad on arrays of about so many numbers, an invocation for every few of them.
    pub async fn triad(&self, length: usize, each: usize) -> Result<PeakKernel> {
        let invocations = length / each;
        let length = invocations * each;
        let shader = shader("triad", each);
        let ready = self.kernel(shader, &vec![2.0; length], length, length, 0, invocations).await?;
        Ok(PeakKernel { ready, amount: (3 * 4 * length) as f64, result: 3.0 })
    }

    /// Operations or bytes per second: of as many runs in a pass as take so many seconds, in the best of some passes.
    pub async fn best(&self, kernel: &PeakKernel, seconds: f64) -> Result<f64> {
        let mut times = 1;
        self.run(kernel, times).await?; // pages are touched, clocks go up
        let (mut best, mut taken) = self.run(kernel, times).await?;
        while taken < seconds && times < 4096 {
            times *= 2;
            let (rate, seconds) = self.run(kernel, times).await?;
            (best, taken) = (best.max(rate), seconds);
        }
        for _ in 0..TRIES {
            best = best.max(self.run(kernel, times).await?.0);
        }
        Ok(best)
    }

    /// Runs a kernel some times in one pass: operations or bytes per second, and seconds.
    async fn run(&self, kernel: &PeakKernel, times: usize) -> Result<(f64, f64)> {
        let encode = |pass: &mut wgpu::ComputePass<'_>| (0..times).for_each(|_| kernel.ready.encode(pass));
        let PassTime { seconds, .. } = self.stopwatch.pass(encode).await?;
        let results = self.read(&kernel.ready.out, 4).await?;
        if !results.iter().all(|r| (r - kernel.result).abs() < 1e-3) {
            return Err(Error::Device {
                device: self.engine.info().name.clone(),
                cause: "a kernel that measures what it can do gives wrong numbers".into(),
            });
        }
        Ok((kernel.amount * times as f64 / seconds, seconds))
    }

    /// Numbers that an array of the triad may have.
    pub fn room(&self) -> usize {
        let limits = self.engine.device().limits();
        (limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / 4) as usize
    }

    async fn kernel(
        &self,
        shader: Shader,
        x: &[f32],
        y: usize,
        out: usize,
        turns: usize,
        invocations: usize,
    ) -> Result<Ready> {
        let engine = &self.engine;
        let layout = Layout { samples: 1, lanes: 1, units: out, degree: 0, primal: true, collapsed: false };
        let params = Params { layouts: Layouts::new(layout, layout, layout), turns: word(turns) };
        let params = engine.filled("hope parameters", &params.words(), BufferUsages::UNIFORM).await?;
        let first = engine.filled("hope bench", x, BufferUsages::STORAGE).await?;
        let second = engine.filled("hope bench", &vec![2f32; y], BufferUsages::STORAGE).await?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let result = engine.buffer("hope bench", 4 * out as u64, usage).await?;
        let kinks = engine.buffer("hope kinks", 16, usage).await?;
        let bindings = engine.bind("hope bench", [&params, &first, &second, &first, &first, &result, &kinks]);
        let pipeline = engine.pipeline(shader).await?;
        Ok(Ready { pipeline, bindings, grid: grid(invocations), out: result })
    }

    async fn read(&self, buffer: &wgpu::Buffer, length: usize) -> Result<Vec<f32>> {
        let bytes = 4 * length as u64;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = self.engine.buffer("hope results", bytes, usage).await?;
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes);
        let submission = self.engine.submit(encoder).await?;
        let mut numbers = readback::read(&self.engine, &staging, submission).await?;
        numbers.truncate(length);
        Ok(numbers)
    }
}

/// A kernel that shows what a device can do.
#[derive(Debug)]
struct PeakKernel {
    ready: Ready,
    /// Operations, or bytes moved.
    amount: f64,
    /// What it writes everywhere.
    result: f32,
}

pub(super) const FILE: File = File {
    name: "bench",
    source: wgsl!("bench"),
    includes: &[],
    entries: &["fused", "separate", "triad"],
    constants: &["EACH"],
    examples: &[&[1], &[16]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        turns: u32,
    }
}

fn shader(entry: &'static str, each: usize) -> Shader {
    Shader::new(&FILE, entry).constant("EACH", each)
}

/// A kernel with its bindings.
#[derive(Debug)]
struct Ready {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    grid: [u32; 3],
    out: wgpu::Buffer,
}

impl Ready {
    fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        let [x, y, z] = self.grid;
        pass.dispatch_workgroups(x, y, z);
    }
}
