//! What executors share: the pieces of work, what goes in, what comes out.

use std::ops::Range;

use crate::error::Result;
use crate::kernel::{Kink, Series, SeriesMut, Side};
use crate::plan::{Method, Plan, ValueId};
use crate::rays::{Directions, Radii};
use crate::scalar::{Scalar, times_two_to};

/// A piece of work: some series of some points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which points.
    pub points: Range<usize>,
    /// Which rays of each (exact), which of the selected outputs (published rule), or which outputs along which rays (gradients): all rays of the
    /// first output, then those of the next. Of a plan of one output: rays of one.
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
    /// How far t = 1 goes along each ray inside the executor; none: as far as the rays are long. Results don't depend on it, but for what
    /// the number type can't hold.
    pub radii: Option<&'a Radii>,
    /// What rays weigh in their sum, of plans that have one.
    pub weights: Option<&'a dyn Weigh>,
}

/// Weights of rays: see [`Plan::weights`].
pub trait Weigh: std::fmt::Debug + Sync {
    /// What a ray of a point weighs in the executor, as long as it is there.
    fn weight(&self, point: usize, ray: usize) -> f64;

    /// Exponent of two of what the sum is multiplied by behind it.
    fn exponent(&self) -> i32;
}

impl Source<'_> {
    /// Number of rays of each point; of gradients without any: one that stays where it is.
    fn rays(&self) -> usize {
        self.directions.map_or(1, Directions::len).max(1)
    }

    /// Which ray a lane is, and of plans with a backward pass which of the selected outputs it belongs to.
    pub(crate) fn ray_and_output(&self, plan: &Plan, lane: usize) -> (usize, usize) {
        match (plan.is_gradient(), plan.method) {
            (true, _) => (lane % self.rays(), lane / self.rays()),
            (false, Method::Exact) => (plan.ray(lane), 0),
            (false, Method::Hope) => (0, lane),
        }
    }

    /// Exponent of two of the radius of a point's ray.
    fn exponent(&self, point: usize, ray: usize) -> i32 {
        match (self.radii, self.directions) {
            (Some(radii), Some(directions)) => radii.exponent(directions, point, ray),
            _ => 0,
        }
    }
}

/// What a chunk yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkResult {
    /// `[points, selected outputs]`.
    pub value: Vec<f64>,
    /// Exact: `[points, selected outputs, orders, rays]`, a sum over the rays in the place of the first one, and zeros behind it; with a backward pass: `[points, lanes, blocks, units]`, the units of all adjoints asked for
    /// one after the other.
    pub series: Vec<f64>,
    /// What lanes meet, `[points, lanes]`.
    pub kinks: Vec<Kink>,
    /// Gradients: how far they are from the series of the forward pass, relatively: `v · g_k = (k + 1) c_{k+1}` along a ray v.
    pub inconsistency: f64,
}

impl ChunkResult {
    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.value.iter().chain(&self.series).chain([&self.inconsistency]).all(|x| x.is_finite())
    }
}

/// Takes the results of chunks, in order; an error stops the run.
#[cfg(not(target_family = "wasm"))]
pub type Deliver<'a> = &'a mut (dyn FnMut(&Chunk, ChunkResult) -> Result<()> + Send);
/// Takes the results of chunks, in order; an error stops the run.
#[cfg(target_family = "wasm")]
pub type Deliver<'a> = &'a mut dyn FnMut(&Chunk, ChunkResult) -> Result<()>;

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
        let block = usize::from(!plan.is_of_one_output());
        for sample in 0..chunk.points.len() {
            for (lane, selected) in chunk.lanes.clone().enumerate() {
                let (_, output) = source.ray_and_output(plan, selected);
                view.row(block, sample, lane)[source.outputs[output]] = T::one();
            }
        }
        return;
    }
    if plan.weights == Some(id) {
        for (sample, point) in chunk.points.clone().enumerate() {
            for (lane, number) in chunk.lanes.clone().enumerate() {
                let ray = plan.ray(number);
                let weight = source.weights.map_or(0.0, |weights| weights.weight(point, ray));
                view.row(1, sample, lane)[0] = T::of(weight);
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
            for (lane, number) in chunk.lanes.clone().enumerate() {
                let (group, _) = source.ray_and_output(plan, number);
                for variable in 0..variables {
                    let direction = group * variables + variable;
                    let radius = times_two_to(1.0, source.exponent(point, direction));
                    let row = view.row(1 + variable, sample, lane);
                    directions.write_times(radius, point, direction, row);
                }
            }
        }
    }
}

/// Brings the results into their final order, and takes the radii out of them.
pub(crate) fn collect<'a, T: Scalar>(
    plan: &Plan,
    chunk: &Chunk,
    source: Source,
    read: impl Fn(ValueId) -> Series<'a, T>,
    mut kinks: Vec<Kink>,
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
    let mut inconsistent = 0.0;
    if plan.seed.is_none() {
        series.resize(samples * source.outputs.len() * order * lanes, 0.0);
        let mut rows = series.chunks_exact_mut(lanes);
        for sample in 0..samples {
            for &selected in source.outputs {
                for (k, row) in (1..=order).zip(&mut rows) {
                    if k > output.layout.degree {
                        continue;
                    }
                    if output.layout.is_sum(k) {
                        let exponent = source.weights.map_or(0, |weights| weights.exponent());
                        row[0] = times_two_to(output.row(k, sample, 0)[selected].f64(), exponent);
                        continue;
                    }
                    for (lane, c) in row.iter_mut().enumerate() {
                        *c = output.row(k, sample, lane)[selected].f64();
                    }
                }
            }
        }
        if source.radii.is_some() {
            unscale(plan, chunk, source, &mut series, &mut kinks);
        }
    } else {
        let adjoints: Vec<Series<T>> = plan.adjoints.iter().map(|&id| read(id)).collect();
        let units: usize = adjoints.iter().map(|adjoint| adjoint.layout.units).sum();
        series.reserve_exact(samples * lanes * order * units);
        for sample in 0..samples {
            for lane in 0..lanes {
                for k in 1..=order {
                    for adjoint in &adjoints {
                        let block = k - usize::from(adjoint.layout.primal);
                        if block <= adjoint.layout.degree {
                            series.extend(adjoint.row(block, sample, lane).iter().map(|c| c.f64()));
                        } else {
                            series.resize(series.len() + adjoint.layout.units, 0.0);
                        }
                    }
                }
            }
        }
        if plan.is_gradient() {
            inconsistent = inconsistency(plan, chunk, source, output, &series);
            unscale_gradients(plan, chunk, source, &mut series, &mut kinks);
        }
    }
    ChunkResult { value, series, kinks, inconsistency: inconsistent }
}

