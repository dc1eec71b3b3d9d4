//! Sums over rays, computed once more: all rays of a sample's point, in f64, added up at the highest order.
//!
//! A sample is a ray with its lower orders, and at the highest one the mean of all rays in their scaled units, by the size of what they weigh. As many samples as there are
//! rays are at one point, so that no more rays are computed than are asked for, but for the rest of one point's.

use super::{Again, Checker, How, in_units, radius};
use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::expansion::by_rays::ByRays;
use crate::expansion::deviation::Along;
use crate::expansion::mixing::Mixing;
use crate::expansion::outline::AT_ONCE;
use crate::expansion::prepared::Parts;
use crate::expansion::radii::Scales;
use crate::plan::{Kernels, Plan, Rays};
use crate::scalar::times_two_to;

/// What rays weigh, where their sum was computed.
pub(super) fn of(parts: &Parts) -> Option<&ByRays> {
    match &parts.mixing {
        Mixing::Operator(by_rays) if parts.plan.weights.is_some() => Some(by_rays),
        _ => None,
    }
}

/// Size of what all rays of a point weigh, in their scaled units.
pub(super) fn size(by_rays: &ByRays, parts: &Parts, scales: Option<Scales>, point: usize) -> f64 {
    let (Some(directions), order) = (&parts.directions, parts.request.order as i32) else { return 1.0 };
    let weigh = |ray: usize| {
        let exponent = radius(scales, directions, point, ray);
        times_two_to(by_rays.weight(point, ray).abs(), -order * exponent)
    };
    let sum: f64 = (0..directions.len()).map(weigh).sum();
    if sum > 0.0 { sum } else { 1.0 }
}

/// The samples once more.
pub(super) async fn again(checker: &Checker<'_>, by_rays: &ByRays, how: How) -> Result<Vec<Again>> {
    let Parts { model, request, outputs, directions, .. } = checker.parts;
    let Some(directions) = directions else { return Ok(Vec::new()) };
    let plan = Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?;
    let (order, rays) = (request.order, directions.len());
    let points = checker.places(how);
    let radii = checker.scales.and_then(|scales| scales.radii(directions));
    let source = Source {
        points: &points,
        directions: Some(directions),
        outputs,
        radii: radii.as_ref(),
        weights: None,
    };
    // Samples of one point follow each other.
    let firsts = (0..checker.samples.len()).step_by(rays);
    let of_point = |at: usize| {
        let cut = move |ray: usize| Chunk::ahead(at..at + 1, ray..rays.min(ray + AT_ONCE));
        (0..rays).step_by(AT_ONCE).map(cut)
    };
    let chunks: Vec<Chunk> = firsts.flat_map(of_point).collect();
    let mut all: Vec<Again> = Vec::with_capacity(checker.samples.len());
    let take = |chunk: &Chunk, ChunkResult { value, series, .. }: ChunkResult| {
        let (first, lanes) = (chunk.points.start, chunk.lanes.len());
        let end = checker.samples.len().min(first + rays);
        if chunk.lanes.start == 0 {
            let (value, series) = (value, vec![0.0; outputs.len() * order]);
            let along = Along { value, series, terms: vec![0.0; order + 1] };
            all.resize_with(end, || Again { along: along.clone(), margin: f64::INFINITY });
        }
        let size = size(by_rays, checker.parts, checker.scales, checker.samples[first].point);
        for (sample, Again { along, .. }) in checker.samples[first..end].iter().zip(&mut all[first..]) {
            for (lane, ray) in chunk.lanes.clone().enumerate() {
                let share = by_rays.weight(sample.point, ray) / size;
                let rows = along.series.chunks_exact_mut(order).zip(series.chunks_exact(order * lanes));
                for (to, from) in rows {
                    let c = share * from[(order - 1) * lanes + lane];
                    to[order - 1] += c;
                    along.terms[order] = along.terms[order].hypot(c);
                    if ray == sample.ray {
                        let lower = from[lane..].iter().step_by(lanes).take(order - 1).copied();
                        let lower = in_units(lower, sample.exponent);
                        to.iter_mut().zip(lower).for_each(|(to, c)| *to = c);
                    }
                }
            }
        }
    };
    checker.reference(plan, how).run(&chunks, source, take).await?;
    Ok(all)
}
