//! A plan on one chunk: its kernels, one after the other.

use std::ops::Range;
use std::sync::Arc;

use faer::Par;
use web_time::Instant; // std's panics in browsers

use crate::backend::{self, Blame, Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::kernel::{Call, Kink, Series, SeriesMut, Side, UnitRays};
use crate::plan::{Plan, Step, ValueId};
use crate::rays::Radii;
use crate::scalar::Scalar;

/// A plan with its weights in the scalar type, ready to run.
#[derive(Debug)]
pub struct CpuExecutor<T> {
    plan: Arc<Plan>,
    constants: Vec<Arc<[T]>>,
}

/// Buffers, reused from chunk to chunk.
#[derive(Debug)]
pub struct Arena<T> {
    buffers: Vec<Vec<T>>,
    /// The run that they serve; none: chunks have nothing to do with one another.
    run: Option<u64>,
    /// Whose forward pass they hold.
    held: Option<Held>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { buffers: Vec::new(), run: None, held: None }
    }
}

impl<T> Arena<T> {
    /// What comes is of this run: of all chunks with the same points and rays, one after the other, the first computes the forward pass.
    pub fn serve(&mut self, run: u64) {
        if self.run != Some(run) {
            (self.run, self.held) = (Some(run), None);
        }
    }

    /// Nothing that the buffers hold is of use to another chunk.
    fn forget(&mut self) {
        (self.run, self.held) = (None, None);
    }
}

/// What a forward pass depends on, in a run.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    points: Range<usize>,
    rays: Range<usize>,
    side: Side,
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
        let read = |id: ValueId| view(&self.plan, &arena.buffers, id, samples, lanes);
        let result = backend::collect(&self.plan, chunk, source, read, kinks);
        if result.is_finite() {
            return Ok(result);
        }
        // Run again, looking at every layer; it may end at any of them.
        arena.forget();
        let mut blame = Blame::new(&self.plan);
        self.execute(chunk, source, arena, parallel, |step, output| blame.look(chunk, step, output))?;
        Err(backend::beyond_f64(&self.plan, chunk, source, &result))
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
        let first = self.prepare(chunk, source, arena);
        self.steps(first, chunk, source.radii, arena, parallel, inspect)
    }

    /// Makes buffers, and fills those of points, rays and seeds. Returns the first step to run.
    fn prepare(&self, chunk: &Chunk, source: Source, arena: &mut Arena<T>) -> usize {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let wanted = self.plan.is_of_one_output().then(|| {
            let start = source.ray_and_output(&self.plan, chunk.lanes.start).0;
            Held { points: chunk.points.clone(), rays: start..start + lanes, side: chunk.side }
        });
        let known = wanted.is_some() && arena.held == wanted;
        arena.held = wanted.filter(|_| arena.run.is_some());
        let buffers = &mut arena.buffers;
        buffers.resize_with(self.plan.slots, Vec::new);
        for (buffer, length) in buffers.iter_mut().zip(self.plan.slot_lengths(samples, lanes)) {
            if buffer.len() < length {
                buffer.clear();
                buffer.resize(length, T::zero());
            }
        }
        for id in [Some(self.plan.input), self.plan.seed, self.plan.weights].into_iter().flatten() {
            let layout = self.plan.layout(id, samples, lanes);
            let data = &mut buffers[self.plan.values[id.0].slot][..layout.len()];
            backend::write_given(&self.plan, id, chunk, source, SeriesMut { data, layout });
        }
        if known { self.plan.forward_steps() } else { 0 }
    }

    /// [`Self::run`], and the seconds that each step takes, if it runs.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_timed(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
    ) -> Result<(ChunkResult, Vec<Option<f64>>)> {
        let first = self.prepare(chunk, source, arena);
        let mut seconds = vec![None; first];
        let mut last = Instant::now();
        let kinks = self.steps(first, chunk, source.radii, arena, parallel, |_, _| {
            let now = Instant::now();
            seconds.push(Some((now - last).as_secs_f64()));
            last = now;
            Ok(())
        })?;
        Ok((self.finish(chunk, source, arena, parallel, kinks)?, seconds))
    }

    /// Runs the steps from the first one on.
    fn steps(
        &self,
        first: usize,
        chunk: &Chunk,
        radii: Option<&Radii>,
        arena: &mut Arena<T>,
        parallel: Par,
        mut inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<Kink>> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let buffers = &mut arena.buffers;
        let mut kinks = vec![Kink::NONE; samples * lanes];
        let unit_rays = UnitRays {
            first: chunk.lanes.start,
            order: self.plan.unit_rays.as_deref().map_or(&[], |rays| &rays[chunk.lanes.clone()]),
            exponents: radii.map_or(&[], Radii::exponents),
        };
        for step in &self.plan.steps[first..] {
            let slot = self.plan.values[step.output.0].slot;
            let mut output = std::mem::take(&mut buffers[slot]);
            let layout = self.plan.layout(step.output, samples, lanes);
            let inputs: Vec<Series<T>> =
                step.inputs.iter().map(|&id| view(&self.plan, buffers, id, samples, lanes)).collect();
            step.kernel.run(&mut Call {
                inputs: &inputs,
                output: SeriesMut { data: &mut output[..layout.len()], layout },
                accumulate: step.accumulate,
                constants: &self.constants,
                kinks: &mut kinks,
                side: chunk.side,
                unit_rays,
                parallel,
            });
            for kink in kinks.iter_mut().filter(|kink| kink.begins && kink.begins_at.is_none()) {
                kink.begins_at = Some(step.layer);
            }
            inspect(step, Series { data: &output[..layout.len()], layout })?;
            buffers[slot] = output;
        }
        Ok(kinks)
    }

    /// Runs all steps on buffers as they are, one per slot, whatever they hold: what tests of single kernels need. Returns the
    /// kinks met.
    #[doc(hidden)]
    pub fn run_on(
        &self,
        chunk: &Chunk,
        radii: Option<&Radii>,
        buffers: Vec<Vec<T>>,
    ) -> Result<(Vec<Vec<T>>, Vec<Kink>)> {
        let mut arena = Arena { buffers, ..Arena::default() };
        let kinks = self.steps(0, chunk, radii, &mut arena, Par::Seq, |_, _| Ok(()))?;
        Ok((arena.buffers, kinks))
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
