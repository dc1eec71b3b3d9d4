//! What executors share: the pieces of work, what goes in, what comes out.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::kernel::{Kink, Series, SeriesMut, Side};
use crate::plan::{Method, Plan, ValueId};
use crate::rays::Directions;
use crate::scalar::{Precision, Scalar};

/// A piece of work: some series of some points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which points.
    pub points: Range<usize>,
    /// Which rays of each (exact), or which of the selected outputs (published rule).
    pub lanes: Range<usize>,
    /// Where the series have to hold, should a ray begin on a kink.
    pub side: Side,
}

impl Chunk {
    /// Series for t > 0.
    pub fn ahead(points: Range<usize>, lanes: Range<usize>) -> Self {
        Self { points, lanes, side: Side::Ahead }
    }

    /// Whether it has more than one series.
    pub fn is_divisible(&self) -> bool {
        self.points.len() * self.lanes.len() > 1
    }

    /// Two halves, or itself if it is a single series.
    pub fn halves(self) -> Vec<Self> {
        let cut = |range: &Range<usize>| range.start + range.len().div_ceil(2);
        let Self { points, lanes, side } = self;
        if points.len() > 1 {
            let middle = cut(&points);
            let first = Self { points: points.start..middle, lanes: lanes.clone(), side };
            vec![first, Self { points: middle..points.end, lanes, side }]
        } else if lanes.len() > 1 {
            let middle = cut(&lanes);
            let first = Self { points: points.clone(), lanes: lanes.start..middle, side };
            vec![first, Self { points, lanes: middle..lanes.end, side }]
        } else {
            vec![Self { points, lanes, side }]
        }
    }
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
    /// Exact: the kinks that rays meet, `[points, rays]`.
    pub kinks: Vec<Kink>,
}

impl ChunkResult {
    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.value.iter().chain(&self.series).all(|x| x.is_finite())
    }
}

/// Takes the results of chunks, in order; an error stops the run.
pub type Deliver<'a> = &'a mut (dyn FnMut(&Chunk, ChunkResult) -> Result<()> + Send);

/// Time that a kernel took in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTime {
    /// Kernel, and the function that it applies.
    pub kernel: String,
    /// How often it was dispatched.
    pub dispatches: u64,
    /// Time of all its dispatches, on the device's clock.
    pub seconds: f64,
}

impl KernelTime {
    /// Adds what was measured elsewhere.
    pub(crate) fn merge(all: &mut Vec<Self>, more: Vec<Self>) {
        for time in more {
            match all.iter_mut().find(|known| known.kernel == time.kernel) {
                Some(known) => {
                    known.dispatches += time.dispatches;
                    known.seconds += time.seconds;
                }
                None => all.push(time),
            }
        }
    }
}

/// Writes what a plan leaves to its executor: points and rays into the input, or a 1 at each lane's output into the seed.
pub(crate) fn write_given<T: Scalar>(
    plan: &Plan,
    id: ValueId,
    chunk: &Chunk,
    source: Source,
    mut view: SeriesMut<T>,
) {
    if plan.seed == Some(id) {
        view.data.fill(T::zero());
        for sample in 0..chunk.points.len() {
            for (lane, selected) in chunk.lanes.clone().enumerate() {
                view.row(1, sample, lane)[source.outputs[selected]] = T::one();
            }
        }
        return;
    }
    let units = view.layout.units;
    for (sample, point) in chunk.points.clone().enumerate() {
        let from = &source.points[point * units..][..units];
        for (x, &p) in view.row(0, sample, 0).iter_mut().zip(from) {
            *x = T::of(p);
        }
        if let Some(directions) = source.directions.filter(|_| view.layout.degree > 0) {
            let variables = plan.directions();
            for (lane, group) in chunk.lanes.clone().enumerate() {
                for variable in 0..variables {
                    let direction = group * variables + variable;
                    directions.write(point, direction, view.row(1 + variable, sample, lane));
                }
            }
        }
    }
}

/// Brings the results into their final order.
pub(crate) fn collect<'a, T: Scalar>(
    plan: &Plan,
    chunk: &Chunk,
    source: Source,
    read: impl Fn(ValueId) -> Series<'a, T>,
    kinks: Vec<Kink>,
) -> ChunkResult {
    let (samples, lanes) = (chunk.points.len(), chunk.lanes.len());
    let output = read(plan.output);
    let mut value = Vec::with_capacity(samples * source.outputs.len());
    for sample in 0..samples {
        let row = output.row(0, sample, 0);
        value.extend(source.outputs.iter().map(|&o| row[o].f64()));
    }
    let order = plan.coefficients();
    let mut series = Vec::new();
    match plan.method {
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
            let adjoints: Vec<Series<T>> = plan.adjoints.iter().map(|&id| read(id)).collect();
            let units: usize = adjoints.iter().map(|adjoint| adjoint.layout.units).sum();
            series.reserve_exact(samples * lanes * order * units);
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
pub(crate) fn check<T: Scalar>(plan: &Plan, chunk: &Chunk, layer: usize, output: Series<T>) -> Result<()> {
    for order in 0..=output.layout.degree {
        let units = output.layout.units;
        let block = output.block(order);
        if let Some(i) = block.iter().position(|x| !x.f64().is_finite()) {
            let row = i / units;
            let sample = if order == 0 { row } else { row / output.layout.lanes };
            return Err(not_finite::<T>(plan, layer, plan.degree(order), chunk.points.start + sample));
        }
    }
    Ok(())
}

/// The error that names a layer, an order and a point.
pub(crate) fn not_finite<T: Scalar>(plan: &Plan, layer: usize, order: usize, point: usize) -> Error {
    let layer = &plan.layers[layer];
    let lower = if order > 1 { format!("order at most {}, or ", order - 1) } else { String::new() };
    Error::NonFinite {
        layer: layer.name.clone(),
        op: layer.kind.clone(),
        order,
        point,
        place: None,
        hint: match (T::PRECISION, order) {
            (Precision::F32, 0) => "the network has no value there, or one on the way overflows f32: check the point, or use --precision f64".into(),
            (Precision::F64, 0) => "the network has no value there, or one on the way overflows: check the point".into(),
            (Precision::F32, _) => format!("the coefficient overflows f32, or isn't finite at all: use --precision f64, {lower}shorter directions"),
            (Precision::F64, _) => format!("use {lower}shorter directions, or check whether the function is smooth there"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_cover_the_chunk() {
        let chunk = |points: Range<usize>, lanes: Range<usize>| Chunk::ahead(points, lanes);
        assert_eq!(chunk(2..5, 0..7).halves(), [chunk(2..4, 0..7), chunk(4..5, 0..7)]);
        assert_eq!(chunk(2..3, 4..7).halves(), [chunk(2..3, 4..6), chunk(2..3, 6..7)]);
        assert_eq!(chunk(2..3, 4..5).halves(), [chunk(2..3, 4..5)]);
    }
}
