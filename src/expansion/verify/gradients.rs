//! Gradients along rays, computed once more: component by component in units of the inputs' own radii, so that their sizes compare.

use super::{Again, Checker, How, Sample};
use crate::backend::{Chunk, ChunkResult, Source};
use crate::certificate::Kinks;
use crate::error::{Error, Result};
use crate::expansion::deviation::Along;
use crate::expansion::prepared::Parts;
use crate::expansion::radii::Scales;
use crate::expansion::request::Terms;
use crate::expansion::results::Batch;
use crate::plan::{Kernels, Plan, Rays};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::times_two_to;

/// Orders that are compared: those of the request, but of second derivatives one only.
pub(super) fn orders(parts: &Parts) -> usize {
    match parts.request.terms {
        Terms::Hessian(_) => 1,
        _ => parts.request.order,
    }
}

/// Exponents of two of the radii: of the sample's ray, and of each input.
fn exponents(sample: &Sample, parts: &Parts, scales: Option<Scales>) -> (i32, Vec<i32>) {
    let inputs = parts.model.inputs();
    let Some((scales, directions)) = scales.zip(parts.directions.as_ref()) else {
        return (0, vec![0; inputs]);
    };
    let ray = directions.distinct(sample.point, sample.ray % directions.len());
    let unit = Directions::Unit { inputs };
    let of_ray = ray.map_or(0, |distinct| scales.exponent(directions, distinct).into());
    (of_ray, (0..inputs).map(|input| scales.exponent(&unit, input).into()).collect())
}

/// What a batch says of a sample; `point` counts in the batch.
pub(super) fn take(sample: &mut Sample, parts: &Parts, scales: Option<Scales>, batch: &Batch, point: usize) {
    let Some(directions) = &parts.directions else { return };
    let (inputs, rays, orders) = (parts.model.inputs(), directions.len(), orders(parts));
    let (output, ray) = (sample.ray / rays, sample.ray % rays);
    let (of_ray, of_inputs) = exponents(sample, parts, scales);
    let row = point * parts.outputs.len() + output;
    let block = |k: usize| &batch.coefficients[((row * orders + k) * rays + ray) * inputs..][..inputs];
    let skipped = parts.request.order - orders;
    sample.exponent = of_ray;
    sample.direction = vec![0.0; inputs];
    directions.write_times(times_two_to(1.0, of_ray), sample.point, ray, &mut sample.direction);
    sample.found.value = vec![batch.value[row]];
    sample.found.series = (0..inputs)
        .flat_map(|input| (0..orders).map(move |k| (input, k)))
        .map(|(input, k)| times_two_to(block(k)[input], (skipped + k) as i32 * of_ray + of_inputs[input]))
        .collect();
}

/// The samples' gradients once more.
pub(super) async fn again(checker: &Checker<'_>, how: How) -> Result<Vec<Again>> {
    let Parts { model, request, outputs, .. } = checker.parts;
    let mut plan = Plan::gradient(model, request.order, Kernels::Portable)?;
    let checkpoints = checker.parts.plan.checkpoints;
    if checkpoints > 0 {
        plan = plan.with_checkpoints(checkpoints + 1).unwrap_or(plan);
    }
    let rows = checker.samples.iter().flat_map(|sample| &sample.direction).copied().collect();
    let directions = Directions::PerPoint { inputs: model.inputs(), rays: 1, rows };
    let points = checker.places(how);
    let source =
        Source { points: &points, directions: Some(&directions), outputs, radii: None, weights: None };
    let rays = checker.parts.directions.as_ref().map_or(1, Directions::len);
    let chunks: Vec<Chunk> = (0..checker.samples.len())
        .map(|i| {
            let output = checker.samples[i].ray / rays;
            Chunk::ahead(i..i + 1, output..output + 1)
        })
        .collect();
    let orders = orders(checker.parts);
    let skipped = request.order - orders;
    let mut margins = margins(checker, how).await?.into_iter();
    let mut all = Vec::with_capacity(checker.samples.len());
    let mut samples = checker.samples.iter();
    let take = |chunk: &Chunk, result: ChunkResult| {
        let Some(sample) = samples.next() else { return };
        let (_, of_inputs) = exponents(sample, checker.parts, checker.scales);
        let inputs = model.inputs();
        let series = (0..inputs)
            .flat_map(|input| (0..orders).map(move |k| (input, k)))
            .map(|(input, k)| times_two_to(result.series[(skipped + k) * inputs + input], of_inputs[input]))
            .collect();
        let margin = margins.next().unwrap_or(f64::INFINITY);
        let value = vec![result.value[chunk.lanes.start]];
        all.push(Again { along: Along { value, series, terms: Vec::new() }, margin });
    };
    checker.reference(plan, how).run(&chunks, source, take).await?;
    Ok(all)
}

/// How near each sample's point is to a kink of any unit: the branch of each counts in a gradient, also of those that its ray doesn't move, and without a
/// ray none moves. So along another ray, in units of the inputs' radii, on which all do.
async fn margins(checker: &Checker<'_>, how: How) -> Result<Vec<f64>> {
    let Parts { model, outputs, .. } = checker.parts;
    let count = checker.samples.len();
    if how != How::Right || Kinks::of(model) == Kinks::None {
        return Ok(vec![f64::INFINITY; count]);
    }
    let plan = Plan::exact(model, 1, Rays::Any, Kernels::Portable)?;
    let mut random = SplitMix(0x6A9);
    let rows = checker
        .samples
        .iter()
        .flat_map(|sample| exponents(sample, checker.parts, checker.scales).1)
        .map(|exponent| times_two_to(random.normal(), exponent))
        .collect();
    let directions = Directions::PerPoint { inputs: model.inputs(), rays: 1, rows };
    let points = checker.places(how);
    let source =
        Source { points: &points, directions: Some(&directions), outputs, radii: None, weights: None };
    let mut all = Vec::with_capacity(count);
    let take = |_: &Chunk, result: ChunkResult| {
        all.push(result.kinks.first().map_or(f64::INFINITY, |kink| kink.margin.min(kink.reach())));
    };
    match checker.reference(plan, how).run(&checker.chunks(1), source, take).await {
        // Where the function jumps at a point there is no series.
        Err(Error::NonFinite { .. }) => Ok(vec![0.0; count]),
        Err(error) => Err(error),
        Ok(()) => Ok(all),
    }
}
