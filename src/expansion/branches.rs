//! Gradients along rays that stay on a kink: whether its branches differ.
//!
//! Along a ray that doesn't leave a kink the series of a unit there say nothing of its branch. A curve `x0 + t v + t^N w` does, and differs from the ray
//! by orders that the gradient's series doesn't have: its series is the limit of gradients beside the ray, on the side of w. Where those of several
//! random w and their opposites are the same, they are the network's, for t > 0; else it has none there. With N above the orders asked for, a kink
//! that the ray leaves by one of the next orders is decided as the ray does.

use super::assembled::{Assembled, Open};
use super::prepared::Parts;
use super::radii::Slopes;
use super::sides;
use crate::backend::{Chunk, ChunkResult, Source};
use crate::certificate::Kinks;
use crate::error::Result;
use crate::forward::Reference;
use crate::kernel::Side;
use crate::model::Aside;
use crate::plan::{Kernels, Plan};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::{Precision, times_two_to};
use crate::series::MAX_ORDER;

/// Random directions w, each with its opposite.
const WAYS: usize = 4;

/// How much higher than the orders asked for the power of t is that leaves the ray, one after the other, while the sides differ.
const HIGHER: [usize; 2] = [1, 6];

/// Rays that are looked at together.
const TOGETHER: usize = 16;

/// Outputs of a chunk.
const OUTPUTS: usize = 16;

/// What has to be the same on all sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matter {
    /// All components of gradients.
    All,
    /// Their products with the components of the ray: what of an output's change along it is each input's.
    Shares,
}

/// What is known of an open ray.
struct Found {
    open: Open,
    /// `[outputs, orders, inputs]`, by the first curve.
    gradients: Vec<f64>,
    /// Whether all curves have the same.
    same: bool,
}

/// Decides which open rays of a batch have a gradient; `first` is the batch's first point. What `room` bytes have no room for stays open. Returns those whose gradient is another one than it was.
pub(super) async fn settle(
    parts: &Parts,
    points: &[f64],
    first: usize,
    (matter, room): (Matter, u64),
    batch: &mut Assembled,
) -> Result<Vec<Open>> {
    let mut changed = Vec::new();
    let mut open: Vec<Open> = batch.open_rays().collect();
    let Some(directions) = parts.directions.as_ref().filter(|_| !open.is_empty()) else { return Ok(changed) };
    let lengths = lengths(parts, points);
    let n = parts.request.order;
    // In piecewise linear networks no order above the first decides, nor do w's slopes change along the ray.
    let powers = match parts.certificate.kinks {
        Kinks::PiecewiseLinear => vec![(n.max(2), n.max(2) + 1)],
        Kinks::None | Kinks::Piecewise => HIGHER.map(|higher| (n + higher, n + higher + 2)).to_vec(),
    };
    for (power, order) in powers.into_iter().filter(|(_, order)| *order <= MAX_ORDER) {
        let mut curves = Vec::new();
        for w in Ways::new(&lengths) {
            let model = parts.model.beside_rays(Aside { w: &w, power })?;
            let plan = Plan::gradient(&model, order, Kernels::Portable)?;
            let lanes = parts.outputs.len().min(OUTPUTS);
            curves.extend(Reference::new(plan, &parts.threads).in_room(lanes, room / WAYS as u64));
        }
        if curves.len() < WAYS {
            break;
        }
        let curves = Curves { parts, directions, points, first, matter, order, curves };
        let mut left = Vec::new();
        for some in open.chunks(TOGETHER) {
            let ahead = curves.look(some, Side::Ahead, WAYS).await?;
            left.extend(ahead.iter().filter(|found| !found.same).map(|found| found.open));
            let same: Vec<Found> = ahead.into_iter().filter(|found| found.same).collect();
            let rays: Vec<Open> = same.iter().map(|found| found.open).collect();
            let behind = curves.look(&rays, Side::Behind, 1).await?;
            for (ahead, behind) in same.iter().zip(behind) {
                let shows = !behind.same || curves.differ(ahead.open, &ahead.gradients, &behind.gradients);
                if !batch.decide(ahead.open, &ahead.gradients, shows) {
                    changed.push(ahead.open);
                }
            }
        }
        open = left;
        if open.is_empty() {
            break;
        }
    }
    open.into_iter().for_each(|open| batch.leave_open(open));
    Ok(changed)
}

/// Directions in which curves leave a ray.
pub(super) struct Ways<'a> {
    lengths: &'a [i32],
    random: SplitMix,
    left: usize,
}

impl<'a> Ways<'a> {
    /// `lengths`: exponents of two of those at which inputs weigh alike.
    pub fn new(lengths: &'a [i32]) -> Self {
        Self { lengths, random: SplitMix(0xB2A), left: WAYS }
    }
}

