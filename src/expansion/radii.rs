//! How far along each ray t = 1 goes in f32, so that coefficients neither overflow nor vanish.
//!
//! A coefficient c_k goes with the k-th power of the units of its input: of pascals, where 100,000 of them make a difference, c_8 is below the
//! smallest f32. What decides is how fast a ray changes what the first nonlinear operators read: relative to 1, as most functions have a scale
//! near it, or to what else there is, in layer normalisation. The affine layers before them are known: with W what they do together, `Σ_u (W v)_u²`
//! of a direction v is about `Σ_i v_i² Σ_u W_ui²`, and the radius is the power of two next to the inverse of its root. `Σ_u W_ui²` is the second
//! coefficient along input i of `Σ_u z_u²`, z = W x: the published rule gives it for all inputs in one pass back.

use std::sync::Arc;

use super::request::Request;
use crate::backend::{Chunk, ChunkResult, Source};
use crate::forward::Reference;
use crate::model::Model;
use crate::plan::{Kernels, Plan, Target};
use crate::rays::{Directions, Radii};
use crate::scalar::Precision;
use crate::threads::Threads;

/// Exponents up to which a radius stays 1: f32 has room for ordinary networks' coefficients.
const ORDINARY: i16 = 6;

/// Largest exponent: with it, weights and directions have to stay within f32.
const LARGEST: f64 = 100.0;

/// Whether a request needs them: of f64 there is room enough, but mixed terms are verified in scaled units.
pub(super) fn matter(request: &Request) -> bool {
    request.precision == Precision::F32 || request.verify > 0
}

/// Points by which sizes are judged.
const POINTS: usize = 16;

/// Bytes that [`Slopes`] take, and finding them.
pub(super) fn bytes(model: &Model) -> u64 {
    let found = front(model).map_or(0, |(_, plan)| plan.elements(1, 2));
    found.saturating_add((model.inputs() as u64).saturating_mul(5)).saturating_mul(8)
}

/// The sums of squares, and their plan.
fn front(model: &Model) -> Option<(Model, Plan)> {
    let front = model.squared_front().ok()?;
    let plan = Plan::hope(&front, 2, &Target::Input, Kernels::Cpu).ok()?;
    Some((front, plan))
}

/// How much each input changes what the first nonlinear operators read.
#[derive(Debug)]
pub(super) struct Slopes {
    front: Model,
    /// `Σ_u W_ui²` of each input i, over units whose reader has a scale of its own.
    own: Vec<f64>,
    /// The same of those that are compared with each other.
    free: Vec<f64>,
}

impl Slopes {
    /// Of a model; none if the numbers leave f64.
    pub fn new(model: &Model, threads: &Arc<Threads>) -> Option<Self> {
        let inputs = model.inputs();
        let origin = vec![0.0; inputs];
        let source =
            Source { points: &origin, directions: None, outputs: &[0, 1], radii: None, weights: None };
        let mut squares = Vec::new();
        let take = |_: &Chunk, result: ChunkResult| squares = result.series;
        let (front, plan) = front(model)?;
        pollster::block_on(Reference::new(plan, threads).run(&[Chunk::ahead(0..1, 0..2)], source, take))
            .ok()?;
        // `[2, orders, inputs]`
        let second = |output: usize| squares.get((2 * output + 1) * inputs..).map(|s| s[..inputs].to_vec());
        Some(Self { front, own: second(0)?, free: second(1)? })
    }

    /// How much an input changes what is read, in all.
    pub fn of(&self, input: usize) -> f64 {
        (self.own[input] + self.free[input]).sqrt()
    }

    /// Slopes at points: the mean size there is what ratios are to.
    pub fn at(&self, points: &[f64], threads: &Arc<Threads>) -> Scales<'_> {
        let count = points.len() / self.front.inputs();
        let chunks: Vec<Chunk> =
            (0..count).step_by(count.div_ceil(POINTS).max(1)).map(|i| Chunk::ahead(i..i + 1, 0..1)).collect();
        let source = Source { points, directions: None, outputs: &[1], radii: None, weights: None };
        let mut logs = Vec::new();
        let take = |_: &Chunk, result: ChunkResult| logs.extend(result.value.iter().map(|v| v.log2()));
        let plan = Plan::forward(&self.front);
        if self.free.iter().any(|&free| free > 0.0) {
            // Where they leave f64 nothing is known of sizes.
            let _ = pollster::block_on(Reference::new(plan, threads).run(&chunks, source, take));
        }
        logs.retain(|log| log.is_finite());
        let size = (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp2());
        Scales { slopes: self, size }
    }
}

