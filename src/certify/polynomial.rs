//! What was proved as a polynomial in the region's own coordinates, with its bound.

use super::rounding::plus;
use super::{Axes, Enclosure};
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::polynomial::{Bound, Frame, TaylorPolynomial};

impl Enclosure {
    /// The polynomial of one of the selected outputs, in the inputs if the region is a box of all of them, else in the coordinates t of a frame; with its
    /// [`bound`](TaylorPolynomial::bound), in which what dividing by powers of the radii rounds is counted.
    ///
    /// # Errors
    /// If there is no such output, or a coefficient overflows.
    pub fn taylor_polynomial(&self, selected: usize) -> Result<TaylorPolynomial> {
        if selected >= self.outputs.len() {
            return Err(Error::NoOutput { output: selected, outputs: self.outputs.len() });
        }
        let domain = &self.domain;
        let (inputs, coordinates) = (domain.centre().len(), domain.coordinates());
        let unshifted = domain.middles().iter().all(|middle| *middle == 0.0);
        let whole = |chosen: &[usize]| chosen.iter().copied().eq(0..inputs);
        let plain = matches!(domain.axes(), Axes::Inputs(chosen) if whole(chosen) && unshifted);
        let centre = if plain { domain.centre() } else { domain.middles() };
        let mut terms = Vec::new();
        let mut remainder = self.radii[selected];
        for (&c, exponent) in self.polynomial(selected).iter().zip(self.exponents.chunks_exact(coordinates)) {
            if c == 0.0 {
                continue;
            }
            let powers = exponent.iter().enumerate().filter(|(_, e)| **e > 0);
            let scale = powers.clone().fold(Interval::ONE, |scale, (j, &e)| {
                scale * Interval::point(domain.radii()[j]).powi(e.into())
            });
            let coefficient = c / scale.mid();
            if !coefficient.is_finite() {
                let cause =
                    "a coefficient per power of the coordinates overflows: the region is too small".into();
                return Err(Error::Overflow(cause));
            }
            // What the division leaves, at the ends of the region, where it is the most.
            remainder = plus(remainder, (Interval::point(c) - Interval::point(coefficient) * scale).mag());
            terms.push((powers.map(|(j, &e)| (j, e)).collect::<Vec<(usize, u8)>>(), coefficient));
        }
        let polynomial =
            TaylorPolynomial::from_terms(centre, terms)?.with_bound(self.bound(centre, remainder))?;
        if plain {
            return Ok(polynomial);
        }
        let directions = match domain.axes() {
            Axes::Directions(directions) => directions.clone(),
            Axes::Inputs(chosen) => {
                let mut rows = vec![0.0; coordinates * inputs];
                chosen.iter().enumerate().for_each(|(j, &input)| rows[j * inputs + input] = 1.0);
                rows
            }
        };
        polynomial.with_frame(Frame::new(domain.centre().to_vec(), directions)?)
    }

    /// A remainder of polynomials in variables with this centre, over the region.
    pub(super) fn bound(&self, centre: &[f64], remainder: f64) -> Bound {
        // Inside what is proved: the ends are rounded inwards.
        let end = |j: usize, sign: f64| {
            let end = Interval::point(centre[j]) + Interval::point(sign * self.domain.radii()[j]);
            if sign < 0.0 { end.hi.min(centre[j]) } else { end.lo.max(centre[j]) }
        };
        let ends = |sign: f64| (0..centre.len()).map(|j| end(j, sign)).collect();
        Bound { low: ends(-1.0), high: ends(1.0), remainder }
    }
}
