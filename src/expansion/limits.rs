//! Gradients where a quotient is 0/0 or a root is of 0: those of sin(x) / x at 0 are finite, though what passes back through numerator and denominator isn't.
//!
//! Along a ray such adjoints are Laurent series, `z̄(t) = t^-m (…)`, whose poles cancel where branches meet, if the gradient is finite. So `t^M y` is
//! differentiated in place of y: its adjoints are power series, and the gradient's coefficients are those from t^M on, if those below vanish. Orders get
//! lost on the way, forward and back, so that more of them are taken. Where the ray stays at 0/0, or there is none, curves to several sides of the point
//! have to have the same gradient: see [`super::branches`].

use super::assembled::{Assembled, Open};
use super::branches::{Ways, lengths};
use super::prepared::Parts;
use super::sides;
use crate::backend::{Chunk, ChunkResult, Run, Source};
use crate::error::{Error, Result};
use crate::forward::Reference;
use crate::kernel::Kink;
use crate::model::Aside;
use crate::plan::{Kernels, Plan};
use crate::rays::Directions;
use crate::scalar::{Precision, times_two_to};
use crate::series::MAX_ORDER;

/// Order of the poles that are looked for along a ray that leaves 0/0, one after the other: without any, f64 may do where f32 doesn't.
const POLES: [usize; 2] = [0, 4];

/// What is found along a ray.
struct Found {
    value: Vec<f64>,
    /// `[outputs, orders, inputs]`.
    gradients: Vec<f64>,
    kink: Kink,
}

/// Fills in the rays of gradients that have no numbers; `first` is the batch's first point.
///
/// # Errors
/// If one has no gradient: what isn't finite there; or if `room` bytes don't suffice to find out.
pub(super) async fn fill(
    parts: &Parts,
    points: &[f64],
    first: usize,
    missing: &[Open],
    room: u64,
    batch: &mut Assembled,
) -> Result<()> {
    let Some(directions) = parts.directions.as_ref().filter(|_| !missing.is_empty()) else { return Ok(()) };
    let limits = Limits { parts, directions, points, first, room, lengths: lengths(parts, points) };
    for &open in missing {
        let mut found = None;
        for pole in POLES {
            if found.is_none() {
                found = limits.along(open, pole).await?;
            }
        }
        if found.is_none() {
            found = limits.beside(open).await?;
        }
        match found {
            Some((Found { value, gradients, kink }, shows)) => {
                batch.fill(open, &value, &gradients, kink, shows);
            }
            None => limits.what_fails(open).await?,
        }
    }
    Ok(())
}

/// Looks for limits.
struct Limits<'a> {
    parts: &'a Parts,
    directions: &'a Directions,
    points: &'a [f64],
    first: usize,
    /// Bytes that a reference may work in.
    room: u64,
    /// Exponents of two of the lengths at which inputs weigh alike.
    lengths: Vec<i32>,
}

