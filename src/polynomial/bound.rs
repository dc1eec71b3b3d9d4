//! What is proved of a polynomial, where it stands for something else.

use super::TaylorPolynomial;
use crate::error::{Error, Result};
use crate::interval::Interval;

/// A box of the variables in which what the polynomial stands for is no farther from it than a remainder.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Lower ends, one for each variable.
    pub low: Vec<f64>,
    /// Upper ends.
    pub high: Vec<f64>,
    /// The remainder.
    pub remainder: f64,
}

impl Bound {
    /// Whether a point is in the box.
    pub fn contains(&self, point: &[f64]) -> bool {
        self.low.iter().zip(&self.high).zip(point).all(|((low, high), x)| (low..=high).contains(&x))
    }

    fn check(&self, variables: usize) -> Result<()> {
        for ends in [&self.low, &self.high] {
            if ends.len() != variables {
                let cause =
                    format!("the bound has {} ends, the polynomial {variables} variables", ends.len());
                return Err(Error::Size { expected: variables, given: ends.len(), cause });
            }
        }
        let ordered =
            self.low.iter().zip(&self.high).all(|(low, high)| low <= high && (high - low).is_finite());
        if !ordered || !self.remainder.is_finite() || self.remainder < 0.0 {
            let cause =
                "a bound has lower ends below upper ones and a remainder that isn't negative, all finite"
                    .into();
            return Err(Error::OutOfRange { what: "bound", value: self.remainder, cause });
        }
        Ok(())
    }
}

impl TaylorPolynomial {
    /// The same polynomial with what is proved of it. Whatever changes its terms drops that again.
    ///
    /// # Errors
    /// If it doesn't fit the variables, or is none.
    pub fn with_bound(self, bound: Bound) -> Result<Self> {
        bound.check(self.variables.len())?;
        Ok(Self { bound: Some(bound.into()), ..self })
    }

    /// What is proved of it.
    pub fn bound(&self) -> Option<&Bound> {
        self.bound.as_deref()
    }

    /// Between which numbers lies what the polynomial stands for, at points `[points, variables]`: rounding included, nothing where a point is outside
    /// of what is proved.
    ///
    /// # Errors
    /// If nothing is proved of the polynomial, or the numbers make no points.
    pub fn bounds(&self, points: &[f64]) -> Result<Vec<Option<[f64; 2]>>> {
        let variables = self.variables.len();
        let Some(bound) = &self.bound else {
            let cause = "nothing is proved of this polynomial: `hope certify --polynomial` and `hope surrogate --rigorous` write those of which there is".into();
            return Err(Error::Terms(cause));
        };
        if !points.len().is_multiple_of(variables) {
            let cause = format!("{} numbers make no points of {variables} variables", points.len());
            return Err(Error::Size { expected: variables, given: points.len(), cause });
        }
        let at = |point: &[f64]| {
            let t = |i: usize| Interval::point(point[i]) - Interval::point(self.centre[i]);
            let value = self.terms().fold(Interval::within(bound.remainder), |sum, term| {
                let powers =
                    term.factors.iter().map(|factor| t(factor.variable as usize).powi(factor.power.into()));
                sum + powers.fold(Interval::point(term.coefficient), |product, power| product * power)
            });
            [value.lo, value.hi]
        };
        Ok(points.chunks_exact(variables).map(|point| bound.contains(point).then(|| at(point))).collect())
    }
}
