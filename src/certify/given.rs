//! What is proved of polynomials that come from elsewhere: an expansion's, or one that is used in place of the network.
//!
//! A Taylor model's own polynomial lies between both: what is given is off by no more than the remainder and the sum of all differences of coefficients, each with
//! the power of the radius that it is multiplied by.

use std::collections::{BTreeMap, HashMap};

use super::{Domain, Enclosure, Options, Prover};
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::model::Model;
use crate::polynomial::TaylorPolynomial;

/// Steps of a radius to each power of two.
const STEPS: i32 = 64;
/// Powers of two above the radius at which a search begins, and below.
const UP: i32 = 10;
const DOWN: i32 = 60;

/// Polynomials along a ray, of which it is asked how far they hold.
#[derive(Clone, Debug)]
pub struct Ray {
    /// A region of one coordinate, whose radius is the distance at which the search begins.
    pub domain: Domain,
    /// Of each of the selected outputs the coefficients of `t^0`, `t^1`, …
    pub polynomials: Vec<Vec<f64>>,
}

/// The same polynomial with what is proved of it: within a radius of its centre along each of its variables, it is no farther from an output of the network than
/// its [`bound`](TaylorPolynomial::bound) says.
///
/// # Errors
/// As [`super::certify`], and if the polynomial isn't one of such a network.
pub fn bounded(
    model: &Model,
    polynomial: TaylorPolynomial,
    output: usize,
    radius: f64,
    options: &Options,
) -> Result<TaylorPolynomial> {
    let centre = polynomial.centre();
    let domain = match polynomial.frame() {
        None => Domain::ball(centre, radius)?,
        Some(frame) => Domain::along(frame.origin(), frame.directions(), radius)?.around(centre)?,
    };
    let options = Options { outputs: Some(vec![output]), ..options.clone() };
    let found = super::certify(model, &domain, &options)?;
    let exponent = |factors: &[crate::polynomial::Factor]| {
        let mut exponent = vec![0u8; centre.len()];
        factors.iter().for_each(|factor| exponent[factor.variable as usize] = factor.power);
        exponent
    };
    let terms = polynomial.terms().map(|term| (exponent(term.factors), term.coefficient)).collect();
    let bound = found.bound(centre, found.distance(0, terms));
    polynomial.with_bound(bound)
}

/// Of each ray, for each of the selected outputs, the largest distance up to which its polynomial is proved to be within a tolerance of the network, to either
/// side: to about 1 %, looked for up to a thousand times the distance at which the search begins; 0 where none is proved.
///
/// # Errors
/// As [`super::certify_all`], and if polynomials and outputs aren't as many.
pub fn proved_radii(model: &Model, rays: &[Ray], tolerance: f64, options: &Options) -> Result<Vec<Vec<f64>>> {
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(Error::not_positive("tolerance", tolerance));
    }
    let domains: Vec<Domain> = rays.iter().map(|ray| ray.domain.clone()).collect();
    let prover = Prover::new(model, &domains, options)?;
    let outputs = prover.outputs.len();
    if let Some(ray) = rays.iter().find(|ray| ray.polynomials.len() != outputs) {
        let given = ray.polynomials.len();
        let cause = format!("a ray has {given} polynomials for {outputs} outputs");
        return Err(Error::Size { expected: outputs, given, cause });
    }
    prover.each(rays.len(), [0, rays.len()], |i| prover.radii(&rays[i], tolerance))
}

impl Prover {
    fn radii(&self, ray: &Ray, tolerance: f64) -> Result<Vec<f64>> {
        let factor = |step: i32| (f64::from(step) / f64::from(STEPS)).exp2();
        // Outputs share what is proved at a radius.
        let mut known: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
        let mut holds = |step: i32, output: usize| -> Result<bool> {
            if let Some(found) = known.get(&step) {
                return Ok(found[output] <= tolerance);
            }
            let distances: Vec<f64> = match self.prove_in(&ray.domain.scaled(factor(step))?) {
                Ok(found) => (0..ray.polynomials.len())
                    .map(|output| {
                        let terms = (0u8..).zip(&ray.polynomials[output]).map(|(k, c)| (vec![k], *c));
                        found.distance(output, terms.collect())
                    })
                    .collect(),
                Err(Error::Unproved { .. }) => vec![f64::INFINITY; ray.polynomials.len()],
                Err(error) => return Err(error),
            };
            let found = distances[output] <= tolerance;
            known.insert(step, distances);
            Ok(found)
        };
        let radius = ray.domain.radii()[0];
        let mut radii = Vec::with_capacity(ray.polynomials.len());
        for output in 0..ray.polynomials.len() {
            let mut low = 0;
            let first = holds(0, output)?;
            // By powers of two, up or down, then by halves between.
            let found = if first {
                while low < UP * STEPS && holds(low + STEPS, output)? {
                    low += STEPS;
                }
                true
            } else {
                loop {
                    low -= STEPS;
                    if low < -DOWN * STEPS {
                        break false;
                    }
                    if holds(low, output)? {
                        break true;
                    }
                }
            };
            if !found {
                radii.push(0.0);
                continue;
            }
            let mut high = if low == UP * STEPS { low + 1 } else { low + STEPS };
            while high - low > 1 {
                let middle = low.midpoint(high);
                if holds(middle, output)? { low = middle } else { high = middle }
            }
            radii.push(radius * factor(low));
        }
        Ok(radii)
    }
}

impl Enclosure {
    /// By how much a polynomial in the coordinates t from the middles, of powers and coefficients, is off one of the selected outputs at the most, anywhere in the
    /// region; infinite if that overflows.
    fn distance(&self, selected: usize, terms: Vec<(Vec<u8>, f64)>) -> f64 {
        let coordinates = self.domain.coordinates();
        let mut given: HashMap<Vec<u8>, Interval> = HashMap::with_capacity(terms.len());
        for (exponent, c) in terms {
            let powers = exponent.iter().zip(self.domain.radii()).filter(|(e, _)| **e > 0);
            let scaled = powers
                .fold(Interval::point(c), |c, (&e, &radius)| c * Interval::point(radius).powi(e.into()));
            let sum = given.entry(exponent).or_insert(Interval::ZERO);
            *sum = *sum + scaled;
        }
        let own = self.polynomial(selected).iter().zip(self.exponents.chunks_exact(coordinates));
        let mut distance = Interval::point(self.radii[selected]);
        for (&c, exponent) in own {
            let other = given.remove(exponent).unwrap_or(Interval::ZERO);
            distance = distance + (Interval::point(c) - other).abs();
        }
        // Those of a higher degree, in any order: by their sizes.
        let mut rest: Vec<f64> = given.into_values().map(Interval::mag).collect();
        rest.sort_by(f64::total_cmp);
        rest.into_iter().fold(distance, |distance, size| distance + Interval::point(size)).hi
    }
}
