//! Points that f32 can't hold: where rounding the inputs to it changes the result.

use super::deviation::{Along, TOLERANCE, deviations};
use super::prepared::Parts;
use crate::backend::{Chunk, ChunkResult, Source};
use crate::error::{Error, Result};
use crate::forward::Reference;
use crate::plan::{Deeper, Kernels, Plan, Rays};
use crate::random::SplitMix;
use crate::rays::Directions;

/// Change of what the first nonlinear operators read from which on rounding a point may matter.
const NOTICED: f64 = 1e-4;

/// Points that are computed anew at most: of more, the first ones stand for the others.
const COMPARED: usize = 32;

/// Order to which they are.
const ORDER: usize = 2;

/// Whether f32 can hold the points. Time stamps near 1e9 it rounds by up to 64 s, which a network that subtracts 1.7e9 first may notice: where it
/// could, the series along a random ray from the point itself and from the rounded one are compared, both in f64.
///
/// # Errors
/// The first point that it can't hold.
pub(super) async fn check(parts: &Parts, points: &[f64]) -> Result<()> {
    let Parts { model, outputs, threads, slopes: Some(slopes), .. } = parts else { return Ok(()) };
    let inputs = model.inputs();
    let rounded = |x: f64| f64::from(x as f32);
    let lost = |point: usize, input: usize, change: f64| {
        let value = points[point * inputs + input];
        Error::Rounded { point, input, value, rounded: rounded(value), change }
    };
    // The input whose rounding changes the most, where that is noticed.
    let noticed = |point: &[f64]| {
        let all = point.iter().enumerate().filter(|(_, x)| rounded(**x) != **x);
        let changes = all.map(|(input, &x)| (input, (x - rounded(x)).abs() * slopes.of(input)));
        changes.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, change)| *change > NOTICED)
    };
    let mut suspects = Vec::new();
    for (i, point) in points.chunks_exact(inputs).enumerate() {
        match noticed(point) {
            Some((input, f64::INFINITY)) => return Err(lost(i, input, f64::INFINITY)),
            Some((input, _)) if suspects.len() < COMPARED => suspects.push((i, input)),
            _ => {}
        }
    }
    if suspects.is_empty() {
        return Ok(());
    }
    let mut both = Vec::with_capacity(2 * inputs * suspects.len());
    for &(point, _) in &suspects {
        let point = &points[point * inputs..][..inputs];
        both.extend_from_slice(point);
        both.extend(point.iter().map(|&x| rounded(x)));
    }
    let mut ray = SplitMix(0xF32).unit_vector(inputs);
    for (input, v) in ray.iter_mut().enumerate() {
        // Each input in its own unit.
        let slope = slopes.of(input);
        *v = if slope > 0.0 { *v / slope } else { 0.0 };
    }
    let directions = Directions::Shared { inputs, rows: ray };
    let plan = Plan::exact(model, ORDER, Rays::Any, Kernels::Portable)?;
    let deeper = Deeper::new(model, ORDER, Rays::Any, Kernels::Portable);
    let source = Source { points: &both, directions: Some(&directions), outputs, radii: None, weights: None };
    let chunks: Vec<Chunk> = (0..2 * suspects.len()).map(|i| Chunk::ahead(i..i + 1, 0..1)).collect();
    let mut found = Vec::with_capacity(chunks.len());
    let take = |_: &Chunk, result: ChunkResult| {
        found.push(Along { value: result.value, series: result.series, ..Along::default() });
    };
    match Reference::new(plan, threads).or_deeper(deeper).run(&chunks, source, take).await {
        Err(Error::NonFinite { .. }) => return Ok(()), // the run itself will say so
        result => result?,
    }
    for (&(point, input), both) in suspects.iter().zip(found.chunks_exact(2)) {
        let change = deviations(&both[1], &both[0], ORDER).into_iter().fold(0.0, f64::max);
        if change > 0.1 * TOLERANCE {
            return Err(lost(point, input, change));
        }
    }
    Ok(())
}
