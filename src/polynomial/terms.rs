//! Terms under construction: collected in any order, then sorted, merged and laid out one after the other.

use std::cmp::Ordering;

use super::{Factor, MAX_DEGREE};
use crate::error::{Error, Result};

/// Sum of all powers.
pub fn degree(factors: &[Factor]) -> usize {
    factors.iter().map(|factor| usize::from(factor.power)).sum()
}

/// The order of terms: by degree, then larger power of the first variable first.
pub fn compare(a: &[Factor], b: &[Factor]) -> Ordering {
    degree(a).cmp(&degree(b)).then_with(|| {
        for (a, b) in a.iter().zip(b) {
            // Who has the earlier variable has the larger power of it: the other has power 0.
            let order = a.variable.cmp(&b.variable).then(b.power.cmp(&a.power));
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal // of the same degree: neither is the start of the other
    })
}

/// The powers other than zero.
pub fn sparse(powers: &[u8]) -> impl Iterator<Item = Factor> {
    powers
        .iter()
        .enumerate()
        .filter(|&(_, &power)| power > 0)
        .map(|(variable, &power)| Factor { variable: variable as u32, power })
}

/// What to do with two terms of the same powers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// It is an error.
    Refused,
    /// They are summed.
    Summed,
}

/// Terms in any order.
#[derive(Debug)]
pub struct Collector {
    starts: Vec<u32>,
    factors: Vec<Factor>,
    coefficients: Vec<f64>,
}

impl Default for Collector {
    fn default() -> Self {
        Self { starts: vec![0], factors: Vec::new(), coefficients: Vec::new() }
    }
}

impl Collector {
    /// Takes a term whose factors ascend and have powers from 1.
    pub fn push(&mut self, factors: impl IntoIterator<Item = Factor>, coefficient: f64) -> Result<()> {
        self.factors.extend(factors);
        let start = self.starts.last().map_or(0, |&start| start as usize);
        let degree = degree(&self.factors[start..]);
        if degree > MAX_DEGREE {
            return Err(Error::OutOfRange {
                what: "degree",
                value: degree as f64,
                cause: format!("a term has degree {degree}: polynomials have degrees up to {MAX_DEGREE}"),
            });
        }
        let end = u32::try_from(self.factors.len()).map_err(|_| Error::TooManyTerms {
            limit: u32::MAX as usize,
            cause: "the polynomial has too many terms: lower its degree".into(),
        })?;
        self.starts.push(end);
        self.coefficients.push(coefficient);
        Ok(())
    }

    /// Takes a term whose factors come in any order; powers of 0 are left out.
    pub fn push_unsorted(&mut self, factors: &mut Vec<Factor>, coefficient: f64) -> Result<()> {
        factors.retain(|factor| factor.power > 0);
        factors.sort_unstable_by_key(|factor| factor.variable);
        if let Some(pair) = factors.windows(2).find(|pair| pair[0].variable == pair[1].variable) {
            return Err(Error::Repeated(format!(
                "a term has variable {} twice: give one power for each variable",
                pair[0].variable
            )));
        }
        self.push(factors.iter().copied(), coefficient)
    }

    /// Sorts and merges; starts, factors and coefficients of what is left.
    #[allow(clippy::type_complexity)]
    pub fn finish(
        self,
        duplicates: Duplicates,
        names: &[String],
    ) -> Result<(Vec<u32>, Vec<Factor>, Vec<f64>)> {
        let factors = |i: usize| &self.factors[self.starts[i] as usize..self.starts[i + 1] as usize];
        let mut order: Vec<usize> = (0..self.coefficients.len()).collect();
        if !order.is_sorted_by(|&a, &b| compare(factors(a), factors(b)).is_le()) {
            order.sort_by(|&a, &b| compare(factors(a), factors(b)));
        }
        let (mut starts, mut sorted, mut coefficients) = (vec![0], Vec::new(), Vec::new());
        for same in order.chunk_by(|&a, &b| compare(factors(a), factors(b)).is_eq()) {
            let powers = factors(same[0]);
            if same.len() > 1 && duplicates == Duplicates::Refused {
                return Err(Error::Repeated(format!("the term {} is given twice", describe(powers, names))));
            }
            let coefficient: f64 = same.iter().map(|&i| self.coefficients[i]).sum();
            if !coefficient.is_finite() {
                return Err(Error::NotFinite {
                    index: same[0],
                    cause: format!(
                        "the coefficient of {} is {coefficient}: coefficients have to be finite",
                        describe(powers, names)
                    ),
                });
            }
            if coefficient != 0.0 {
                sorted.extend_from_slice(powers);
                starts.push(sorted.len() as u32);
                coefficients.push(coefficient);
            }
        }
        Ok((starts, sorted, coefficients))
    }
}

/// A monomial for messages: `x1^2*x3`.
fn describe(factors: &[Factor], names: &[String]) -> String {
    if factors.is_empty() {
        return "1".into();
    }
    let part = |factor: &Factor| {
        let name = names.get(factor.variable as usize).map_or("?", String::as_str);
        if factor.power == 1 { name.to_string() } else { format!("{name}^{}", factor.power) }
    };
    factors.iter().map(part).collect::<Vec<_>>().join("*")
}
