//! Taylor polynomials: what the coefficients are for.
//!
//! A [`TaylorPolynomial`] is one scalar function, `p(x) = Σ c_α (x - x0)^α` with normalised coefficients c_α, sparse in
//! its multi-indices α: a term keeps only the variables it has, so that an additive polynomial of 784 pixels costs
//! no more than its 784 · order terms.
//!
//! It comes from an [`Expansion`](crate::Expansion) or from terms; it is evaluated, differentiated, moved to another centre,
//! combined, printed, and (with the feature `files`) written and read.

mod bound;
mod combine;
mod evaluate;
#[cfg(feature = "files")]
pub mod files;
mod frame;
mod from_expansion;
mod names;
mod print;
mod recentre;
mod terms;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::{Error, Result};

pub use bound::Bound;
pub use frame::Frame;
pub use print::Notation;
use terms::{Collector, Duplicates, compare};

/// Highest degree of a term.
pub const MAX_DEGREE: usize = 255;

/// A power of one variable, as it stands in a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    /// Position of the variable.
    pub variable: u32,
    /// Its power, 1 to 255.
    pub power: u8,
}

/// A term `c Π (x_i - x0_i)^α_i`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term<'a> {
    /// The normalised Taylor coefficient c.
    pub coefficient: f64,
    /// The variables of the term, in ascending order; none: the constant term.
    pub factors: &'a [Factor],
}

impl Term<'_> {
    /// Sum of all powers.
    pub fn degree(&self) -> usize {
        terms::degree(self.factors)
    }
}

/// A polynomial around a centre, in named variables: `p(x) = Σ c_α (x - x0)^α`.
///
/// Terms are unique, have coefficients other than zero, and are sorted by degree, then larger power of the first
/// variable first.
///
/// ```
/// use hope::TaylorPolynomial;
///
/// // 1 + 2 (x1 - 0.5) - 3 (x1 - 0.5) x2²
/// let p = TaylorPolynomial::from_terms(
///     &[0.5, 0.0],
///     [(vec![], 1.0), (vec![(0, 1)], 2.0), (vec![(0, 1), (1, 2)], -3.0)],
/// )?;
/// assert_eq!(p.evaluate(&[1.5, 2.0])?, 1.0 + 2.0 - 12.0);
/// assert_eq!(p.gradient(&[1.5, 2.0])?, [2.0 - 12.0, -12.0]);
/// assert_eq!(p.coefficient(&[1, 2])?, -3.0);
/// assert_eq!(p.to_string(), "1 + 2*(x1 - 0.5) - 3*(x1 - 0.5)*x2^2");
/// assert_eq!(p.recentre(&[0.0, 0.0])?.to_string(), "2*x1 + 1.5*x2^2 - 3*x1*x2^2");
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TaylorPolynomial {
    /// Shared: polynomials of many points have the same.
    variables: Arc<[String]>,
    centre: Vec<f64>,
    frame: Option<Arc<Frame>>,
    bound: Option<Arc<Bound>>,
    /// Where the factors of each term start; one more than there are terms.
    starts: Vec<u32>,
    factors: Vec<Factor>,
    coefficients: Vec<f64>,
}

impl TaylorPolynomial {
    /// A polynomial in the variables x1, x2, … (see [`Self::with_names`]) around a centre, from terms: the powers of the
    /// variables that the term has, as (position, power), and its coefficient. Terms may come in any order;
    /// zero coefficients are left out.
    ///
    /// # Errors
    /// If there is no variable, a position is out of range, a term comes twice, a degree is above [`MAX_DEGREE`], or a number
    /// is not finite.
    pub fn from_terms<F>(centre: &[f64], terms: impl IntoIterator<Item = (F, f64)>) -> Result<Self>
    where
        F: AsRef<[(usize, u8)]>,
    {
        let names = names::numbered("x", centre.len());
        let mut collector = Collector::default();
        let mut scratch = Vec::new();
        for (powers, coefficient) in terms {
            scratch.clear();
            for &(variable, power) in powers.as_ref() {
                if variable >= centre.len() {
                    return Err(Error::NoSuch { what: "variable", index: variable, count: centre.len() });
                }
                scratch.push(Factor { variable: variable as u32, power });
            }
            collector.push_unsorted(&mut scratch, coefficient)?;
        }
        Self::collected(names.into(), centre.to_vec(), None, collector, Duplicates::Refused)
    }

    /// As [`Self::from_terms`], from the powers of all variables: `exponents` `[terms, variables]`, `coefficients` `[terms]`.
    ///
    /// # Errors
    /// As for [`Self::from_terms`], or if the sizes don't match.
    pub fn from_exponents(centre: &[f64], exponents: &[u8], coefficients: &[f64]) -> Result<Self> {
        if centre.is_empty() || exponents.len() != centre.len() * coefficients.len() {
            return Err(Error::Size {
                expected: centre.len() * coefficients.len(),
                given: exponents.len(),
                cause: format!(
                    "{} exponents do not make {} terms in {} variables",
                    exponents.len(),
                    coefficients.len(),
                    centre.len()
                ),
            });
        }
        let mut collector = Collector::default();
        for (powers, &coefficient) in exponents.chunks_exact(centre.len()).zip(coefficients) {
            collector.push(terms::sparse(powers), coefficient)?;
        }
        let names = names::numbered("x", centre.len());
        Self::collected(names.into(), centre.to_vec(), None, collector, Duplicates::Refused)
    }

