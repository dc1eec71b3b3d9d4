//! Running chunks on a GPU: upload, record, submit, read back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu::BufferUsages;

use super::profile::{Profile, Timestamps};
use super::program::{self, Program, Weights};
use super::{Engine, MAX_ORDER, readback};
use crate::backend::{
    self, Blame, BoxFuture, Chunk, ChunkResult, Deliver, Executor, KernelTime, Run, Source,
};
use crate::error::{Error, Result};
use crate::kernel::{Kink, Series};
use crate::plan::{Plan, ValueId};

/// A plan with its weights on a GPU.
#[derive(Debug)]
pub struct GpuExecutor {
    engine: Arc<Engine>,
    plan: Arc<Plan>,
    weights: Weights,
    /// Programs that are not at work, to be used again for chunks of the same size.
    idle: Mutex<Vec<Slot>>,
    /// Time per kernel, if it is to be measured.
    profile: Option<Mutex<Profile>>,
}

/// A program with a buffer to read its results from.
#[derive(Debug)]
struct Slot {
    program: Program,
    timestamps: Option<Timestamps>,
    staging: wgpu::Buffer,
}

/// A chunk under way.
struct Flight<'a> {
    chunk: &'a Chunk,
    slot: Slot,
    submission: wgpu::SubmissionIndex,
}

impl GpuExecutor {
    /// Series that a chunk should have: enough to keep thousands of invocations busy.
    pub const SERIES: usize = 1024;

    /// Uploads a plan's weights; `timed` measures the time of each kernel where the device can.
    ///
    /// # Errors
    /// If the device can't run the plan or its memory doesn't suffice.
    pub async fn new(engine: Arc<Engine>, plan: Arc<Plan>, timed: bool) -> Result<Self> {
        Self::check(&engine, &plan)?;
        let weights = Weights::new(&engine, &plan).await?;
        let profile = timed.then(Mutex::default);
        Ok(Self { engine, plan, weights, idle: Mutex::default(), profile })
    }

    /// Whether the device can run a plan at all.
    ///
    /// # Errors
    /// If the order is too high, or a weight or the smallest chunk exceeds the device's limits.
    pub fn check(engine: &Engine, plan: &Plan) -> Result<()> {
        if plan.order > MAX_ORDER {
            let device = Some(engine.info().name.clone());
            return Err(Error::Order { order: plan.order, max: MAX_ORDER, device });
        }
        program::check(engine, plan)?;
        if !Self::fits(engine, plan, 1, 1) {
            return Err(Error::Device {
                device: engine.info().name.clone(),
                cause: "even a single series exceeds its limits: use --device cpu".into(),
            });
        }
        Ok(())
    }

