//! Comparing a result with an independent computation: random rays, in f64, on the CPU, in scaled units.
//!
//! Where a result in f32 is off, the same rays are computed in other ways that differ from f64 by rounding alone: in f32 on the CPU, and in f64
//! from numbers that were changed as rounding to f32 would: see [`judge`].

mod gradients;
mod sums;

use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::{Error, Result};
use crate::expansion::deviation::{Along, Shortfall, TOLERANCE, Verdict, agrees, deviations, judge};
use crate::expansion::mixing::Mixing;
use crate::expansion::prepared::Parts;
use crate::expansion::radii::Scales;
use crate::expansion::request::Terms;
use crate::expansion::results::{Batch, Verification};
use crate::expansion::rule_mixed;
use crate::forward::Reference;
use crate::model::Op;
use crate::monomials::monomial;
use crate::plan::{Deeper, Kernels, Method, Plan, Rays, Target, first_linear_layers};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::{Precision, times_two_to};

/// How near to its kink, relative to the largest unit beside it, rounding may take a unit to the other side: the rounding of many layers.
fn near(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 2f64.powi(-16),
        Precision::F64 => 2f64.powi(-40),
    }
}

/// A ray to check, and what the result says along it.
struct Sample {
    point: usize,
    /// Input or ray; for mixed terms a seed for a random direction of the variables; for gradients the lane, an output along a ray.
    ray: usize,
    /// As long as one unit of t goes in scaled units.
    direction: Vec<f64>,
    /// Exponent of two: how much longer that is than the ray as it was given.
    exponent: i32,
    found: Along,
    /// See [`Along::terms`].
    terms: Vec<f64>,
}

/// How the rays are computed once more.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// In f64.
    Right,
    /// In f32, on the CPU.
    Single,
    /// In f64, from points and weights that were changed by about the rounding of f32.
    Perturbed(u64),
}

/// A ray computed once more.
struct Again {
    along: Along,
    /// How near a unit is to its kink: see [`crate::kernel::Kink::margin`].
    margin: f64,
}

/// Collects samples during a run and checks them at its end.
pub(super) struct Checker<'a> {
    parts: &'a Parts,
    scales: Option<Scales<'a>>,
    points: &'a [f64],
    samples: Vec<Sample>,
}

impl<'a> Checker<'a> {
    /// For some points, of which the first `lanes` rays are computed.
    pub fn new(parts: &'a Parts, scales: Option<Scales<'a>>, points: &'a [f64], lanes: usize) -> Self {
        let count = points.len() / parts.model.inputs();
        let mut which = SplitMix(0x5EED ^ count as u64);
        let mut random = SplitMix(0x2A75 ^ count as u64);
        let mut ray = || match &parts.request.terms {
            Terms::Unmixed if parts.directions.is_none() => random.below(parts.model.inputs()),
            Terms::Unmixed | Terms::Along(_) | Terms::Operator(_) => parts.plan.ray(random.below(lanes)),
            Terms::Mixed(_) => random.below(usize::MAX),
            // An output along a ray.
            Terms::Gradient(_) | Terms::Hessian(_) => random.below(lanes),
        };
        let at_a_point = sums::of(parts).and(parts.directions.as_ref()).map_or(1, Directions::len);
        let mut point = 0;
        let samples = (0..parts.request.verify)
            .map(|i| Sample {
                point: {
                    if i % at_a_point == 0 {
                        point = which.below(count);
                    }
                    point
                },
                ray: ray(),
                direction: Vec::new(),
                exponent: 0,
                found: Along::default(),
                terms: Vec::new(),
            })
            .collect();
        Self { parts, scales, points, samples }
    }

