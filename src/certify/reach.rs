//! How far a tolerance can be proved, and regions in pieces.

use super::{Domain, Enclosure, Prover};
use crate::error::{Error, Result};

/// A piece of a region, and what was proved of it or why nothing can be.
pub type Piece = (Domain, Result<Enclosure>);

/// How often a region is halved in search of one that can be proved.
const HALVINGS: i32 = 60;

/// Steps of bisection between a factor that is proved and the next power of two, which isn't.
const STEPS: usize = 6;

impl Prover {
    /// The largest fraction of a region, around its middle, in which all remainders are within a tolerance: to about 1 %. None if not even a tiny one is.
    ///
    /// # Errors
    /// If something other than the region stands in the way.
    pub(super) fn largest(&self, domain: &Domain, tolerance: f64) -> Result<Option<Enclosure>> {
        let proved = |exponent: f64| -> Result<Option<Enclosure>> {
            let factor = exponent.exp2().min(1.0);
            match self.prove_in(&domain.scaled(factor)?) {
                Ok(found) => Ok(found.radii.iter().all(|radius| *radius <= tolerance).then_some(found)),
                Err(Error::Unproved { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        for halvings in 0..=HALVINGS {
            let Some(mut best) = proved(f64::from(-halvings))? else { continue };
            if halvings > 0 {
                let (mut low, mut high) = (f64::from(-halvings), f64::from(1 - halvings));
                for _ in 0..STEPS {
                    let middle = low.midpoint(high);
                    match proved(middle)? {
                        Some(found) => (low, best) = (middle, found),
                        None => high = middle,
                    }
                }
            }
            return Ok(Some(best));
        }
        Ok(None)
    }

    /// A region in so many pieces, each half of another: again and again those with the largest remainders are halved, along the coordinate on which the
    /// polynomials depend the most. Pieces of which nothing is proved come first.
    ///
    /// # Errors
    /// If something other than the regions stands in the way.
    pub(super) fn pieces(&self, domain: &Domain, count: usize) -> Result<Vec<Piece>> {
        let mut pieces = vec![(domain.clone(), self.prove_in(domain))];
        while pieces.len() < count {
            let badness = |piece: &Result<Enclosure>| match piece {
                Ok(found) => found.radii.iter().fold(0.0f64, |m, r| m.max(*r)),
                Err(_) => f64::INFINITY,
            };
            let worst = pieces.iter().map(|(_, piece)| badness(piece)).fold(0.0, f64::max);
            // All that are about as bad, so that rounds are few; the first ones where not all may be.
            let mut room = count - pieces.len();
            let (mut open, mut next) = (Vec::new(), Vec::with_capacity(count));
            for (region, piece) in pieces {
                match badness(&piece) * 2.0 > worst && room > 0 && splits(&region) {
                    true => {
                        room -= 1;
                        open.extend(region.halves(longest(&region, &piece))?);
                    }
                    false => next.push((region, piece)),
                }
            }
            if open.is_empty() {
                return Ok(next);
            }
            let proved = self.each(open.len(), [next.len(), count], |i| Ok(self.prove_in(&open[i])))?;
            next.extend(open.into_iter().zip(proved));
            pieces = next;
        }
        Ok(pieces)
    }
}

/// Whether halves would be smaller.
fn splits(domain: &Domain) -> bool {
    domain.radii().iter().any(|radius| *radius > 0.0)
}

/// The coordinate to halve: on which the terms of degree 2 and more, all with their powers, depend the most; without any, that of the largest radius.
fn longest(domain: &Domain, piece: &Result<Enclosure>) -> usize {
    let mut weight = domain.radii().to_vec();
    if let Ok(found) = piece {
        let mut dependence = vec![0.0; weight.len()];
        for polynomial in found.coefficients.chunks_exact(found.terms()) {
            for (c, exponent) in polynomial.iter().zip(found.exponents.chunks_exact(weight.len())) {
                if exponent.iter().map(|&e| u32::from(e)).sum::<u32>() > 1 {
                    dependence.iter_mut().zip(exponent).for_each(|(sum, &e)| *sum += c.abs() * f64::from(e));
                }
            }
        }
        if dependence.iter().any(|d| *d > 0.0) {
            weight = dependence;
        }
    }
    let larger = |best: usize, j: usize| if weight[j] > weight[best] { j } else { best };
    (0..weight.len()).fold(0, larger)
}