    /// Whether a chunk of this size stays within the device's limits.
    pub fn fits(engine: &Engine, plan: &Plan, samples: usize, lanes: usize) -> bool {
        program::fits(engine, plan, samples, lanes)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self, chunk: &Chunk) -> Result<Slot> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        {
            let mut idle = self.idle();
            let fits = |s: &Slot| s.program.samples == samples && s.program.lanes == lanes;
            if let Some(i) = idle.iter().position(fits) {
                return Ok(idle.swap_remove(i));
            }
            // Another size: make room first.
            idle.clear();
        }
        let program = Program::new(&self.engine, &self.plan, &self.weights, samples, lanes).await?;
        let timestamps = match self.profile {
            Some(_) => Timestamps::new(&self.engine, program.kernels().count()).await?,
            None => None,
        };
        let bytes = self.result_bytes(samples, lanes) + timestamps.as_ref().map_or(0, Timestamps::bytes);
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = self.engine.buffer("hope results", bytes, usage).await?;
        Ok(Slot { program, timestamps, staging })
    }

    /// What is read back: the values with their sizes in bytes, the kinks last.
    fn staged(&self, samples: usize, lanes: usize) -> Vec<(Option<ValueId>, u64)> {
        let mut ids = vec![self.plan.output];
        ids.extend(&self.plan.adjoints);
        let mut staged: Vec<_> =
            ids.iter().map(|&id| (Some(id), 4 * self.plan.layout(id, samples, lanes).len() as u64)).collect();
        staged.push((None, 8 * (samples * lanes) as u64));
        staged
    }

    /// Bytes of all that is read back, padded so that timestamps may follow.
    fn result_bytes(&self, samples: usize, lanes: usize) -> u64 {
        self.staged(samples, lanes).iter().map(|(_, bytes)| bytes).sum::<u64>().next_multiple_of(8)
    }

    /// Submits a chunk.
    async fn launch<'a>(&self, chunk: &'a Chunk, source: Source<'_>) -> Result<Flight<'a>> {
        let slot = self.take(chunk).await?;
        slot.program.upload(&self.engine, &self.plan, chunk, source).await?;
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        match &slot.timestamps {
            None => slot.program.record(&mut encoder),
            Some(timestamps) => slot.program.record_timed(&mut encoder, timestamps),
        }
        let (samples, lanes) = (slot.program.samples, slot.program.lanes);
        let mut offset = 0;
        for (id, bytes) in self.staged(samples, lanes) {
            let from = id.map_or(&slot.program.kinks, |id| slot.program.buffer(&self.plan, id));
            encoder.copy_buffer_to_buffer(from, 0, &slot.staging, offset, bytes);
            offset += bytes;
        }
        if let Some(timestamps) = &slot.timestamps {
            timestamps.read_into(&mut encoder, &slot.staging, self.result_bytes(samples, lanes));
        }
        let submission = self.engine.submit(encoder).await?;
        Ok(Flight { chunk, slot, submission })
    }

    /// Waits for a chunk's results.
    async fn land(&self, flight: Flight<'_>, source: Source<'_>) -> Result<ChunkResult> {
        let Flight { chunk, slot, submission } = flight;
        let numbers = readback::read(&self.engine, &slot.staging, submission).await?;
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let staged = self.staged(samples, lanes);
        let read = |wanted: ValueId| {
            let before = staged.iter().take_while(|(id, _)| *id != Some(wanted));
            let offset = before.map(|(_, bytes)| *bytes as usize / 4).sum::<usize>();
            let layout = self.plan.layout(wanted, samples, lanes);
            Series { data: &numbers[offset..][..layout.len()], layout }
        };
        let end = staged.iter().map(|(_, bytes)| bytes).sum::<u64>() as usize / 4;
        // Distance to the nearest, and 1 if the ray begins on one, 0 if a branch there is undecided.
        let met = numbers[end - 2 * samples * lanes..end].chunks_exact(2);
        let kink = |met: &[f32]| Kink {
            distance: met[0].into(),
            begins: met[1].to_bits() <= 1,
            undecided: met[1].to_bits() == 0,
            ..Kink::NONE
        };
        let kinks = met.map(kink).collect();
        let result = backend::collect(&self.plan, chunk, source, read, kinks);
        if !result.is_finite() {
            let found = self.find_not_finite(&slot.program, chunk, source).await?;
            return Err(found.unwrap_or_else(|| backend::beyond_f64(&self.plan, chunk, source, &result)));
        }
        let results = self.result_bytes(samples, lanes);
        if let (Some(profile), Some(_)) = (&self.profile, &slot.timestamps) {
            let mut profile = profile.lock().unwrap_or_else(PoisonError::into_inner);
            let stamps: Vec<u64> = bytemuck::pod_collect_to_vec(&numbers[results as usize / 4..]);
            let period = f64::from(self.engine.queue().get_timestamp_period()) * 1e-9;
            for (kernel, ends) in slot.program.kernels().zip(stamps.chunks_exact(2)) {
                profile.add(kernel.to_owned(), ends[1].saturating_sub(ends[0]) as f64 * period);
            }
        }
        self.idle().push(slot);
        Ok(result)
    }

    /// Runs a chunk again, step by step, and names the first step whose output isn't finite, if there is one.
    async fn find_not_finite(
        &self,
        program: &Program,
        chunk: &Chunk,
        source: Source<'_>,
    ) -> Result<Option<Error>> {
        program.upload(&self.engine, &self.plan, chunk, source).await?;
        let mut blame = Blame::new(&self.plan);
        for (index, step) in self.plan.steps.iter().enumerate() {
            let layout = self.plan.layout(step.output, program.samples, program.lanes);
            let bytes = 4 * layout.len() as u64;
            let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
            let staging = self.engine.buffer("hope check", bytes, usage).await?;
            let mut encoder = self.engine.device().create_command_encoder(&Default::default());
            program.record_step(&mut encoder, index);
            encoder.copy_buffer_to_buffer(program.buffer(&self.plan, step.output), 0, &staging, 0, bytes);
            let submission = self.engine.submit(encoder).await?;
            let numbers = readback::read(&self.engine, &staging, submission).await?;
            let output = Series { data: &numbers[..layout.len()], layout };
            if let Err(error) = blame.look(chunk, step, output) {
                return Ok(Some(error));
            }
        }
        Ok(None)
    }
}

impl Executor for GpuExecutor {
    fn run<'a>(&'a self, run: Run<'a>, deliver: Deliver<'a>) -> BoxFuture<'a, Result<()>> {
        let Run { chunks, source, at_once } = run;
        Box::pin(async move {
            // One chunk computes while the one before it is read back.
            let mut flying = VecDeque::new();
            for chunk in chunks {
                flying.push_back(self.launch(chunk, source).await?);
                if flying.len() >= at_once.clamp(1, 2)
                    && let Some(flight) = flying.pop_front()
                {
                    deliver(flight.chunk, self.land(flight, source).await?)?;
                }
            }
            for flight in flying {
                deliver(flight.chunk, self.land(flight, source).await?)?;
            }
            Ok(())
        })
    }

    fn take_times(&self) -> Vec<KernelTime> {
        let take = |profile: &Mutex<Profile>| profile.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.profile.as_ref().map(take).unwrap_or_default()
    }
}
