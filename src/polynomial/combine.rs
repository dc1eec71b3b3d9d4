//! Sums, averages, and parts of polynomials.

use super::terms::{Collector, Duplicates};
use super::{TaylorPolynomial, Term};
use crate::error::{Error, Result};

impl TaylorPolynomial {
    /// The sum of two polynomials.
    ///
    /// # Errors
    /// If they have different variables or centres, or coefficients overflow.
    pub fn add(&self, other: &Self) -> Result<Self> {
        Self::sum([self, other], 1.0)
    }

    /// The polynomial times a number.
    ///
    /// # Errors
    /// If the number is not finite or coefficients overflow.
    pub fn scale(&self, factor: f64) -> Result<Self> {
        Self::sum([self], factor)
    }

    /// The mean of polynomials, coefficient by coefficient. A term that some of them lack counts as 0 there.
    ///
    /// # Errors
    /// If there is none, they have different variables or centres, or coefficients overflow.
    pub fn average<'a>(polynomials: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let all: Vec<&Self> = polynomials.into_iter().collect();
        let weight = 1.0 / all.len() as f64;
        Self::sum(all, weight)
    }

    fn sum<'a>(polynomials: impl IntoIterator<Item = &'a Self>, weight: f64) -> Result<Self> {
        let mut polynomials = polynomials.into_iter().peekable();
        let Some(&first) = polynomials.peek() else {
            let cause = "no polynomials are given to average".into();
            return Err(Error::TooFew { given: 0, least: 1, cause });
        };
        let mut collector = Collector::default();
        for polynomial in polynomials {
            first.check_compatible(polynomial)?;
            for term in polynomial.terms() {
                collector.push(term.factors.iter().copied(), weight * term.coefficient)?;
            }
        }
        let (variables, centre, frame) = (first.variables.clone(), first.centre.clone(), first.frame.clone());
        Self::collected(variables, centre, frame, collector, Duplicates::Summed)
    }

    /// The terms up to a degree.
    pub fn truncate(&self, degree: usize) -> Self {
        self.pick(self.terms().take_while(|term| term.degree() <= degree))
    }

    /// The terms with the `count` largest coefficients by magnitude; of equal ones the first.
    ///
    /// Coefficients of different degrees belong to different powers of the distance: how much a term counts also
    /// depends on how far from the centre one goes.
    pub fn largest(&self, count: usize) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        let magnitude = |&i: &usize| self.coefficients[i].abs();
        order.sort_by(|a, b| magnitude(b).total_cmp(&magnitude(a)));
        order.truncate(count);
        order.sort_unstable();
        self.pick(order.into_iter().map(|i| self.term(i)))
    }

    /// Some of the terms, in their order.
    fn pick<'a>(&self, terms: impl Iterator<Item = Term<'a>>) -> Self {
        let (mut starts, mut factors, mut coefficients) = (vec![0], Vec::new(), Vec::new());
        for term in terms {
            factors.extend_from_slice(term.factors);
            starts.push(factors.len() as u32);
            coefficients.push(term.coefficient);
        }
        let (variables, centre, frame) = (self.variables.clone(), self.centre.clone(), self.frame.clone());
        Self { variables, centre, frame, bound: None, starts, factors, coefficients }
    }

    fn check_compatible(&self, other: &Self) -> Result<()> {
        if self.variables != other.variables {
            return Err(Error::Mismatch(format!(
                "the polynomials have different variables: {} and {}",
                listed(&self.variables),
                listed(&other.variables)
            )));
        }
        if self.frame != other.frame {
            return Err(Error::Mismatch(
                "the polynomials' variables are coordinates of different subspaces: they can't be combined"
                    .into(),
            ));
        }
        match self.centre.iter().zip(&other.centre).position(|(a, b)| a != b) {
            None => Ok(()),
            Some(i) => Err(Error::Mismatch(format!(
                "the polynomials have different centres ({} and {} at variable '{}'): recentre them to one first",
                self.centre[i], other.centre[i], self.variables[i]
            ))),
        }
    }
}

/// The first few names.
fn listed(names: &[String]) -> String {
    let few = names[..names.len().min(5)].join(", ");
    if names.len() > 5 { format!("{few}, … ({} in all)", names.len()) } else { few }
}