    /// Notes what a batch says along the chosen rays.
    pub fn take(&mut self, batch: &Batch) {
        let (parts, scales) = (self.parts, self.scales);
        let (outputs, order) = (parts.outputs.len(), parts.request.order);
        let per_output = batch.coefficients.len() / (batch.points * outputs);
        for sample in &mut self.samples {
            let Some(point) = sample.point.checked_sub(batch.first).filter(|&p| p < batch.points) else {
                continue;
            };
            let rows =
                batch.coefficients[point * outputs * per_output..].chunks_exact(per_output).take(outputs);
            if parts.request.terms.are_gradients() {
                gradients::take(sample, parts, scales, batch, point);
                continue;
            }
            sample.found.value = batch.value[point * outputs..][..outputs].to_vec();
            match parts.mixing.exponents() {
                None => {
                    let rays = per_output / order;
                    let unit = Directions::Unit { inputs: parts.model.inputs() };
                    let directions = parts.directions.as_ref().unwrap_or(&unit);
                    sample.exponent = radius(scales, directions, sample.point, sample.ray);
                    let radius = times_two_to(1.0, sample.exponent);
                    sample.direction = vec![0.0; parts.model.inputs()];
                    directions.write_times(radius, sample.point, sample.ray, &mut sample.direction);
                    let summed =
                        sums::of(parts).map(|by_rays| sums::size(by_rays, parts, scales, sample.point));
                    for row in rows {
                        let along = row.iter().skip(sample.ray).step_by(rays);
                        sample.found.series.extend(in_units(along.copied(), sample.exponent));
                        if let (Some(size), Some(last)) = (summed, sample.found.series.last_mut()) {
                            *last = row[(order - 1) * rays..].iter().sum::<f64>() / size;
                        }
                    }
                }
                Some((exponents, variables)) => {
                    let t = in_variables(parts, scales, sample.ray, variables);
                    sample.direction = in_input_space(parts, &t);
                    sample.terms = vec![0.0; order + 1];
                    let sizes: Vec<f64> = t.iter().map(|t| t.abs()).collect();
                    for row in rows {
                        sample.found.series.extend(polynomial_along(&t, exponents, row, order));
                        let row: Vec<f64> = row.iter().map(|c| c.abs()).collect();
                        let terms = polynomial_along(&sizes, exponents, &row, order);
                        sample.terms[1..].iter_mut().zip(terms).for_each(|(all, one)| *all = all.hypot(one));
                    }
                }
            }
        }
    }

    /// Leaves out a point's ray of gradients: one that was found in f64 already, as its numbers aren't those of its own plan.
    pub fn leave_out(&mut self, point: usize, ray: usize) {
        let rays = self.parts.directions.as_ref().map_or(1, Directions::len);
        self.samples.retain(|sample| (sample.point, sample.ray % rays) != (point, ray));
    }

    /// Recomputes the rays and compares.
    pub async fn finish(self) -> Result<Option<Verification>> {
        if self.samples.is_empty() {
            // All that were to be compared were found in f64 already.
            let none = Verification {
                rays: 0,
                deviation: 0.0,
                deviation_from_exact: None,
                undecided: 0,
                shortfall: None,
            };
            return Ok((self.parts.request.verify > 0).then_some(none));
        }
        let Parts { request, .. } = self.parts;
        let mut exact = self.exactly(How::Right).await?;
        let mut by_rule = match request.method {
            Method::Exact => None,
            Method::Hope => Some(self.by_rule(How::Right).await?),
        };
        for (i, sample) in self.samples.iter().enumerate() {
            if !sample.terms.is_empty() {
                exact[i].along.terms.clone_from(&sample.terms);
            }
            if let Some(truth) = &mut by_rule {
                truth[i].terms.clone_from(&sample.terms);
            }
        }
        let truth: Vec<&Along> = match &by_rule {
            None => exact.iter().map(|again| &again.along).collect(),
            Some(truth) => truth.iter().collect(),
        };
        // Where a network may jump, a unit that rounding takes to the other side may take the value along.
        let jumps = self.parts.model.nodes().iter().any(|node| matches!(node.op, Op::Select { .. }));
        let all = || self.samples.iter().zip(&truth);
        let mut deviation = 0.0f64;
        let mut undecided = 0;
        let mut off = Vec::new();
        for (i, (sample, truth)) in all().enumerate() {
            let orders = deviations(&sample.found, truth, self.orders());
            let agrees = agrees(&sample.found, truth, self.orders());
            let continuous = orders[0] <= TOLERANCE;
            if !agrees && (continuous || jumps) && exact[i].margin < near(request.precision) {
                undecided += 1;
                if continuous {
                    deviation = larger(deviation, orders[0]);
                }
                continue;
            }
            deviation = orders.into_iter().fold(deviation, larger);
            if !agrees {
                off.push(i);
            }
        }
        let mut lacks = None;
        if request.precision == Precision::F32 && !off.is_empty() {
            lacks = self.explain(&truth, &off).await?;
        }
        let from_exact = self.samples.iter().zip(&exact).map(|(sample, exact)| {
            deviations(&sample.found, &exact.along, self.orders()).into_iter().fold(0.0, larger)
        });
        Ok(Some(Verification {
            rays: self.samples.len(),
            deviation,
            deviation_from_exact: by_rule.is_some().then(|| from_exact.fold(0.0, larger)),
            undecided,
            shortfall: lacks,
        }))
    }