/// How far gradients are from the series of the forward pass: `v · g_k = (k + 1) c_{k+1}` along a ray v, relative to the sizes of the terms, the
/// largest of all orders, in units in which the ray is as long as its radius. NaN is passed on.
fn inconsistency<T: Scalar>(
    plan: &Plan,
    chunk: &Chunk,
    source: Source,
    output: Series<T>,
    series: &[f64],
) -> f64 {
    let Some(directions) = source.directions.filter(|_| output.layout.degree > 0) else { return 0.0 };
    let (order, lanes) = (plan.coefficients(), chunk.lanes.len());
    let units = series.len() / (chunk.points.len() * lanes * order).max(1);
    let mut direction = vec![0.0f64; units];
    let mut worst = 0.0;
    for (sample, point) in chunk.points.clone().enumerate() {
        for (lane, number) in chunk.lanes.clone().enumerate() {
            let (ray, selected) = source.ray_and_output(plan, number);
            directions.write_times(
                times_two_to(1.0, source.exponent(point, ray)),
                point,
                ray,
                &mut direction,
            );
            // Beside the value everything may cancel.
            let value = output.row(0, sample, 0)[source.outputs[selected]].f64();
            let (mut off, mut size) = (0.0f64, 1e-3 * value.abs());
            let gradients = series[(sample * lanes + lane) * order * units..].chunks_exact(units);
            for (k, gradient) in (1..=output.layout.degree.min(order)).zip(gradients) {
                let c = k as f64 * output.row(k, sample, lane)[source.outputs[selected]].f64();
                if !c.is_finite() {
                    return f64::NAN;
                }
                let terms = gradient.iter().zip(&direction).map(|(g, v)| g * v);
                let (sum, sizes) = terms.fold((0.0, 0.0), |(sum, sizes), x| (sum + x, sizes + x.abs()));
                off = off.max((sum - c).abs());
                size = size.max(sizes).max(c.abs());
            }
            if off > worst * size {
                worst = off / size;
            }
        }
    }
    worst
}

/// Takes the radii out of `[points, lanes, coefficients from t^0, units]` and of the distances to kinks.
fn unscale_gradients(plan: &Plan, chunk: &Chunk, source: Source, series: &mut [f64], kinks: &mut [Kink]) {
    let (order, lanes) = (plan.coefficients(), chunk.lanes.len());
    let units = series.len() / (chunk.points.len() * lanes * order).max(1);
    let mut blocks = series.chunks_exact_mut(units.max(1));
    for (sample, point) in chunk.points.clone().enumerate() {
        for (lane, number) in chunk.lanes.clone().enumerate() {
            let exponent = source.exponent(point, source.ray_and_output(plan, number).0);
            for (k, block) in (0..order as i32).zip(&mut blocks) {
                if exponent != 0 {
                    block.iter_mut().for_each(|g| *g = times_two_to(*g, -k * exponent));
                }
            }
            let kink = &mut kinks[sample * lanes + lane];
            kink.distance = times_two_to(kink.distance, exponent);
        }
    }
}

/// Takes the radii out of `[points, outputs, orders, rays]` and of the distances to kinks.
fn unscale(plan: &Plan, chunk: &Chunk, source: Source, series: &mut [f64], kinks: &mut [Kink]) {
    let (order, lanes, variables) = (plan.coefficients(), chunk.lanes.len(), plan.directions());
    let per_point = source.outputs.len() * order * lanes;
    for (sample, point) in chunk.points.clone().enumerate() {
        for (lane, ray) in chunk.lanes.clone().enumerate() {
            let exponents: Vec<i32> = match &plan.monomials {
                None => vec![source.exponent(point, plan.ray(ray))],
                Some(_) => (0..variables).map(|v| source.exponent(point, ray * variables + v)).collect(),
            };
            if exponents.iter().all(|&e| e == 0) {
                continue;
            }
            let of_block = |block: usize| match &plan.monomials {
                None => block as i32 * exponents[0],
                Some(monomials) => {
                    let powers = monomials.exponent(block).iter().zip(&exponents);
                    powers.map(|(&power, e)| i32::from(power) * e).sum()
                }
            };
            let mut blocks: Vec<i32> = (1..=order).map(of_block).collect();
            if plan.weights.is_some() {
                blocks[order - 1] = 0; // the weights have it
            }
            let series = &mut series[sample * per_point..][..per_point];
            for (row, series) in series.chunks_exact_mut(lanes).enumerate() {
                series[lane] = times_two_to(series[lane], -blocks[row % order]);
            }
            // In several variables the distance is one in all their scaled units together: at least so far in those of each.
            let least = exponents.iter().copied().min().unwrap_or(0);
            let kink = &mut kinks[sample * lanes + lane];
            kink.distance = times_two_to(kink.distance, least);
        }
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
