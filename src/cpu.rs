//! The CPU executor: runs a plan's kernels chunk by chunk. It is the reference for every other executor.

use std::sync::{Mutex, PoisonError};

use faer::Par;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::executor::{self, Chunk, ChunkResult, Deliver, Executor, Source};
use crate::kernel::{Call, Series, SeriesMut};
use crate::plan::{Method, Plan, Step, ValueId};
use crate::scalar::Scalar;

/// A plan with its weights in the scalar type, ready to run.
#[derive(Debug)]
pub struct CpuExecutor<T> {
    plan: Plan,
    constants: Vec<Vec<T>>,
}

/// Buffers, reused from chunk to chunk.
#[derive(Debug)]
pub struct Arena<T>(Vec<Vec<T>>);

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Scalar> CpuExecutor<T> {
    /// Prepares a plan.
    pub fn new(plan: Plan) -> Self {
        let constants = plan.constants.iter().map(|c| c.iter().map(|&x| T::of(x)).collect()).collect();
        Self { plan, constants }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs a chunk; `parallel` is for chunks so few that a matrix product has to use several cores itself.
    ///
    /// # Errors
    /// If a number overflows or leaves a function's domain: names the layer and the order.
    pub fn run(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
    ) -> Result<ChunkResult> {
        let kinks = self.execute(chunk, source, arena, parallel, |_, _| Ok(()))?;
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let read = |id: ValueId| view(&self.plan, &arena.0, id, samples, lanes);
        let result = executor::collect(&self.plan, chunk, source, read, kinks);
        if result.is_finite() {
            return Ok(result);
        }
        // Run again, looking at every layer.
        let check = |step: &Step, output: Series<T>| executor::check(&self.plan, chunk, step.layer, output);
        self.execute(chunk, source, arena, parallel, check)?;
        Err(executor::not_finite::<T>(&self.plan, self.plan.layers.len() - 1, 0, chunk.points.start))
    }

    /// Runs all steps; `inspect` sees each step's output. Returns the kink distances.
    fn execute(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
        inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<f64>> {
        self.prepare(chunk, source, arena);
        self.steps(chunk, arena, parallel, inspect)
    }

    /// Makes buffers, and fills those of points, rays and seeds.
    fn prepare(&self, chunk: &Chunk, source: Source, arena: &mut Arena<T>) {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let buffers = &mut arena.0;
        buffers.resize_with(self.plan.slots, Vec::new);
        for (buffer, length) in buffers.iter_mut().zip(self.plan.slot_lengths(samples, lanes)) {
            if buffer.len() < length {
                buffer.clear();
                buffer.resize(length, T::zero());
            }
        }
        for id in [Some(self.plan.input), self.plan.seed].into_iter().flatten() {
            let layout = self.plan.layout(id, samples, lanes);
            let data = &mut buffers[self.plan.values[id.0].slot][..layout.len()];
            executor::write_given(&self.plan, id, chunk, source, SeriesMut { data, layout });
        }
    }

    /// Seconds that each step takes on a chunk.
    ///
    /// # Errors
    /// If it can't run.
    #[cfg(feature = "bench")]
    pub(crate) fn time_steps(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
    ) -> Result<Vec<f64>> {
        self.prepare(chunk, source, arena);
        let mut seconds = Vec::with_capacity(self.plan.steps.len());
        let mut last = std::time::Instant::now();
        self.steps(chunk, arena, parallel, |_, _| {
            let now = std::time::Instant::now();
            seconds.push((now - last).as_secs_f64());
            last = now;
            Ok(())
        })?;
        Ok(seconds)
    }

    fn steps(
        &self,
        chunk: &Chunk,
        arena: &mut Arena<T>,
        parallel: Par,
        mut inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<f64>> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let buffers = &mut arena.0;
        let mut kinks = match self.plan.method {
            Method::Exact => vec![f64::INFINITY; samples * lanes],
            Method::Hope => Vec::new(),
        };
        for step in &self.plan.steps {
            let slot = self.plan.values[step.output.0].slot;
            let mut output = std::mem::take(&mut buffers[slot]);
            let layout = self.plan.layout(step.output, samples, lanes);
            let inputs: Vec<Series<T>> =
                step.inputs.iter().map(|&id| view(&self.plan, buffers, id, samples, lanes)).collect();
            let mut view = SeriesMut { data: &mut output[..layout.len()], layout };
            self.call(step, &inputs, &mut view, &mut kinks, chunk.lanes.start, parallel);
            inspect(step, Series { data: &output[..layout.len()], layout })?;
            buffers[slot] = output;
        }
        Ok(kinks)
    }

    /// Dispatches a step to its kernel.
    fn call(
        &self,
        step: &Step,
        inputs: &[Series<T>],
        output: &mut SeriesMut<T>,
        kinks: &mut [f64],
        first_lane: usize,
        parallel: Par,
    ) {
        let lanes = first_lane..first_lane + output.layout.lanes;
        let SeriesMut { data, layout } = output;
        step.kernel.run(&mut Call {
            inputs,
            output: SeriesMut { data, layout: *layout },
            accumulate: step.accumulate,
            constants: &self.constants,
            kinks,
            first_lane,
            unit_rays: self.plan.unit_rays.as_deref().map_or(&[], |rays| &rays[lanes]),
            parallel,
        });
    }

    /// Runs all steps on buffers as they are, one per slot, whatever they hold: what tests of single kernels need. Returns the
    /// distances to kinks.
    #[doc(hidden)]
    pub fn run_on(&self, chunk: &Chunk, buffers: Vec<Vec<T>>) -> Result<(Vec<Vec<T>>, Vec<f64>)> {
        let mut arena = Arena(buffers);
        let kinks = self.steps(chunk, &mut arena, Par::Seq, |_, _| Ok(()))?;
        Ok((arena.0, kinks))
    }
}

fn view<'a, T: Scalar>(
    plan: &Plan,
    buffers: &'a [Vec<T>],
    id: ValueId,
    samples: usize,
    lanes: usize,
) -> Series<'a, T> {
    let layout = plan.layout(id, samples, lanes);
    Series { data: &buffers[plan.values[id.0].slot][..layout.len()], layout }
}

