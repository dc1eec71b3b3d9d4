//! Proofs: whatever is said to enclose a network does, at random points and at those that a search finds.
//!
//! The network's values are those of its forward pass, with some slack for rounding, which is compared with truth from elsewhere in other tests; functions
//! alone are compared with mpmath.

mod activations;
mod classes;
mod digits;
mod enclosures;
mod functions;
mod given;
mod many;
mod properties;
mod regions;

use hope::backend::Place;
use hope::certify::{Domain, Enclosure, Options, certify};
use hope::forward::Forward;
use hope::model::Model;
use hope::random::SplitMix;

pub fn options(order: usize) -> Options {
    Options { order, threads: Some(1), ..Options::default() }
}

/// The polynomial of an output at coordinates, and how far rounding may have put it off.
fn polynomial(proved: &Enclosure, selected: usize, s: &[f64]) -> (f64, f64) {
    let value = proved.evaluate(selected, s).unwrap();
    let size: f64 = proved.polynomial(selected).iter().map(|c| c.abs()).sum();
    (value, size * 1e-15 * proved.terms().max(30) as f64)
}

/// How far the network is from the polynomial at coordinates, as a fraction of what was proved; above 1 the proof is wrong. `value` is the network's.
pub fn excess(proved: &Enclosure, selected: usize, s: &[f64], value: f64, off: f64) -> f64 {
    let (polynomial, rounding) = polynomial(proved, selected, s);
    let distance = ((value - polynomial).abs() - rounding - off).max(0.0);
    let range = proved.ranges[selected];
    assert!(range[0] - off <= value && value <= range[1] + off, "{value} is outside of {range:?}");
    if distance == 0.0 { 0.0 } else { distance / proved.radii[selected] }
}

/// A network to be run at the points with some coordinates.
pub struct Runner(Forward);

impl Runner {
    pub fn new(model: &Model) -> Self {
        let place = Place { threads: Some(1), ..Place::default() };
        Self(Forward::new(model, None, &place).unwrap())
    }

    /// The outputs and how far off they may be: f64's forward pass is off by some roundings, and so are the coordinates of its points.
    pub fn values(&self, domain: &Domain, s: &[f64]) -> (Vec<f64>, f64) {
        let found = self.0.run(domain.at(s)).unwrap();
        let largest = found.iter().fold(1e-300f64, |m, y| m.max(y.abs()));
        (found, largest * 1e-12 + 3e-16)
    }

    /// The same at many points at once.
    pub fn many(&self, domain: &Domain, all: &[Vec<f64>]) -> Vec<(Vec<f64>, f64)> {
        let points: Vec<f64> = all.iter().flat_map(|s| domain.at(s)).collect();
        let found = self.0.run(points).unwrap();
        let rows = found.chunks_exact(found.len() / all.len());
        let off = |row: &[f64]| row.iter().fold(1e-300f64, |m, y| m.max(y.abs())) * 1e-12 + 3e-16;
        rows.map(|row| (row.to_vec(), off(row))).collect()
    }
}

/// Fails if a network is anywhere found to leave what was proved: at random coordinates, in corners, and by a search that goes uphill on the excess.
pub fn holds(model: &Model, domain: &Domain, proved: &Enclosure, points: usize, seed: u64) -> f64 {
    let network = Runner::new(model);
    let mut random = SplitMix(seed);
    let d = domain.coordinates();
    let mut worst = 0.0f64;
    let at = |s: &[f64]| -> f64 {
        let (values, off) = network.values(domain, s);
        (0..proved.outputs.len())
            .map(|i| excess(proved, i, s, values[proved.outputs[i]], off))
            .fold(0.0, f64::max)
    };
    let mut best = (0.0f64, vec![0.0; d]);
    for i in 0..points {
        let s: Vec<f64> = (0..d)
            .map(|_| {
                let u = 2.0 * random.uniform() - 1.0;
                if i % 3 == 0 { u.signum() } else { u }
            })
            .collect();
        let found = at(&s);
        worst = worst.max(found);
        if found >= best.0 {
            best = (found, s);
        }
    }
    // Coordinate by coordinate, within the region, with steps that shrink.
    let mut step = 0.5;
    while step > 1e-3 {
        let mut moved = false;
        for j in 0..d.min(4) {
            for sign in [-1.0, 1.0] {
                let mut s = best.1.clone();
                s[j] = (s[j] + sign * step).clamp(-1.0, 1.0);
                let found = at(&s);
                worst = worst.max(found);
                if found > best.0 {
                    (best, moved) = ((found, s), true);
                }
            }
        }
        if !moved {
            step /= 2.0;
        }
    }
    assert!(worst <= 1.0, "off by {worst} times of what was proved, at {:?} in {domain}", best.1);
    worst
}

/// Proves and checks.
pub fn proved(model: &Model, domain: &Domain, order: usize) -> Enclosure {
    let found = certify(model, domain, &options(order)).unwrap_or_else(|e| panic!("{e}"));
    holds(model, domain, &found, 60, 7);
    found
}
