//! Results of a batch of points, put together from those of its chunks.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::Job;
use super::job::Mixing;
use super::rule_mixed;
use crate::executor::{Chunk, ChunkResult};
use crate::plan::Method;

/// Puts results of some lanes where their rays are: `rays` are in the order of the lanes.
fn place_lanes(rays: &Option<Arc<[usize]>>, lanes: &Range<usize>, from: &[f64], all: &mut [f64]) {
    match rays {
        None => all[lanes.clone()].copy_from_slice(from),
        Some(rays) => rays[lanes.clone()].iter().zip(from).for_each(|(&ray, &x)| all[ray] = x),
    }
}

/// Results of a batch, put together from its chunks.
pub(super) struct Assembled {
    pub value: Vec<f64>,
    /// `[points, outputs, orders, series]`: rays (exact) or units (rule); then mixed terms.
    pub coefficients: Vec<f64>,
    pub kinks: Vec<f64>,
    method: Method,
    outputs: usize,
    order: usize,
    /// Rays, or units of all adjoints.
    columns: usize,
    /// See [`Plan::unit_rays`].
    rays: Option<Arc<[usize]>>,
}

impl Assembled {
    pub fn new(job: &Job, points: Range<usize>) -> Self {
        let (outputs, order) = (job.outputs.len(), job.request.order);
        let columns = match &job.directions {
            Some(directions) => directions.len(),
            None => job.plan().adjoints.iter().map(|id| job.plan().values[id.0].units).sum(),
        };
        let rays = if job.directions.is_some() { columns } else { 0 };
        Self {
            value: vec![0.0; points.len() * outputs],
            coefficients: vec![0.0; points.len() * outputs * order * columns],
            kinks: vec![0.0; points.len() * rays],
            method: job.request.method,
            outputs,
            order,
            columns,
            rays: job.plan().unit_rays.clone(),
        }
    }

    pub fn place(&mut self, chunk: &Chunk, result: &ChunkResult, first: usize) {
        let (outputs, order, columns) = (self.outputs, self.order, self.columns);
        let lanes = &chunk.lanes;
        for (i, point) in chunk.points.clone().enumerate() {
            let point = point - first;
            self.value[point * outputs..][..outputs].copy_from_slice(&result.value[i * outputs..][..outputs]);
            match self.method {
                Method::Exact => {
                    let from = &result.series[i * outputs * order * lanes.len()..];
                    let kinks = &result.kinks[i * lanes.len()..][..lanes.len()];
                    let all = &mut self.kinks[point * columns..][..columns];
                    place_lanes(&self.rays, lanes, kinks, all);
                    for (row, from) in from.chunks_exact(lanes.len()).take(outputs * order).enumerate() {
                        let all = (point * outputs * order + row) * columns;
                        let all = &mut self.coefficients[all..][..columns];
                        place_lanes(&self.rays, lanes, from, all);
                    }
                }
                Method::Hope => {
                    let length = lanes.len() * order * columns;
                    let at = (point * outputs + lanes.start) * order * columns;
                    self.coefficients[at..at + length]
                        .copy_from_slice(&result.series[i * length..][..length]);
                }
            }
        }
    }

    /// Turns series into mixed coefficients, if they are asked for.
    pub fn mix(&mut self, job: &Job) {
        let Some((exponents, variables)) = job.mixing.exponents() else { return };
        let terms = exponents.len() / variables;
        let mut mixed = vec![0.0; self.value.len() * terms];
        let mixing = &job.mixing;
        mixed
            .par_chunks_exact_mut(terms)
            .zip(self.coefficients.par_chunks_exact(self.order * self.columns))
            .zip(&self.value)
            .for_each(|((into, series), &value)| match mixing {
                Mixing::None => {}
                Mixing::Rays { interpolation, .. } => interpolation.solve(value, series, into),
                Mixing::Rule { matrix, .. } => {
                    rule_mixed::combine(value, series, matrix, exponents, variables, into);
                }
            });
        self.coefficients = mixed;
        // The rays are inner affairs of the interpolation: only the nearest kink of all says something.
        if job.directions.is_some() {
            let nearest = |rays: &[f64]| rays.iter().copied().fold(f64::INFINITY, f64::min);
            self.kinks = self.kinks.chunks_exact(self.columns).map(nearest).collect();
        }
    }
}
