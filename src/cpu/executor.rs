//! A plan on one chunk: its kernels, one after the other.

use std::sync::Arc;

use faer::Par;

use crate::backend::{self, Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::kernel::{Call, Kink, Series, SeriesMut};
use crate::plan::{Plan, Step, ValueId};
use crate::scalar::Scalar;

/// A plan with its weights in the scalar type, ready to run.
#[derive(Debug)]
pub struct CpuExecutor<T> {
    plan: Arc<Plan>,
    constants: Vec<Arc<[T]>>,
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
    /// Prepares a plan: converts its weights, where they are of another type.
    pub fn new(plan: Arc<Plan>) -> Self {
        let constants = plan.constants.iter().map(T::weights).collect();
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
        self.finish(chunk, source, arena, parallel, kinks)
    }

    /// Collects the results; if they aren't finite, finds the layer at which that begins.
    fn finish(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
        kinks: Vec<Kink>,
    ) -> Result<ChunkResult> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let read = |id: ValueId| view(&self.plan, &arena.0, id, samples, lanes);
        let result = backend::collect(&self.plan, chunk, source, read, kinks);
        if result.is_finite() {
            return Ok(result);
        }
        // Run again, looking at every layer.
        let check = |step: &Step, output: Series<T>| backend::check(&self.plan, chunk, step.layer, output);
        self.execute(chunk, source, arena, parallel, check)?;
        Err(backend::not_finite::<T>(&self.plan, self.plan.layers.len() - 1, 0, chunk.points.start))
    }

    /// Runs all steps; `inspect` sees each step's output. Returns the kinks met.
    fn execute(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
        inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<Kink>> {
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
            backend::write_given(&self.plan, id, chunk, source, SeriesMut { data, layout });
        }
    }

    /// [`Self::run`], and the seconds that each step takes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_timed(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
    ) -> Result<(ChunkResult, Vec<f64>)> {
        let mut seconds = Vec::with_capacity(self.plan.steps.len());
        self.prepare(chunk, source, arena);
        let mut last = std::time::Instant::now();
        let kinks = self.steps(chunk, arena, parallel, |_, _| {
            let now = std::time::Instant::now();
            seconds.push((now - last).as_secs_f64());
            last = now;
            Ok(())
        })?;
        Ok((self.finish(chunk, source, arena, parallel, kinks)?, seconds))
    }

    fn steps(
        &self,
        chunk: &Chunk,
        arena: &mut Arena<T>,
        parallel: Par,
        mut inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<Kink>> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let buffers = &mut arena.0;
        let mut kinks = vec![Kink::NONE; samples * lanes];
        for step in &self.plan.steps {
            let slot = self.plan.values[step.output.0].slot;
            let mut output = std::mem::take(&mut buffers[slot]);
            let layout = self.plan.layout(step.output, samples, lanes);
            let inputs: Vec<Series<T>> =
                step.inputs.iter().map(|&id| view(&self.plan, buffers, id, samples, lanes)).collect();
            let mut view = SeriesMut { data: &mut output[..layout.len()], layout };
            self.call(step, &inputs, &mut view, &mut kinks, chunk, parallel);
            for kink in kinks.iter_mut().filter(|kink| kink.begins && kink.begins_at.is_none()) {
                kink.begins_at = Some(step.layer);
            }
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
        kinks: &mut [Kink],
        chunk: &Chunk,
        parallel: Par,
    ) {
        let first_lane = chunk.lanes.start;
        let lanes = first_lane..first_lane + output.layout.lanes;
        let SeriesMut { data, layout } = output;
        step.kernel.run(&mut Call {
            inputs,
            output: SeriesMut { data, layout: *layout },
            accumulate: step.accumulate,
            constants: &self.constants,
            kinks,
            side: chunk.side,
            first_lane,
            unit_rays: self.plan.unit_rays.as_deref().map_or(&[], |rays| &rays[lanes]),
            parallel,
        });
    }

    /// Runs all steps on buffers as they are, one per slot, whatever they hold: what tests of single kernels need. Returns the
    /// kinks met.
    #[doc(hidden)]
    pub fn run_on(&self, chunk: &Chunk, buffers: Vec<Vec<T>>) -> Result<(Vec<Vec<T>>, Vec<Kink>)> {
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