    /// What f32 lacks, if that explains the rays that are off, and it isn't nothing.
    async fn explain(&self, truth: &[&Along], off: &[usize]) -> Result<Option<Shortfall>> {
        let single = match self.again(How::Single).await {
            Err(Error::NonFinite { order, .. }) => {
                return Ok(Some(Shortfall::Rounding { order, deviation: f64::INFINITY }));
            }
            found => found?,
        };
        let mut perturbed = Vec::new();
        for seed in [1, 2] {
            match self.again(How::Perturbed(seed)).await {
                Err(Error::NonFinite { .. }) => {}
                found => perturbed.push(found?),
            }
        }
        let mut lacks = None;
        for &i in off {
            let perturbed: Vec<Along> = perturbed.iter().map(|all: &Vec<Along>| all[i].clone()).collect();
            match judge(&self.samples[i].found, truth[i], &single[i], &perturbed, self.orders()) {
                Verdict::Fine => {}
                Verdict::Lacks(found) => lacks = lacks.or(Some(found)),
                Verdict::Wrong => return Ok(None),
            }
        }
        Ok(lacks)
    }

    /// The series along the rays by the result's own method.
    async fn again(&self, how: How) -> Result<Vec<Along>> {
        match self.parts.request.method {
            Method::Exact => Ok(self.exactly(how).await?.into_iter().map(|again| again.along).collect()),
            Method::Hope => self.by_rule(how).await,
        }
    }

    /// The samples' points, one after the other.
    fn places(&self, how: How) -> Vec<f64> {
        let inputs = self.parts.model.inputs();
        let mut points: Vec<f64> =
            self.samples.iter().flat_map(|s| &self.points[s.point * inputs..][..inputs]).copied().collect();
        perturb(&mut points, how);
        points
    }

    /// A plan in f64 or f32, of changed weights or its own.
    fn reference(&self, mut plan: Plan, how: How) -> Reference {
        if how != How::Right && how != How::Single {
            for constant in &mut plan.constants {
                let mut changed = constant.to_vec();
                perturb(&mut changed, how);
                *constant = changed.into();
            }
        }
        let precision = if how == How::Single { Precision::F32 } else { Precision::F64 };
        Reference::within(plan, &self.parts.threads, precision)
    }

    /// The exact series along the rays, or gradients.
    async fn exactly(&self, how: How) -> Result<Vec<Again>> {
        match sums::of(self.parts) {
            Some(by_rays) => sums::again(self, by_rays, how).await,
            None if self.parts.request.terms.are_gradients() => gradients::again(self, how).await,
            None => self.exact(how).await,
        }
    }

    /// Orders that are compared.
    fn orders(&self) -> usize {
        gradients::orders(self.parts)
    }

    /// The exact series along the rays.
    async fn exact(&self, how: How) -> Result<Vec<Again>> {
        let Parts { model, request, outputs, .. } = self.parts;
        let plan = Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?;
        let rows = self.samples.iter().flat_map(|sample| &sample.direction).copied().collect();
        let directions = Directions::PerPoint { inputs: model.inputs(), rays: 1, rows };
        let points = self.places(how);
        let source =
            Source { points: &points, directions: Some(&directions), outputs, radii: None, weights: None };
        let mut all = Vec::with_capacity(self.samples.len());
        let take = |_: &Chunk, ChunkResult { value, series, kinks, .. }: ChunkResult| {
            // Where all units of a layer nearly cancel they are no measure, but in scaled units the distance is.
            let margin = kinks.first().map_or(f64::INFINITY, |kink| kink.margin.min(kink.reach()));
            all.push(Again { along: Along { value, series, terms: Vec::new() }, margin });
        };
        // More orders have weights of their own.
        let deeper = Deeper::new(model, request.order, Rays::Any, Kernels::Portable);
        let reference = self.reference(plan, how).or_deeper(deeper);
        reference.run(&self.chunks(1), source, take).await?;
        Ok(all)
    }