/// Slopes at some points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales<'a> {
    slopes: &'a Slopes,
    /// Sum of squares of the units that are compared with each other; none if it isn't known.
    size: Option<f64>,
}

impl Scales<'_> {
    /// The exponent of the radius of one of some directions.
    pub fn exponent(&self, directions: &Directions, distinct: usize) -> i16 {
        let of = |input: usize| {
            let free = self.size.map_or(0.0, |size| self.slopes.free[input] / size);
            (self.slopes.own[input] + free).sqrt()
        };
        let components = directions.components(distinct);
        let size = components.map(|(input, v)| v * of(input)).fold(0.0, f64::hypot);
        let exponent = -size.log2().round();
        if exponent.is_finite() { exponent.clamp(-LARGEST, LARGEST) as i16 } else { 0 }
    }

    /// The radii of some directions; none if all are 1, as those of ordinary networks.
    pub fn radii(&self, directions: &Directions) -> Option<Radii> {
        let all = (0..directions.count_distinct()).map(|distinct| self.exponent(directions, distinct));
        let needed = |e: i16| if e.abs() > ORDINARY { e } else { 0 };
        let exponents: Vec<i16> = all.map(needed).collect();
        exponents.iter().any(|&e| e != 0).then(|| Radii::new(exponents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Reciprocal, Sin, Tanh};
    use crate::model::{Constant, Geometry};

    fn slopes(model: &Model) -> Vec<f64> {
        let slopes = Slopes::new(model, &Arc::new(Threads::new(Some(1)))).unwrap();
        (0..model.inputs()).map(|input| slopes.of(input)).collect()
    }

    #[test]
    fn norms_of_columns_of_the_first_layers() {
        let mut b = Model::builder(&[2]);
        let units = Constant { shape: &[2], values: &[1e-5, 1e12] };
        let scaled = b.affine(b.input(), Some(units), Some(Constant { shape: &[], values: &[7.0] })).unwrap();
        let h = b.linear(scaled, &[2, 2], vec![3.0, 1.0, 4.0, 0.0], Some(vec![9.0, 9.0])).unwrap();
        let h = b.activation(h, Tanh).unwrap();
        let y = b.linear(h, &[1, 2], vec![1e9, 1e9], None).unwrap();
        let found = slopes(&b.build(y).unwrap());
        assert!((found[0] / 5e-5 - 1.0).abs() < 1e-12 && (found[1] / 1e12 - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn every_way_from_the_input_counts() {
        let mut b = Model::builder(&[1, 3, 3]);
        let x = b.input();
        let geometry = Geometry { kernel: vec![2, 2], ..Default::default() };
        let h = b.conv(x, &[1, 1, 2, 2], vec![1.0, 2.0, 4.0, 8.0], None, 1, &geometry).unwrap();
        let h = b.activation(h, Tanh).unwrap();
        let h = b.reshape(h, &[4]).unwrap();
        let flat = b.reshape(x, &[9]).unwrap();
        let flat = b.scale(flat, 10.0).unwrap();
        let waves = b.activation(flat, Sin).unwrap();
        let y = b.concat(&[h, waves], 0).unwrap();
        let found = slopes(&b.build(y).unwrap());
        let centre = (100.0f64 + 1.0 + 4.0 + 16.0 + 64.0).sqrt();
        assert!((found[4] - centre).abs() < 1e-12 && (found[0] - 101f64.sqrt()).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn where_units_are_compared_their_size_at_the_points_counts() {
        let mut b = Model::builder(&[2]);
        let y = b.normalize(b.input(), 1, 0.0).unwrap();
        let model = b.build(y).unwrap();
        let threads = Arc::new(Threads::new(Some(1)));
        let slopes = Slopes::new(&model, &threads).unwrap();
        let unit = Directions::Unit { inputs: 2 };
        for (points, exponent) in
            [(vec![3.0, 4.0], 2), (vec![3e20, 4e20], 69), (vec![3e20, 4e20, 3e-20, 4e-20], 2)]
        {
            assert_eq!(slopes.at(&points, &threads).exponent(&unit, 0), exponent, "{points:?}");
        }
        assert_eq!(slopes.at(&[0.0, 0.0], &threads).exponent(&unit, 0), 0, "as it is given");
    }

    #[test]
    fn units_by_themselves_say_nothing() {
        let mut b = Model::builder(&[2]);
        let y = b.activation(b.input(), Reciprocal).unwrap();
        assert_eq!(slopes(&b.build(y).unwrap()), [0.0, 0.0]);
    }
}