impl Limits<'_> {
    /// Along the ray itself, and whether it is another one for t < 0.
    async fn along(&self, open: Open, pole: usize) -> Result<Option<(Found, bool)>> {
        let n = self.parts.request.order;
        if self.ray(open).iter().all(|v| *v == 0.0) || n + 2 * pole > MAX_ORDER {
            return Ok(None);
        }
        let reference = self.reference(None, pole, n + 2 * pole)?;
        let Some(ahead) = self.run(&reference, open, [1.0, 1.0], pole).await? else { return Ok(None) };
        // For t < 0 it is that of the opposite ray: roots have series for t > 0 only.
        let inputs = self.parts.model.inputs();
        let behind = self.run(&reference, open, [-1.0, 1.0], pole).await?.map(|mut behind| {
            let blocks = behind.gradients.chunks_exact_mut(inputs).enumerate();
            let odd = blocks.filter(|(block, _)| block % n % 2 == 1);
            odd.for_each(|(_, block)| block.iter_mut().for_each(|g| *g = -*g));
            behind
        });
        let shows = behind.is_none_or(|behind| !self.same(&ahead, &behind));
        Ok(Some((ahead, shows)))
    }

    /// Along curves to several sides, all of which have to have the same.
    async fn beside(&self, open: Open) -> Result<Option<(Found, bool)>> {
        let n = self.parts.request.order;
        let (power, pole) = (n, 2 * n);
        if n + 2 * pole > MAX_ORDER {
            return Ok(None);
        }
        let mut found: Option<Found> = None;
        for w in Ways::new(&self.lengths) {
            let reference = self.reference(Some(Aside { w: &w, power }), pole, n + 2 * pole)?;
            for sign in [1.0, -1.0] {
                let other = self.run(&reference, open, [1.0, sign], pole).await?;
                let Some(other) = other.filter(|other| found.as_ref().is_none_or(|f| self.same(f, other)))
                else {
                    return Ok(None);
                };
                found.get_or_insert(other);
            }
        }
        Ok(found.map(|found| (found, false)))
    }

    /// The error that the ray has.
    async fn what_fails(&self, open: Open) -> Result<()> {
        let point = self.first + open.point;
        let rays = self.directions.len();
        let lanes = (0..self.parts.outputs.len()).map(|output| output * rays + open.ray);
        let chunks: Vec<Chunk> = lanes.map(|lane| Chunk::ahead(point..point + 1, lane..lane + 1)).collect();
        let source = Source {
            points: self.points,
            directions: Some(self.directions),
            outputs: &self.parts.outputs,
            radii: None,
            weights: None,
        };
        let run = Run { chunks: &chunks, source, at_once: 1 };
        self.parts.runner.run(run, &mut |_: &Chunk, _: ChunkResult| Ok(())).await
    }

    fn ray(&self, open: Open) -> Vec<f64> {
        let mut ray = vec![0.0; self.parts.model.inputs()];
        self.directions.write(self.first + open.point, open.ray, &mut ray);
        ray
    }

    /// The gradient's plan with so many orders, of which those to the last one asked for are delivered.
    fn reference(&self, aside: Option<Aside>, pole: usize, order: usize) -> Result<Reference> {
        let model = self.parts.model.without_pole(aside, pole)?;
        let mut plan = Plan::gradient(&model, order, Kernels::Portable)?;
        plan.order = pole + self.parts.request.order;
        let needed = plan.elements(1, 1).saturating_mul(8);
        Reference::new(plan, &self.parts.threads)
            .in_room(1, self.room)
            .ok_or(Error::Memory { needed, allowed: self.room })
    }

    /// The gradient of all outputs along a ray or a curve beside it, with signs for the ray and for τ; none where it isn't finite.
    async fn run(
        &self,
        reference: &Reference,
        open: Open,
        [sign, of_t]: [f64; 2],
        pole: usize,
    ) -> Result<Option<Found>> {
        let Parts { model, outputs, request, .. } = self.parts;
        let (inputs, m, n) = (model.inputs(), outputs.len(), request.order);
        // As long as inputs are that weigh alike, so that orders compare.
        let ray = self.ray(open);
        let length = |(v, &e): (&f64, &i32)| times_two_to(*v, -e).abs();
        let length = ray.iter().zip(&self.lengths).map(length).fold(0.0, f64::max);
        let scale = if length > 0.0 { -(length.log2().round() as i32) } else { 0 };
        let rows = ray.iter().map(|v| times_two_to(sign * v, scale)).chain([of_t]).collect();
        let mut point = self.points[(self.first + open.point) * inputs..][..inputs].to_vec();
        point.push(0.0);
        let directions = Directions::PerPoint { inputs: inputs + 1, rays: 1, rows };
        let all: Vec<usize> =
            outputs.iter().copied().chain(outputs.iter().map(|o| o + model.outputs())).collect();
        let source = Source {
            points: &point,
            directions: Some(&directions),
            outputs: &all,
            radii: None,
            weights: None,
        };
        let chunks: Vec<Chunk> = (m..2 * m).map(|o| Chunk::ahead(0..1, o..o + 1)).collect();
        let mut found = Some(Found { value: Vec::new(), gradients: Vec::new(), kink: Kink::NONE });
        let take = |chunk: &Chunk, result: Option<ChunkResult>| {
            let Some(result) = result else {
                found = None;
                return;
            };
            let Some(known) = &mut found else { return };
            known.value = result.value[..m].to_vec();
            let blocks: Vec<&[f64]> =
                result.series.chunks_exact(inputs + 1).map(|block| &block[..inputs]).collect();
            let value = known.value[chunk.lanes.start - m].abs();
            if !self.vanish(&blocks[..pole], &blocks[pole..], value) {
                found = None;
                return;
            }
            for (k, block) in (0..n as i32).zip(&blocks[pole..]) {
                known.gradients.extend(block.iter().map(|g| times_two_to(*g, -k * scale)));
            }
            // Layers are those of this plan.
            let kink = Kink { begins_at: None, ..result.kinks[0] };
            let kink = Kink { distance: times_two_to(kink.distance, scale), ..kink };
            known.kink.join(kink);
        };
        reference.run_with_gaps(&chunks, source, take).await?;
        Ok(found)
    }

    /// Whether a pole's coefficients are what rounding leaves beside the others and the value.
    fn vanish(&self, pole: &[&[f64]], rest: &[&[f64]], value: f64) -> bool {
        let size = |blocks: &[&[f64]]| {
            let sizes = blocks.iter().flat_map(|block| block.iter().zip(&self.lengths));
            sizes.map(|(g, &e)| times_two_to(*g, e).abs()).fold(0.0, f64::max)
        };
        size(pole) <= 1e-9 * size(rest).max(value)
    }

    fn same(&self, a: &Found, b: &Found) -> bool {
        let tolerance = sides::tolerance(Precision::F64);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1e-300);
        let inputs = self.parts.model.inputs();
        let series = self.parts.request.order * inputs;
        let size = |row: &[f64]| {
            row.iter().zip(&self.lengths).map(|(g, &e)| times_two_to(*g, e)).fold(0.0, f64::hypot)
        };
        let sizes = |series: &[f64]| -> Vec<f64> { series.chunks_exact(inputs).map(size).collect() };
        a.value.iter().zip(&b.value).all(close)
            && a.gradients.chunks_exact(series).zip(b.gradients.chunks_exact(series)).zip(&a.value).all(
                |((a, b), value)| {
                    let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
                    sides::close(&sizes(a), &sizes(b), &sizes(&apart), *value, tolerance)
                },
            )
    }
}
