//! Sums over rays, computed once more: all rays of a sample's point, in f64, added up at the highest order.
//!
//! A sample is a ray with its lower orders, and at the highest one the mean of all rays in their scaled units, by the size of what they weigh.

use super::{Again, Checker, How, in_units, radius};
use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::expansion::by_rays::ByRays;
use crate::expansion::deviation::Along;
use crate::expansion::mixing::Mixing;
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
    let ray = |at: usize| Chunk::ahead(at / rays..at / rays + 1, at % rays..at % rays + 1);
    let chunks: Vec<Chunk> = (0..checker.samples.len() * rays).map(ray).collect();
    let mut all: Vec<Again> = Vec::with_capacity(checker.samples.len());
    let take = |chunk: &Chunk, ChunkResult { value, series, .. }: ChunkResult| {
        let (at, ray) = (chunk.points.start, chunk.lanes.start);
        let sample = &checker.samples[at];
        if ray == 0 {
            let (series, terms) = (vec![0.0; series.len()], vec![0.0; order + 1]);
            all.push(Again { along: Along { value, series, terms }, margin: f64::INFINITY });
        }
        let along = &mut all[at].along;
        let share =
            by_rays.weight(sample.point, ray) / size(by_rays, checker.parts, checker.scales, sample.point);
        let rows = along.series.chunks_exact_mut(order).zip(series.chunks_exact(order));
        for (to, from) in rows {
            to[order - 1] += share * from[order - 1];
            along.terms[order] = along.terms[order].hypot(share * from[order - 1]);
            if ray == sample.ray {
                let lower = in_units(from[..order - 1].iter().copied(), sample.exponent);
                to.iter_mut().zip(lower).for_each(|(to, c)| *to = c);
            }
        }
    };
    checker.reference(plan, how).run(&chunks, source, take).await?;
    Ok(all)
}