impl Iterator for Ways<'_> {
    type Item = Vec<f64>;

    fn next(&mut self) -> Option<Vec<f64>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.lengths.iter().map(|&e| times_two_to(self.random.normal(), e)).collect())
    }
}

/// Exponents of two of the lengths at which inputs weigh alike.
pub(super) fn lengths(parts: &Parts, points: &[f64]) -> Vec<i32> {
    let inputs = parts.model.inputs();
    let Some(slopes) = Slopes::new(&parts.model, &parts.threads) else { return vec![0; inputs] };
    let scales = slopes.at(points, &parts.threads);
    let unit = Directions::Unit { inputs };
    (0..inputs).map(|input| scales.exponent(&unit, input).into()).collect()
}

/// Curves that leave rays to several sides.
struct Curves<'a> {
    parts: &'a Parts,
    directions: &'a Directions,
    points: &'a [f64],
    first: usize,
    matter: Matter,
    /// Of their plans.
    order: usize,
    curves: Vec<Reference>,
}

impl Curves<'_> {
    /// Gradients beside some rays by the first so many curves and their opposites; none are looked for where two differ.
    async fn look(&self, open: &[Open], side: Side, ways: usize) -> Result<Vec<Found>> {
        let mut found: Vec<Found> =
            open.iter().map(|&open| Found { open, gradients: Vec::new(), same: true }).collect();
        for curve in &self.curves[..ways] {
            for sign in [1.0, -1.0] {
                let which: Vec<usize> = (0..found.len()).filter(|&i| found[i].same).collect();
                let rays: Vec<Open> = which.iter().map(|&i| found[i].open).collect();
                for (i, gradients) in which.into_iter().zip(self.beside(curve, &rays, side, sign).await?) {
                    let found = &mut found[i];
                    match gradients {
                        // The network jumps, or overflows.
                        None => found.same = false,
                        Some(gradients) if found.gradients.is_empty() => found.gradients = gradients,
                        Some(gradients) => {
                            found.same = !self.differ(found.open, &found.gradients, &gradients);
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// `[outputs, orders, inputs]` of each ray along a curve; none where it has no series.
    async fn beside(
        &self,
        curve: &Reference,
        rays: &[Open],
        side: Side,
        sign: f64,
    ) -> Result<Vec<Option<Vec<f64>>>> {
        let Parts { model, outputs, request, .. } = self.parts;
        let (inputs, orders) = (model.inputs(), request.order);
        let (mut points, mut rows) = (Vec::new(), Vec::new());
        let mut ray = vec![0.0; inputs];
        for open in rays {
            let point = self.first + open.point;
            points.extend_from_slice(&self.points[point * inputs..][..inputs]);
            points.push(0.0);
            self.directions.write(point, open.ray, &mut ray);
            rows.extend_from_slice(&ray);
            rows.push(sign);
        }
        let directions = Directions::PerPoint { inputs: inputs + 1, rays: 1, rows };
        let source =
            Source { points: &points, directions: Some(&directions), outputs, radii: None, weights: None };
        let pieces = || (0..outputs.len()).step_by(OUTPUTS).map(|o| o..outputs.len().min(o + OUTPUTS));
        let chunks: Vec<Chunk> = (0..rays.len())
            .flat_map(|i| pieces().map(move |lanes| Chunk { side, ..Chunk::ahead(i..i + 1, lanes) }))
            .collect();
        let mut all: Vec<Option<Vec<f64>>> = vec![Some(Vec::new()); rays.len()];
        let take = |chunk: &Chunk, result: Option<ChunkResult>| {
            let slot = &mut all[chunk.points.start];
            match (slot.as_mut(), result) {
                (Some(gradients), Some(result)) => {
                    for series in result.series.chunks_exact(self.order * (inputs + 1)) {
                        for g in series.chunks_exact(inputs + 1).take(orders) {
                            gradients.extend_from_slice(&g[..inputs]);
                        }
                    }
                }
                _ => *slot = None,
            }
        };
        curve.run_with_gaps(&chunks, source, take).await?;
        Ok(all)
    }

    /// Whether the gradients on two sides of a ray are different ones.
    fn differ(&self, open: Open, a: &[f64], b: &[f64]) -> bool {
        let inputs = self.parts.model.inputs();
        let mut weights = vec![1.0; inputs];
        if self.matter == Matter::Shares {
            self.directions.write(self.first + open.point, open.ray, &mut weights);
        }
        let size = |row: &[f64]| row.iter().zip(&weights).map(|(g, w)| g * w).fold(0.0, f64::hypot);
        let width = self.parts.request.order * inputs;
        a.chunks_exact(width).zip(b.chunks_exact(width)).any(|(a, b)| {
            let sizes = |series: &[f64]| -> Vec<f64> { series.chunks_exact(inputs).map(size).collect() };
            let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            !sides::close(&sizes(a), &sizes(b), &sizes(&apart), 0.0, sides::tolerance(Precision::F64))
        })
    }
}