    /// The rule's coefficients once more: of the samples' inputs, or along their directions.
    async fn by_rule(&self, how: How) -> Result<Vec<Along>> {
        let Parts { model, request, outputs, mixing, .. } = self.parts;
        let target = match mixing {
            Mixing::None => Target::Input,
            _ => Target::Nodes(first_linear_layers(model)?),
        };
        let plan = Plan::hope(model, request.order, &target, Kernels::Portable)?;
        let points = self.places(how);
        let source = Source { points: &points, directions: None, outputs, radii: None, weights: None };
        let mut all = Vec::with_capacity(self.samples.len());
        let mut samples = self.samples.iter();
        let take = |_: &Chunk, result: ChunkResult| {
            let Some(sample) = samples.next() else { return };
            let series = match mixing {
                Mixing::Rule { matrix, exponents, variables } => {
                    let t = in_variables(self.parts, self.scales, sample.ray, *variables);
                    let mut mixed = vec![0.0; exponents.len() / variables];
                    let each = result.series.len() / outputs.len();
                    let all = result.series.chunks_exact(each).zip(&result.value);
                    all.flat_map(|(adjoint, &value)| {
                        rule_mixed::combine(value, adjoint, matrix, exponents, *variables, &mut mixed);
                        polynomial_along(&t, exponents, &mixed, request.order)
                    })
                    .collect()
                }
                _ => {
                    let along = result.series.into_iter().skip(sample.ray).step_by(model.inputs());
                    let along: Vec<f64> = along.collect();
                    let rows = along.chunks_exact(request.order);
                    rows.flat_map(|row| in_units(row.iter().copied(), sample.exponent)).collect()
                }
            };
            all.push(Along { value: result.value, series, terms: Vec::new() });
        };
        self.reference(plan, how).run(&self.chunks(outputs.len()), source, take).await?;
        Ok(all)
    }

    /// A chunk for each sample.
    fn chunks(&self, lanes: usize) -> Vec<Chunk> {
        (0..self.samples.len()).map(|i| Chunk::ahead(i..i + 1, 0..lanes)).collect()
    }
}

/// The larger number; what is none is larger than all.
fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// Changes numbers by up to the rounding of f32, relatively.
fn perturb(numbers: &mut [f64], how: How) {
    let How::Perturbed(seed) = how else { return };
    let mut random = SplitMix(seed);
    numbers.iter_mut().for_each(|x| *x *= 1.0 + f64::from(f32::EPSILON) * (random.uniform() - 0.5));
}

/// Exponent of two of the length that a ray has in scaled units, relative to its own.
fn radius(scales: Option<Scales>, directions: &Directions, point: usize, ray: usize) -> i32 {
    let scales = scales.zip(directions.distinct(point, ray));
    scales.map_or(0, |(scales, distinct)| scales.exponent(directions, distinct).into())
}

/// Coefficients of orders from 1 in units of t that are 2^exponent times as long.
fn in_units(series: impl Iterator<Item = f64>, exponent: i32) -> impl Iterator<Item = f64> {
    (1..).zip(series).map(move |(k, c)| times_two_to(c, k * exponent))
}

/// A random direction of the variables, each in its own unit.
fn in_variables(parts: &Parts, scales: Option<Scales>, seed: usize, variables: usize) -> Vec<f64> {
    let inputs = parts.model.inputs();
    let directions = match &parts.request.terms {
        Terms::Mixed(Some(basis)) => Directions::Shared { inputs, rows: basis.to_vec() },
        _ => Directions::Unit { inputs },
    };
    let mut t = SplitMix(seed as u64).unit_vector(variables);
    for (variable, t) in t.iter_mut().enumerate() {
        *t = times_two_to(*t, radius(scales, &directions, 0, variable));
    }
    t
}

/// The series along a direction t of a polynomial with these mixed coefficients, orders from 1.
pub(super) fn polynomial_along(t: &[f64], exponents: &[u8], coefficients: &[f64], order: usize) -> Vec<f64> {
    let mut along = vec![0.0; order + 1];
    for (exponent, c) in exponents.chunks_exact(t.len()).zip(coefficients) {
        let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
        along[degree] += c * monomial(t, exponent);
    }
    along.split_off(1)
}

/// A direction of the variables as one of the inputs.
pub(super) fn in_input_space(parts: &Parts, t: &[f64]) -> Vec<f64> {
    let inputs = parts.model.inputs();
    let Terms::Mixed(Some(basis)) = &parts.request.terms else { return t.to_vec() };
    let mut direction = vec![0.0; inputs];
    for (row, t) in basis.chunks_exact(inputs).zip(t) {
        for (d, b) in direction.iter_mut().zip(row) {
            *d += t * b;
        }
    }
    direction
}
