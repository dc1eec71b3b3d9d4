//! Comparing a result with an independent computation: random rays, in f64, on the CPU.

use faer::Par;

use super::job::{Job, Mixing};
use super::{Batch, Device, Precision, Request, Terms, expand};
use crate::cpu::{Arena, CpuExecutor};
use crate::error::Result;
use crate::executor::{Chunk, Source};
use crate::interpolation::monomial;
use crate::plan::{Kernels, Method, Plan, Rays, Target};
use crate::random::SplitMix;
use crate::rays::Directions;

/// What the comparison found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verification {
    /// Number of rays compared.
    pub rays: usize,
    /// Largest relative deviation of an order, as a norm over rays and outputs, from the same method in f64.
    pub deviation: f64,
    /// The same from the exact method, where the published rule was used.
    pub deviation_from_exact: Option<f64>,
}

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
    job: &'a Job<'a>,
    samples: Vec<Sample>,
}

impl<'a> Checker<'a> {
    pub fn new(job: &'a Job<'a>) -> Self {
        let mut points = SplitMix(0x5EED ^ job.points as u64);
        let mut random = SplitMix(0x2A75 ^ job.points as u64);
        let mut ray = || match &job.request.terms {
            Terms::Unmixed if job.directions.is_none() => random.below(job.model.inputs()),
            Terms::Unmixed | Terms::Along(_) => job.plan().ray(random.below(job.lanes())),
            Terms::Mixed(_) => random.below(usize::MAX),
        };
        let samples = (0..job.request.verify)
            .map(|_| Sample {
                point: points.below(job.points),
                ray: ray(),
                direction: Vec::new(),
                found: Vec::new(),
            })
            .collect();
        Self { job, samples }
    }

    /// Notes what a batch says along the chosen rays.
    pub fn take(&mut self, batch: &Batch) {
        let job = self.job;
        let (outputs, order) = (job.outputs.len(), job.request.order);
        let per_output = batch.coefficients.len() / (batch.points * outputs);
        for sample in &mut self.samples {
            let Some(point) = sample.point.checked_sub(batch.first).filter(|&p| p < batch.points) else {
                continue;
            };
            let rows =
                batch.coefficients[point * outputs * per_output..].chunks_exact(per_output).take(outputs);
            match job.mixing.exponents() {
                None => {
                    let rays = per_output / order;
                    sample.direction = vec![0.0; job.model.inputs()];
                    match &job.directions {
                        Some(directions) => directions.write(sample.point, sample.ray, &mut sample.direction),
                        None => sample.direction[sample.ray] = 1.0,
                    }
                    for row in rows {
                        sample.found.extend(row.iter().skip(sample.ray).step_by(rays));
                    }
                }
                Some((exponents, variables)) => {
                    let t = SplitMix(sample.ray as u64).unit_vector(variables);
                    sample.direction = in_input_space(job, &t);
                    for row in rows {
                        sample.found.extend(polynomial_along(&t, exponents, row, order));
                    }
                }
            }
        }
    }

    /// Recomputes the rays and compares.
    pub fn finish(self) -> Result<Option<Verification>> {
        if self.samples.is_empty() {
            return Ok(None);
        }
        let exact = self.exact_truth()?;
        let found: Vec<&[f64]> = self.samples.iter().map(|s| s.found.as_slice()).collect();
        let order = self.job.request.order;
        let from_exact = deviation(&found, &exact, order);
        let (deviation, deviation_from_exact) = match (self.job.request.method, &self.job.mixing) {
            (Method::Exact, _) => (from_exact, None),
            (Method::Hope, Mixing::None) => (deviation(&found, &self.rule_truth()?, order), Some(from_exact)),
            (Method::Hope, _) => (deviation(&found, &self.rule_mixed_truth()?, order), Some(from_exact)),
        };
        Ok(Some(Verification { rays: self.samples.len(), deviation, deviation_from_exact }))
    }

    fn exact_truth(&self) -> Result<Vec<Vec<f64>>> {
        let job = self.job;
        let executor =
            CpuExecutor::<f64>::new(Plan::exact(job.model, job.request.order, Rays::Any, Kernels::Portable)?);
        let mut arena = Arena::default();
        let inputs = job.model.inputs();
        self.samples
            .iter()
            .map(|sample| {
                let directions = Directions::Shared { inputs, rows: sample.direction.clone() };
                let points = &job.request.points[sample.point * inputs..][..inputs];
                let source = Source { points, directions: Some(&directions), outputs: &job.outputs };
                Ok(executor.run(&Chunk { points: 0..1, lanes: 0..1 }, source, &mut arena, Par::Seq)?.series)
            })
            .collect()
    }

    /// The rule's mixed coefficients once more, in f64 on the CPU, along the samples' directions.
    fn rule_mixed_truth(&self) -> Result<Vec<Vec<f64>>> {
        let job = self.job;
        let inputs = job.model.inputs();
        self.samples
            .iter()
            .map(|sample| {
                let request = Request {
                    points: job.request.points[sample.point * inputs..][..inputs].to_vec(),
                    precision: Precision::F64,
                    device: Device::Cpu,
                    verify: 0,
                    ..job.request.clone()
                };
                let truth = expand(job.model, &request)?;
                let variables = truth.exponents.len() / truth.shape[2];
                let t = SplitMix(sample.ray as u64).unit_vector(variables);
                let rows = truth.coefficients.chunks_exact(truth.shape[2]);
                Ok(rows
                    .flat_map(|row| polynomial_along(&t, &truth.exponents, row, job.request.order))
                    .collect())
            })
            .collect()
    }

    fn rule_truth(&self) -> Result<Vec<Vec<f64>>> {
        let job = self.job;
        let executor = CpuExecutor::<f64>::new(Plan::hope(
            job.model,
            job.request.order,
            &Target::Input,
            Kernels::Portable,
        )?);
        let mut arena = Arena::default();
        let inputs = job.model.inputs();
        self.samples
            .iter()
            .map(|sample| {
                let points = &job.request.points[sample.point * inputs..][..inputs];
                let source = Source { points, directions: None, outputs: &job.outputs };
                let chunk = Chunk { points: 0..1, lanes: 0..job.outputs.len() };
                let all = executor.run(&chunk, source, &mut arena, Par::Seq)?.series;
                Ok(all.into_iter().skip(sample.ray).step_by(inputs).collect())
            })
            .collect()
    }
}

/// The series along a direction t of a polynomial with these mixed coefficients, orders from 1.
fn polynomial_along(t: &[f64], exponents: &[u8], coefficients: &[f64], order: usize) -> Vec<f64> {
    let mut along = vec![0.0; order + 1];
    for (exponent, c) in exponents.chunks_exact(t.len()).zip(coefficients) {
        let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
        along[degree] += c * monomial(t, exponent);
    }
    along.split_off(1)
}

/// A direction of the variables as one of the inputs.
fn in_input_space(job: &Job, t: &[f64]) -> Vec<f64> {
    let inputs = job.model.inputs();
    let Terms::Mixed(Some(basis)) = &job.request.terms else { return t.to_vec() };
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