    /// The only way to a polynomial: checks the centre, sorts the terms.
    fn collected(
        variables: Arc<[String]>,
        centre: Vec<f64>,
        frame: Option<Arc<Frame>>,
        collector: Collector,
        duplicates: Duplicates,
    ) -> Result<Self> {
        if centre.is_empty() {
            let cause = "a polynomial needs at least one variable".into();
            return Err(Error::TooFew { given: 0, least: 1, cause });
        }
        if let Some(i) = centre.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                index: i,
                cause: format!(
                    "the centre is {} at variable '{}': it has to be finite",
                    centre[i], variables[i]
                ),
            });
        }
        let (starts, factors, coefficients) = collector.finish(duplicates, &variables)?;
        Ok(Self { variables, centre, frame, bound: None, starts, factors, coefficients })
    }

    /// The same polynomial with other names of its variables.
    ///
    /// # Errors
    /// If there are not as many, one comes twice, or one is no name that SymPy reads as a symbol: letters,
    /// digits and `_`, a letter first, and none of SymPy's own names such as `I`, `E`, `beta` or `lambda`.
    pub fn with_names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        names::check(&names, self.variables.len())?;
        Ok(Self { variables: names.into(), ..self })
    }

    /// The same polynomial, its variables being the coordinates t of a subspace `x = x0 + S t`.
    ///
    /// # Errors
    /// If the frame has another number of directions than there are variables.
    pub fn with_frame(self, frame: Frame) -> Result<Self> {
        if frame.variables() != self.variables.len() {
            return Err(Error::Size {
                expected: self.variables.len(),
                given: frame.variables(),
                cause: format!(
                    "the frame has {} directions, the polynomial {} variables",
                    frame.variables(),
                    self.variables.len()
                ),
            });
        }
        Ok(Self { frame: Some(frame.into()), ..self })
    }

    /// Names of the variables.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The point x0 around which it stands, one number per variable.
    pub fn centre(&self) -> &[f64] {
        &self.centre
    }

    /// The subspace whose coordinates are the variables; none if they are the inputs themselves.
    pub fn frame(&self) -> Option<&Frame> {
        self.frame.as_deref()
    }

    /// The network's input at a point of this polynomial: `x0 + S t` with a frame, else the point itself.
    ///
    /// # Errors
    /// If the point has not one number per variable, or the input would not be finite.
    pub fn to_inputs(&self, point: &[f64]) -> Result<Vec<f64>> {
        self.check_points(point.len(), Some(1))?;
        match &self.frame {
            None => Ok(point.to_vec()),
            Some(frame) => frame.to_inputs(point),
        }
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.coefficients.len()
    }

    /// Whether it has no terms: it is zero.
    pub fn is_empty(&self) -> bool {
        self.coefficients.is_empty()
    }

    /// All terms, sorted by degree, then larger power of the first variable first.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = Term<'_>> {
        (0..self.len()).map(|i| self.term(i))
    }

    fn term(&self, i: usize) -> Term<'_> {
        let range = self.starts[i] as usize..self.starts[i + 1] as usize;
        Term { coefficient: self.coefficients[i], factors: &self.factors[range] }
    }

    /// Highest degree of a term; 0 if there is none.
    pub fn degree(&self) -> usize {
        self.len().checked_sub(1).map_or(0, |last| self.term(last).degree())
    }

    /// Whether no term mixes variables: `p(x) = c + Σ h_i(x_i)`.
    pub fn is_additive(&self) -> bool {
        self.terms().all(|term| term.factors.len() <= 1)
    }

    /// The coefficient of `Π (x_i - x0_i)^powers[i]`; 0 if there is no such term.
    ///
    /// # Errors
    /// If `powers` has not one number per variable.
    pub fn coefficient(&self, powers: &[u8]) -> Result<f64> {
        self.check_points(powers.len(), Some(1))?;
        let wanted: Vec<Factor> = terms::sparse(powers).collect();
        Ok(self.find(&wanted).map_or(0.0, |i| self.coefficients[i]))
    }

    fn find(&self, factors: &[Factor]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match compare(self.term(middle).factors, factors) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Checks the length of `[points, variables]`; returns the number of points.
    fn check_points(&self, length: usize, wanted: Option<usize>) -> Result<usize> {
        let variables = self.variables.len();
        let points = length / variables;
        if length.is_multiple_of(variables) && wanted.is_none_or(|wanted| points == wanted) {
            return Ok(points);
        }
        Err(Error::Size {
            expected: variables * wanted.unwrap_or(1),
            given: length,
            cause: format!(
                "{length} numbers were given, but the polynomial has {variables} variable{}: give one number for each{}",
                if variables == 1 { "" } else { "s" },
                if wanted.is_none() { ", point by point" } else { "" },
            ),
        })
    }
}
