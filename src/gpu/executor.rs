//! Running chunks on a GPU: upload, record, submit, read back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use wgpu::BufferUsages;

use super::program::{self, Program, Weights};
use super::{Engine, MAX_ORDER};
use crate::error::{Error, Result};
use crate::executor::{self, Chunk, ChunkResult, Executor, Source};
use crate::kernels::Series;
use crate::plan::{Method, Plan, ValueId};

/// A plan with its weights on a GPU.
#[derive(Debug)]
pub struct GpuExecutor {
    engine: Arc<Engine>,
    plan: Plan,
    weights: Weights,
    /// Programs that are not at work, to be used again for chunks of the same size.
    idle: Mutex<Vec<Slot>>,
}

/// A program with a buffer to read its results from.
#[derive(Debug)]
struct Slot {
    program: Program,
    staging: wgpu::Buffer,
}

/// A chunk under way.
struct Flight<'a> {
    chunk: &'a Chunk,
    slot: Slot,
    mapped: mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl GpuExecutor {
    /// Series that a chunk should have: enough to keep thousands of invocations busy.
    pub const SERIES: usize = 1024;

    /// Uploads a plan's weights.
    ///
    /// # Errors
    /// If the device can't run the plan or its memory doesn't suffice.
    pub fn new(engine: Arc<Engine>, plan: Plan) -> Result<Self> {
        Self::check(&engine, &plan)?;
        let weights = Weights::new(&engine, &plan)?;
        Ok(Self { engine, plan, weights, idle: Mutex::default() })
    }

    /// Whether the device can run a plan at all.
    ///
    /// # Errors
    /// If the order is too high, or a weight or the smallest chunk exceeds the device's limits.
    pub fn check(engine: &Engine, plan: &Plan) -> Result<()> {
        if plan.order > MAX_ORDER {
            return Err(Error::Request(format!(
                "order {} is too high for the GPU, which computes orders to {MAX_ORDER}: use --device cpu",
                plan.order
            )));
        }
        let limits = engine.device().limits();
        let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let largest = plan.constants.iter().map(|c| 4 * c.len() as u64).max().unwrap_or(0);
        let fail = |cause| Err(Error::Device { device: engine.info().name.clone(), cause });
        if largest > bytes {
            return fail(format!(
                "a weight of {} exceeds its limit of {} for a binding: use --device cpu",
                crate::memory::human(largest),
                crate::memory::human(bytes)
            ));
        }
        if !Self::fits(engine, plan, 1, 1) {
            return fail("even a single series exceeds its limits: use --device cpu".into());
        }
        Ok(())
    }

    /// Whether a chunk of this size stays within the device's limits.
    pub fn fits(engine: &Engine, plan: &Plan, samples: usize, lanes: usize) -> bool {
        program::fits(&engine.device().limits(), plan, samples, lanes)
    }

    fn take(&self, chunk: &Chunk) -> Result<Slot> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = idle.iter().position(|s| s.program.samples == samples && s.program.lanes == lanes) {
            return Ok(idle.swap_remove(i));
        }
        // Another size: make room first.
        idle.clear();
        drop(idle);
        let program = Program::new(&self.engine, &self.plan, &self.weights, samples, lanes)?;
        let staging = self.engine.buffer(
            "hope results",
            self.staged(samples, lanes).iter().map(|(_, bytes)| bytes).sum(),
            BufferUsages::MAP_READ | BufferUsages::COPY_DST,
        )?;
        Ok(Slot { program, staging })
    }

    /// What is read back: the values with their sizes in bytes, the kinks last.
    fn staged(&self, samples: usize, lanes: usize) -> Vec<(Option<ValueId>, u64)> {
        let mut ids = vec![self.plan.output];
        ids.extend(&self.plan.adjoints);
        let mut staged: Vec<_> =
            ids.iter().map(|&id| (Some(id), 4 * self.plan.layout(id, samples, lanes).len() as u64)).collect();
        staged.push((None, 4 * (samples * lanes) as u64));
        staged
    }

    /// Submits a chunk and asks for its results.
    fn launch<'a>(&self, chunk: &'a Chunk, source: Source) -> Result<Flight<'a>> {
        let slot = self.take(chunk)?;
        slot.program.upload(&self.engine, &self.plan, chunk, source);
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        slot.program.record(&mut encoder);
        let mut offset = 0;
        for (id, bytes) in self.staged(slot.program.samples, slot.program.lanes) {
            let from = id.map_or(&slot.program.kinks, |id| slot.program.buffer(&self.plan, id));
            encoder.copy_buffer_to_buffer(from, 0, &slot.staging, offset, bytes);
            offset += bytes;
        }
        self.engine.queue().submit([encoder.finish()]);
        let (sender, mapped) = mpsc::channel();
        slot.staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let _ = sender.send(result); // nobody waits any more: the run was stopped
        });
        Ok(Flight { chunk, slot, mapped })
    }

    /// Waits for a chunk's results.
    fn land(&self, flight: Flight, source: Source) -> Result<ChunkResult> {
        let Flight { chunk, slot, mapped } = flight;
        self.wait(&mapped)?;
        let numbers: Vec<f32> = {
            let range = slot.staging.slice(..).get_mapped_range().map_err(|error| self.failed(&error))?;
            bytemuck::pod_collect_to_vec(&range[..])
        };
        slot.staging.unmap();
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let staged = self.staged(samples, lanes);
        let read = |wanted: ValueId| {
            let mut offset = 0;
            for (id, bytes) in &staged {
                if *id == Some(wanted) {
                    break;
                }
                offset += *bytes as usize / 4;
            }
            let layout = self.plan.layout(wanted, samples, lanes);
            Series { data: &numbers[offset..][..layout.len()], layout }
        };
        let kinks = match self.plan.method {
            Method::Exact => {
                let total: u64 = staged.iter().map(|(_, bytes)| bytes).sum();
                let end = total as usize / 4;
                numbers[end - samples * lanes..end].iter().map(|&t| f64::from(t)).collect()
            }
            Method::Hope => Vec::new(),
        };
        let result = executor::collect(&self.plan, chunk, source, read, kinks);
        if !result.is_finite() {
            return Err(self.find_not_finite(&slot.program, chunk, source)?);
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
        Ok(result)
    }

    fn wait(&self, mapped: &mpsc::Receiver<Result<(), wgpu::BufferAsyncError>>) -> Result<()> {
        self.engine
            .device()
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| self.failed(&error))?;
        self.engine.check()?;
        match mapped.recv() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Error {
        // A lost device fails in many ways; say the cause.
        match self.engine.check() {
            Err(lost) => lost,
            Ok(()) => Error::Device {
                device: self.engine.info().name.clone(),
                cause: format!("reading back: {error}"),
            },
        }
    }

    /// Runs a chunk again, step by step, and names the first step whose output isn't finite.
    fn find_not_finite(&self, program: &Program, chunk: &Chunk, source: Source) -> Result<Error> {
        program.upload(&self.engine, &self.plan, chunk, source);
        for (index, step) in self.plan.steps.iter().enumerate() {
            let layout = self.plan.layout(step.output, program.samples, program.lanes);
            let bytes = 4 * layout.len() as u64;
            let staging =
                self.engine.buffer("hope check", bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
            let mut encoder = self.engine.device().create_command_encoder(&Default::default());
            program.record_steps(&mut encoder, index..index + 1);
            encoder.copy_buffer_to_buffer(program.buffer(&self.plan, step.output), 0, &staging, 0, bytes);
            self.engine.queue().submit([encoder.finish()]);
            let (sender, mapped) = mpsc::channel();
            staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
                let _ = sender.send(result);
            });
            self.wait(&mapped)?;
            let range = staging.slice(..).get_mapped_range().map_err(|error| self.failed(&error))?;
            let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(&range[..]);
            let output = Series { data: &numbers[..layout.len()], layout };
            if let Err(error) = executor::check(&self.plan, chunk, step.layer, output) {
                return Ok(error);
            }
        }
        Ok(executor::not_finite::<f32>(&self.plan, self.plan.layers.len() - 1, 0, chunk.points.start))
    }
}

impl Executor for GpuExecutor {
    fn run(
        &self,
        chunks: &[Chunk],
        source: Source,
        deliver: &mut dyn FnMut(&Chunk, ChunkResult) -> Result<()>,
    ) -> Result<()> {
        // One chunk computes while the one before it is read back.
        let mut flying = VecDeque::new();
        for chunk in chunks {
            flying.push_back(self.launch(chunk, source)?);
            if flying.len() > 1
                && let Some(flight) = flying.pop_front()
            {
                deliver(flight.chunk, self.land(flight, source)?)?;
            }
        }
        for flight in flying {
            deliver(flight.chunk, self.land(flight, source)?)?;
        }
        Ok(())
    }
}
