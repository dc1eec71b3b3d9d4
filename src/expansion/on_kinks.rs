//! Points on kinks: whether a kink shows in mixed terms and in the published rule's, which have no sides, and where it is.

use super::assembled::Assembled;
use super::prepared::Parts;
use super::sides::{agree, column, tolerance};
use super::verify::{in_input_space, polynomial_along};
use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::forward::Reference;
use crate::kernel::Side;
use crate::plan::{Deeper, Kernels, Layer, Method, Plan, Rays};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::Precision;

/// The layer on whose kink a ray begins, the first one: `known` to the executor, or by the processor, in f64.
pub(super) async fn layer(
    parts: &Parts,
    points: &[f64],
    point: usize,
    ray: usize,
    known: Option<usize>,
) -> Result<Option<Layer>> {
    if let Some(layer) = known {
        return Ok(Some(parts.plan.layers[layer].clone()));
    }
    let Parts { model, request, outputs, .. } = parts;
    let plan = match &parts.plan.monomials {
        None => Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?,
        Some(monomials) => Plan::mixed(model, monomials.clone(), Kernels::Portable)?,
    };
    let layers = plan.layers.clone();
    let source =
        Source { points, directions: parts.directions.as_ref(), outputs, radii: None, weights: None };
    let mut found = None;
    let take = |_: &Chunk, result: Option<ChunkResult>| {
        found = result.and_then(|result| result.kinks.first()?.begins_at);
    };
    let chunk = Chunk::ahead(point..point + 1, ray..ray + 1);
    Reference::new(plan, &parts.threads)
        .or_deeper(deeper(parts))
        .run_with_gaps(&[chunk], source, take)
        .await?;
    Ok(found.map(|layer| layers[layer].clone()))
}

/// For quotients and roots that lose orders at a point.
fn deeper(parts: &Parts) -> Option<Deeper> {
    let any = parts.plan.method == Method::Exact && parts.plan.monomials.is_none();
    any.then(|| Deeper::new(&parts.model, parts.request.order, Rays::Any, Kernels::Portable)).flatten()
}

/// Decides for each point of a batch of mixed terms that lies on a kink whether it shows: whether the polynomial is the exact one-sided series
/// along random rays, in all of whose directions branches may differ.
pub(super) async fn settle(parts: &Parts, points: &[f64], first: usize, batch: &mut Assembled) -> Result<()> {
    const RAYS: usize = 8;
    let on_kinks: Vec<usize> = batch.points_on_kinks().collect();
    let Some((exponents, variables)) = parts.mixing.exponents().filter(|_| !on_kinks.is_empty()) else {
        return Ok(());
    };
    let Parts { model, request, outputs, .. } = parts;
    let plan = Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?;
    let mut random = SplitMix(0x51DE);
    let rays: Vec<Vec<f64>> = (0..RAYS).map(|_| random.unit_vector(variables)).collect();
    let rows = rays.iter().flat_map(|t| in_input_space(parts, t)).collect();
    let directions = Directions::Shared { inputs: model.inputs(), rows };
    let source = Source { points, directions: Some(&directions), outputs, radii: None, weights: None };
    let chunk = |&point: &usize| Chunk::ahead(first + point..first + point + 1, 0..RAYS);
    let chunks: Vec<Chunk> = on_kinks.iter().map(chunk).collect();
    for &point in &on_kinks {
        batch.kinks[point].begins = false;
    }
    let take = |chunk: &Chunk, result: Option<ChunkResult>| {
        let point = chunk.points.start - first;
        let lanes = chunk.lanes.len();
        let holds = |output: usize, at: usize| {
            // Along some rays the network may jump.
            let Some(result) = &result else { return false };
            let row = point * outputs.len() + output;
            let polynomial = &batch.coefficients[row * parts.mixing.terms()..][..parts.mixing.terms()];
            let ray = &rays[chunk.lanes.start + at];
            let found = polynomial_along(ray, exponents, polynomial, request.order);
            let truth = column(&result.series, output * request.order, lanes, at, request.order);
            agree(result.value[output], &found, &truth, tolerance(request.precision))
        };
        batch.kinks[point].begins |= !(0..outputs.len()).all(|output| (0..lanes).all(|at| holds(output, at)));
    };
    Reference::new(plan, &parts.threads).or_deeper(deeper(parts)).run_with_gaps(&chunks, source, take).await
}

/// Those of some points at which a kink shows, with its layer: by the exact method along a random ray of each, which crosses all kinks that
/// the point lies on. The published rule has no rays of its own.
pub(super) async fn shown(
    parts: &Parts,
    points: &[f64],
    which: Vec<usize>,
) -> Result<Vec<(usize, Option<Layer>)>> {
    let Parts { model, request, outputs, .. } = parts;
    let plan = Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?;
    let layers = plan.layers.clone();
    let rows = SplitMix(0x51DE).unit_vector(model.inputs());
    let directions = Directions::Shared { inputs: model.inputs(), rows };
    let source = Source { points, directions: Some(&directions), outputs, radii: None, weights: None };
    let both = |&point: &usize| {
        [Side::Ahead, Side::Behind].map(|side| Chunk { side, ..Chunk::ahead(point..point + 1, 0..1) })
    };
    let chunks: Vec<Chunk> = which.iter().flat_map(both).collect();
    let mut shown = Vec::new();
    let mut ahead = None;
    let take = |chunk: &Chunk, result: Option<ChunkResult>| {
        if chunk.side == Side::Ahead {
            ahead = result;
            return;
        }
        let differs = |output: usize| {
            // Where the network jumps there is no series on one of the sides.
            let (Some(ahead), Some(behind)) = (&ahead, &result) else { return true };
            let [a, b] = [ahead, behind].map(|side| &side.series[output * request.order..][..request.order]);
            !agree(behind.value[output], a, b, tolerance(Precision::F64))
        };
        if (0..outputs.len()).any(differs) {
            let mut sides = ahead.iter().chain(&result);
            let layer = sides.find_map(|side| side.kinks.first().and_then(|kink| kink.begins_at));
            shown.push((chunk.points.start, layer.map(|layer| layers[layer].clone())));
        }
    };
    Reference::new(plan, &parts.threads)
        .or_deeper(deeper(parts))
        .run_with_gaps(&chunks, source, take)
        .await?;
    Ok(shown)
}
