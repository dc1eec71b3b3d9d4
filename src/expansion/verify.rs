//! Comparing a result with an independent computation: random rays, in f64, on the CPU.

use super::mixing::Mixing;
use super::prepared::Parts;
use super::request::Terms;
use super::results::{Batch, Verification};
use super::rule_mixed;
use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::forward::Reference;
use crate::monomials::monomial;
use crate::plan::{Deeper, Kernels, Method, Plan, Rays, Target, first_linear_layers};
use crate::random::SplitMix;
use crate::rays::Directions;

/// A ray to check, and what the result says along it.
struct Sample {
    point: usize,
    /// Input or ray; for mixed terms a seed for a random direction of the variables.
    ray: usize,
    direction: Vec<f64>,
    /// `[outputs, orders]`.
    found: Vec<f64>,
}

/// Collects samples during a run and checks them at its end.
pub(super) struct Checker<'a> {
    parts: &'a Parts,
    points: &'a [f64],
    samples: Vec<Sample>,
}

impl<'a> Checker<'a> {
    /// For some points, of which the first `lanes` rays are computed.
    pub fn new(parts: &'a Parts, points: &'a [f64], count: usize, lanes: usize) -> Self {
        let mut which = SplitMix(0x5EED ^ count as u64);
        let mut random = SplitMix(0x2A75 ^ count as u64);
        let mut ray = || match &parts.request.terms {
            Terms::Unmixed if parts.directions.is_none() => random.below(parts.model.inputs()),
            Terms::Unmixed | Terms::Along(_) => parts.plan.ray(random.below(lanes)),
            Terms::Mixed(_) => random.below(usize::MAX),
        };
        let samples = (0..parts.request.verify)
            .map(|_| Sample {
                point: which.below(count),
                ray: ray(),
                direction: Vec::new(),
                found: Vec::new(),
            })
            .collect();
        Self { parts, points, samples }
    }

    /// Notes what a batch says along the chosen rays.
    pub fn take(&mut self, batch: &Batch) {
        let parts = self.parts;
        let (outputs, order) = (parts.outputs.len(), parts.request.order);
        let per_output = batch.coefficients.len() / (batch.points * outputs);
        for sample in &mut self.samples {
            let Some(point) = sample.point.checked_sub(batch.first).filter(|&p| p < batch.points) else {
                continue;
            };
            let rows =
                batch.coefficients[point * outputs * per_output..].chunks_exact(per_output).take(outputs);
            match parts.mixing.exponents() {
                None => {
                    let rays = per_output / order;
                    sample.direction = vec![0.0; parts.model.inputs()];
                    match &parts.directions {
                        Some(directions) => directions.write(sample.point, sample.ray, &mut sample.direction),
                        None => sample.direction[sample.ray] = 1.0,
                    }
                    for row in rows {
                        sample.found.extend(row.iter().skip(sample.ray).step_by(rays));
                    }
                }
                Some((exponents, variables)) => {
                    let t = SplitMix(sample.ray as u64).unit_vector(variables);
                    sample.direction = in_input_space(parts, &t);
                    for row in rows {
                        sample.found.extend(polynomial_along(&t, exponents, row, order));
                    }
                }
            }
        }
    }

    /// Recomputes the rays and compares.
    pub async fn finish(self) -> Result<Option<Verification>> {
        if self.samples.is_empty() {
            return Ok(None);
        }
        let exact = self.exact_truth().await?;
        let found: Vec<&[f64]> = self.samples.iter().map(|s| s.found.as_slice()).collect();
        let order = self.parts.request.order;
        let from_exact = deviation(&found, &exact, order);
        let (deviation, deviation_from_exact) = match self.parts.request.method {
            Method::Exact => (from_exact, None),
            Method::Hope => (deviation(&found, &self.rule_truth().await?, order), Some(from_exact)),
        };
        Ok(Some(Verification { rays: self.samples.len(), deviation, deviation_from_exact }))
    }

    /// The samples' points, one after the other.
    fn places(&self) -> Vec<f64> {
        let inputs = self.parts.model.inputs();
        self.samples.iter().flat_map(|s| &self.points[s.point * inputs..][..inputs]).copied().collect()
    }

    async fn exact_truth(&self) -> Result<Vec<Vec<f64>>> {
        let Parts { model, request, outputs, threads, .. } = self.parts;
        let plan = Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?;
        let rows = self.samples.iter().flat_map(|sample| &sample.direction).copied().collect();
        let directions = Directions::PerPoint { inputs: model.inputs(), rays: 1, rows };
        let points = self.places();
        let source = Source { points: &points, directions: Some(&directions), outputs };
        let mut truth = Vec::with_capacity(self.samples.len());
        let deeper = Deeper::new(model, request.order, Rays::Any, Kernels::Portable);
        Reference::new(plan, threads)
            .or_deeper(deeper)
            .run(&self.chunks(1), source, |_, result| truth.push(result.series))
            .await?;
        Ok(truth)
    }

    /// The rule's coefficients once more, in f64 on the processor: of the samples' inputs, or along their directions.
    async fn rule_truth(&self) -> Result<Vec<Vec<f64>>> {
        let Parts { model, request, outputs, mixing, threads, .. } = self.parts;
        let target = match mixing {
            Mixing::None => Target::Input,
            _ => Target::Nodes(first_linear_layers(model)?),
        };
        let plan = Plan::hope(model, request.order, &target, Kernels::Portable)?;
        let points = self.places();
        let source = Source { points: &points, directions: None, outputs };
        let mut truth = Vec::with_capacity(self.samples.len());
        let mut samples = self.samples.iter();
        let take = |_: &Chunk, result: ChunkResult| {
            let Some(sample) = samples.next() else { return };
            truth.push(match mixing {
                Mixing::Rule { matrix, exponents, variables } => {
                    let t = SplitMix(sample.ray as u64).unit_vector(*variables);
                    let mut mixed = vec![0.0; exponents.len() / variables];
                    let each = result.series.len() / outputs.len();
                    let all = result.series.chunks_exact(each).zip(&result.value);
                    all.flat_map(|(adjoint, &value)| {
                        rule_mixed::combine(value, adjoint, matrix, exponents, *variables, &mut mixed);
                        polynomial_along(&t, exponents, &mixed, request.order)
                    })
                    .collect()
                }
                _ => result.series.into_iter().skip(sample.ray).step_by(model.inputs()).collect(),
            });
        };
        Reference::new(plan, threads).run(&self.chunks(outputs.len()), source, take).await?;
        Ok(truth)
    }

    /// A chunk for each sample.
    fn chunks(&self, lanes: usize) -> Vec<Chunk> {
        (0..self.samples.len()).map(|i| Chunk::ahead(i..i + 1, 0..lanes)).collect()
    }
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

/// Largest over the orders of |found - truth| / |truth|, norms over rays and outputs.
fn deviation(found: &[&[f64]], truth: &[Vec<f64>], order: usize) -> f64 {
    let mut worst = 0.0f64;
    for k in 0..order {
        let (mut difference, mut norm) = (0.0f64, 0.0f64);
        for (found, truth) in found.iter().zip(truth) {
            for (f, t) in found.iter().zip(truth).skip(k).step_by(order) {
                difference = difference.hypot(f - t);
                norm = norm.hypot(*t);
            }
        }
        if difference > 0.0 {
            worst = worst.max(if norm > 0.0 { difference / norm } else { f64::INFINITY });
        }
    }
    worst
}