/// A [`CpuExecutor`] with threads: runs chunks side by side.
#[derive(Debug)]
pub struct CpuPool<T> {
    executor: CpuExecutor<T>,
    threads: rayon::ThreadPool,
    /// Buffers of the chunks that run at once, kept for the next.
    arenas: Mutex<Vec<Arena<T>>>,
}

impl<T: Scalar> CpuPool<T> {
    /// Prepares a plan for a number of threads.
    ///
    /// # Errors
    /// If the system refuses threads.
    pub fn new(plan: Plan, threads: usize) -> Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| Error::Request(format!("cannot start threads: {error}")))?;
        Ok(Self { executor: CpuExecutor::new(plan), threads, arenas: Mutex::default() })
    }

    fn run_one(&self, chunk: &Chunk, source: Source, parallel: Par) -> Result<ChunkResult> {
        let arenas = || self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arena = arenas().pop().unwrap_or_default();
        let result = self.executor.run(chunk, source, &mut arena, parallel);
        arenas().push(arena);
        result
    }
}

impl<T: Scalar> Executor for CpuPool<T> {
    async fn run(&mut self, chunks: &[Chunk], source: Source<'_>, deliver: Deliver<'_>) -> Result<()> {
        let workers = self.threads.current_num_threads();
        // So few chunks that cores would be idle: let the matrix products use them.
        #[cfg(not(target_family = "wasm"))]
        let parallel = if chunks.len() < workers { Par::rayon(workers) } else { Par::Seq };
        #[cfg(target_family = "wasm")]
        let parallel = Par::Seq;
        // Chunks in groups, so that no more than a group's results wait to be delivered.
        for group in chunks.chunks(2 * workers) {
            let run = || -> Result<Vec<ChunkResult>> {
                group.par_iter().map(|chunk| self.run_one(chunk, source, parallel)).collect()
            };
            let results = self.threads.install(run)?;
            for (chunk, result) in group.iter().zip(results) {
                deliver(chunk, result)?;
            }
        }
        Ok(())
    }
}
