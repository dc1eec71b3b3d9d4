//! The CPU executor: runs a plan's kernels chunk by chunk. It is the reference for every other executor.

use std::ops::Range;

use faer::Par;

use crate::error::{Error, Result};
use crate::kernels::arithmetic::{self, Constants};
use crate::kernels::{Series, SeriesMut, conv, elementwise, linear, pool, reduction, strided};
use crate::plan::{ConstantId, Kernel, Method, PerUnitId, Plan, Step, ValueId};
use crate::rays::Directions;
use crate::scalar::Scalar;

/// A piece of work: some series of some points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which points.
    pub points: Range<usize>,
    /// Which rays of each (exact), or which of the selected outputs (published rule).
    pub lanes: Range<usize>,
}

/// What all chunks read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// `[points, inputs]`.
    pub points: &'a [f64],
    /// Rays of the exact method; the published rule has none.
    pub directions: Option<&'a Directions>,
    /// Selected outputs.
    pub outputs: &'a [usize],
}

/// What a chunk yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkResult {
    /// `[points, selected outputs]`.
    pub value: Vec<f64>,
    /// Exact: `[points, selected outputs, orders, rays]`; published rule: `[points, selected outputs of this
    /// chunk, orders, units]`, the units of all adjoints asked for one after the other.
    pub series: Vec<f64>,
    /// Exact: distance to the nearest kink, `[points, rays]`, ∞ where there is none.
    pub kinks: Vec<f64>,
}

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
        let result = self.collect(chunk, source, arena, kinks);
        if result.value.iter().chain(&result.series).all(|x| x.is_finite()) {
            return Ok(result);
        }
        // Run again, looking at every layer.
        self.execute(chunk, source, arena, parallel, |step, output| self.check(chunk, step, output))?;
        Err(self.not_finite(self.plan.layers.len() - 1, 0, chunk.points.start))
    }

    /// Runs all steps; `inspect` sees each step's output. Returns the kink distances.
    fn execute(
        &self,
        chunk: &Chunk,
        source: Source,
        arena: &mut Arena<T>,
        parallel: Par,
        mut inspect: impl FnMut(&Step, Series<T>) -> Result<()>,
    ) -> Result<Vec<f64>> {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let buffers = &mut arena.0;
        buffers.resize_with(self.plan.slots, Vec::new);
        for (buffer, length) in buffers.iter_mut().zip(self.plan.slot_lengths(samples, lanes)) {
            if buffer.len() < length {
                buffer.clear();
                buffer.resize(length, T::zero());
            }
        }
        self.write_input(chunk, source, buffers);
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

    /// Fills what the plan leaves to its executor: points and rays, or points and the outputs' adjoints.
    fn write_input(&self, chunk: &Chunk, source: Source, buffers: &mut [Vec<T>]) {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let input = self.plan.values[self.plan.input.0];
        let layout = input.layout(samples, lanes);
        let mut view = SeriesMut { data: &mut buffers[input.slot][..layout.len()], layout };
        for (sample, point) in chunk.points.clone().enumerate() {
            let from = &source.points[point * input.units..][..input.units];
            for (x, &p) in view.row(0, sample, 0).iter_mut().zip(from) {
                *x = T::of(p);
            }
            if let Some(directions) = source.directions.filter(|_| input.degree > 0) {
                for (lane, ray) in chunk.lanes.clone().enumerate() {
                    directions.write(point, ray, view.row(1, sample, lane));
                }
            }
        }
        if let Some(seed) = self.plan.seed {
            let value = self.plan.values[seed.0];
            let layout = value.layout(samples, lanes);
            let mut view = SeriesMut { data: &mut buffers[value.slot][..layout.len()], layout };
            view.data.fill(T::zero());
            for sample in 0..samples {
                for (lane, selected) in chunk.lanes.clone().enumerate() {
                    view.row(1, sample, lane)[source.outputs[selected]] = T::one();
                }
            }
        }
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
        let weights = |id: ConstantId| self.constants[id.0].as_slice();
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
            Kernel::LinearAdjoint { shape, weight } => {
                linear::linear_adjoint(*shape, weights(*weight), inputs[0], output, add, parallel);
            }
            Kernel::Conv { shape, weight, bias: b } => {
                conv::conv(shape, weights(*weight), bias(b), inputs[0], output, parallel);
            }
            Kernel::ConvAdjoint { shape, weight } => {
                conv::conv_adjoint(shape, weights(*weight), inputs[0], output, add, parallel);
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

    /// Brings the results into their final order.
    fn collect(&self, chunk: &Chunk, source: Source, arena: &Arena<T>, kinks: Vec<f64>) -> ChunkResult {
        let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
        let read = |id: ValueId| view(&self.plan, &arena.0, id, samples, lanes);
        let output = read(self.plan.output);
        let mut value = Vec::with_capacity(samples * source.outputs.len());
        for sample in 0..samples {
            let row = output.row(0, sample, 0);
            value.extend(source.outputs.iter().map(|&o| row[o].f64()));
        }
        let order = self.plan.order;
        let mut series = Vec::new();
        match self.plan.method {
            Method::Exact => {
                series.resize(samples * source.outputs.len() * order * lanes, 0.0);
                let mut rows = series.chunks_exact_mut(lanes);
                for sample in 0..samples {
                    for &selected in source.outputs {
                        for (k, row) in (1..=order).zip(&mut rows) {
                            if k > output.layout.degree {
                                continue;
                            }
                            for (lane, c) in row.iter_mut().enumerate() {
                                *c = output.row(k, sample, lane)[selected].f64();
                            }
                        }
                    }
                }
            }
            Method::Hope => {
                let adjoints: Vec<Series<T>> = self.plan.adjoints.iter().map(|&id| read(id)).collect();
                for sample in 0..samples {
                    for lane in 0..lanes {
                        for k in 1..=order {
                            for adjoint in &adjoints {
                                if k <= adjoint.layout.degree {
                                    series.extend(adjoint.row(k, sample, lane).iter().map(|c| c.f64()));
                                } else {
                                    series.resize(series.len() + adjoint.layout.units, 0.0);
                                }
                            }
                        }
                    }
                }
            }
        }
        ChunkResult { value, series, kinks }
    }

    /// An error if a step's output isn't finite.
    fn check(&self, chunk: &Chunk, step: &Step, output: Series<T>) -> Result<()> {
        for order in 0..=output.layout.degree {
            let units = output.layout.units;
            let block = output.block(order);
            if let Some(i) = block.iter().position(|x| !x.f64().is_finite()) {
                let row = i / units;
                let sample = if order == 0 { row } else { row / output.layout.lanes };
                return Err(self.not_finite(step.layer, order, chunk.points.start + sample));
            }
        }
        Ok(())
    }

    fn not_finite(&self, layer: usize, order: usize, point: usize) -> Error {
        let layer = &self.plan.layers[layer];
        Error::NonFinite {
            layer: layer.name.clone(),
            op: layer.kind.clone(),
            order,
            point,
            hint: if order == 0 {
                "the network itself has no finite value there; check the point"
            } else if T::NAME == "f32" {
                "the coefficient overflows f32; use --precision f64, a lower order, or shorter directions"
            } else {
                "use a lower order or shorter directions, or check whether the function is smooth there"
            },
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
