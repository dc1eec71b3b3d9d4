//! Rays that begin on a kink: whether it shows in the result.
//!
//! Such a ray's series holds for t > 0. Computed for t < 0 too, by the branches that hold there, it is the same if the kinks cancel, as those of
//! relu(x) - relu(-x) = x do, or those of a softmax that subtracts a maximum; then nothing has to be said. Else it is one-sided.

use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::Result;
use crate::forward::Reference;
use crate::kernel::Side;
use crate::plan::{Kernels, Layer, Plan, Rays};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::Precision;

use super::assembled::Assembled;
use super::prepared::Parts;
use super::verify::{in_input_space, polynomial_along};

/// How far both sides of the same series may be apart by rounding, relative to it.
pub(super) fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-4,
        Precision::F64 => 1e-9,
    }
}

/// Whether the series of an output on both sides are the same up to rounding, orders from 1; `value` is order 0.
///
/// They are compared as polynomials in t/r, with the largest r at which their first term is the largest: that doesn't depend on units.
pub(super) fn agree(value: f64, ahead: &[f64], behind: &[f64], tolerance: f64) -> bool {
    let sizes: Vec<f64> = ahead.iter().zip(behind).map(|(a, b)| a.abs().max(b.abs())).collect();
    let Some(first) = sizes.iter().position(|&size| size > 0.0) else { return true };
    let ratios = (1..)
        .zip(&sizes[first + 1..])
        .map(|(steps, size)| (sizes[first] / size).powf(1.0 / f64::from(steps)));
    let radius = ratios.fold(f64::INFINITY, f64::min);
    let radius = if radius.is_finite() { radius } else { 1.0 };
    // Where all terms cancel only the rounding of the value is left.
    let allowed = tolerance * sizes[first].max(1e-6 * value.abs() * radius.powi(-(first as i32 + 1)));
    let differences = ahead.iter().zip(behind).map(|(a, b)| (a - b).abs());
    (0..).zip(differences).skip(first).all(|(k, d)| d * radius.powi(k - first as i32) <= allowed)
}

/// `order` numbers of a matrix's column `at`, from a row on.
pub(super) fn column(matrix: &[f64], row: usize, width: usize, at: usize, order: usize) -> Vec<f64> {
    matrix[row * width..].chunks_exact(width).take(order).map(|row| row[at]).collect()
}

/// The layer on whose kink a ray begins, the first one: by the processor, in f64.
pub(super) async fn layer(parts: &Parts, points: &[f64], point: usize, ray: usize) -> Result<Option<Layer>> {
    let Parts { model, request, outputs, .. } = parts;
    let plan = match &parts.plan.monomials {
        None => Plan::exact(model, request.order, Rays::Any, Kernels::Portable)?,
        Some(monomials) => Plan::mixed(model, monomials.clone(), Kernels::Portable)?,
    };
    let layers = plan.layers.clone();
    let source = Source { points, directions: parts.directions.as_ref(), outputs };
    let mut found = None;
    let take = |_: &Chunk, result: ChunkResult| found = result.kinks.first().and_then(|kink| kink.begins_at);
    let chunk = Chunk::ahead(point..point + 1, ray..ray + 1);
    Reference::new(plan, &parts.threads).run(&[chunk], source, take).await?;
    Ok(found.map(|layer| layers[layer].clone()))
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
    let source = Source { points, directions: Some(&directions), outputs };
    let chunk = |&point: &usize| Chunk::ahead(first + point..first + point + 1, 0..RAYS);
    let chunks: Vec<Chunk> = on_kinks.iter().map(chunk).collect();
    let take = |chunk: &Chunk, result: ChunkResult| {
        let point = chunk.points.start - first;
        let holds = |output: usize, ray: usize| {
            let row = point * outputs.len() + output;
            let polynomial = &batch.coefficients[row * parts.mixing.terms()..][..parts.mixing.terms()];
            let found = polynomial_along(&rays[ray], exponents, polynomial, request.order);
            let truth = column(&result.series, output * request.order, RAYS, ray, request.order);
            agree(result.value[output], &found, &truth, tolerance(request.precision))
        };
        batch.kinks[point].begins = !(0..outputs.len()).all(|output| (0..RAYS).all(|ray| holds(output, ray)));
    };
    Reference::new(plan, &parts.threads).run(&chunks, source, take).await
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
    let source = Source { points, directions: Some(&directions), outputs };
    let both = |&point: &usize| {
        [Side::Ahead, Side::Behind].map(|side| Chunk { side, ..Chunk::ahead(point..point + 1, 0..1) })
    };
    let chunks: Vec<Chunk> = which.iter().flat_map(both).collect();
    let mut shown = Vec::new();
    let mut ahead = ChunkResult::default();
    let take = |chunk: &Chunk, result: ChunkResult| {
        if chunk.side == Side::Ahead {
            ahead = result;
            return;
        }
        let differs = |output: usize| {
            let [a, b] =
                [&ahead, &result].map(|side| &side.series[output * request.order..][..request.order]);
            !agree(result.value[output], a, b, tolerance(Precision::F64))
        };
        if (0..outputs.len()).any(differs) {
            let layer = ahead.kinks.first().and_then(|kink| kink.begins_at);
            shown.push((chunk.points.start, layer.map(|layer| layers[layer].clone())));
        }
    };
    Reference::new(plan, &parts.threads).run(&chunks, source, take).await?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_no_difference_and_units_do_not_matter() {
        let (ahead, behind) = ([0.5, 0.125, 1e-18], [0.5 + 1e-16, 0.125, -2e-18]);
        for unit in [1e-6f64, 1.0, 1e9] {
            let scaled = |c: &[f64]| -> Vec<f64> { (1..).zip(c).map(|(k, c)| c * unit.powi(k)).collect() };
            assert!(agree(0.7, &scaled(&ahead), &scaled(&behind), 1e-9), "{unit}");
            let other = [0.5, 0.125, 1e-7];
            assert!(!agree(0.7, &scaled(&other), &scaled(&behind), 1e-9), "{unit}");
            assert!(!agree(0.7, &scaled(&[0.0, 0.125, 0.0]), &scaled(&behind), 1e-9), "{unit}");
        }
        assert!(agree(1.0, &[0.0, 0.0], &[0.0, -0.0], 1e-9));
        assert!(agree(1.0, &[1e-17], &[-1e-17], 1e-9), "terms that cancel leave rounding");
        assert!(!agree(0.0, &[0.0, 1.0], &[0.0, -1.0], 1e-9));
    }
}
