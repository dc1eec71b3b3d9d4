//! A plan on one chunk: its kernels, one after the other.

use std::sync::Arc;

use faer::Par;

use crate::backend::{self, Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::kernels::arithmetic::{self, Constants};
use crate::kernels::{Series, SeriesMut, conv, elementwise, linear, pool, reduction, strided, windows};
use crate::plan::{ConstantId, Kernel, Method, PerUnitId, Plan, Step, ValueId};
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
        kinks: Vec<f64>,
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
        let add = step.accumulate;
        let weights = |id: ConstantId| &self.constants[id.0][..];
        let bias = |id: &Option<ConstantId>| id.map(weights);
        let per_unit =
            |id: &Option<PerUnitId>| id.map(|id| Constants { values: weights(id.values), inner: id.inner });
        match &step.kernel {
            Kernel::Linear { shape, weight, bias: b } => {
                linear::linear(*shape, weights(*weight), bias(b), inputs[0], output, parallel);
            }
            Kernel::LinearOfUnitRays { shape, weight, bias: b } => {
                linear::linear_of_unit_rays(
                    *shape,
                    weights(*weight),
                    bias(b),
                    first_lane,
                    inputs[0],
                    output,
                    parallel,
                );
            }
            Kernel::Windows { windows, weights: ids } => {
                let rays = self.plan.unit_rays.as_deref().unwrap_or_default();
                let rays = &rays[first_lane..first_lane + output.layout.lanes];
                let weights: Vec<&[T]> = ids.iter().map(|&id| weights(id)).collect();
                windows::windows(windows, rays, inputs, &weights, output, kinks, parallel);
            }
            Kernel::LinearAdjoint { shape, weight } => {
                linear::linear_adjoint(*shape, weights(*weight), inputs[0], output, add, parallel);
            }
            Kernel::Conv { shape, weight, bias: b } => {
                conv::conv(shape, weights(*weight), bias(b), inputs[0], output, parallel);
            }
            Kernel::ConvAdjoint { shape, weight } => {
                conv::conv_adjoint(shape, weights(*weight), inputs[0], output, add, parallel);
            }
            Kernel::PooledConvAdjoint { shape, pooled, weight } => {
                let weight = weights(*weight);
                conv::pooled_conv_adjoint(shape, pooled, weight, inputs[0], output, add, parallel);
            }
            Kernel::AveragePool(p) => pool::average_pool(p, inputs[0], output),
            Kernel::AveragePoolAdjoint(p) => pool::average_pool_adjoint(p, inputs[0], output, add),
            Kernel::MaxPool(p) => pool::max_pool(p, inputs[0], output, kinks),
            Kernel::MaxPoolAdjoint(p) => pool::max_pool_adjoint(p, inputs[0], inputs[1], output, add),
            Kernel::Compose(function) => {
                elementwise::compose(*function, inputs[0], output);
                elementwise::kink_distance(*function, inputs[0], kinks);
            }
            Kernel::Bell(function) => elementwise::bell(*function, inputs[0], inputs[1], output, add),
            Kernel::Affine { scale, shift } => {
                arithmetic::affine(per_unit(scale), per_unit(shift), inputs[0], output);
            }
            Kernel::AffineAdjoint { scale } => {
                arithmetic::affine_adjoint(per_unit(scale), inputs[0], output, add)
            }
            Kernel::Copy => arithmetic::copy(inputs[0], output, add),
            Kernel::Multiply => arithmetic::multiply(inputs[0], inputs[1], output),
            Kernel::Divide => arithmetic::divide(inputs[0], inputs[1], output),
            Kernel::Strided { copy, fill } => strided::strided(copy, *fill, inputs[0], output),
            Kernel::StridedAdjoint(copy) => strided::strided_adjoint(copy, inputs[0], output, add),
            Kernel::Reduce { reduction: r, axis } => reduction::reduce(*r, *axis, inputs[0], output),
        }
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
