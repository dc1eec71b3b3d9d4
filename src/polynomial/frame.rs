//! The subspace whose coordinates are a polynomial's variables.

use crate::error::{Error, Result};

/// A subspace of the inputs, `x = x0 + S t`: the coordinates t are the polynomial's variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    origin: Vec<f64>,
    directions: Vec<f64>,
}

impl Frame {
    /// From x0, `[inputs]`, and the directions of the variables, row-major `[variables, inputs]`.
    ///
    /// # Errors
    /// If the directions aren't rows of as many numbers as x0 has, or a number is not finite.
    pub fn new(origin: Vec<f64>, directions: Vec<f64>) -> Result<Self> {
        if origin.is_empty() || directions.is_empty() || !directions.len().is_multiple_of(origin.len()) {
            return Err(Error::Size {
                expected: origin.len(),
                given: directions.len(),
                cause: format!(
                    "a frame needs directions of as many numbers as its origin: {} numbers are no rows of {}",
                    directions.len(),
                    origin.len()
                ),
            });
        }
        if let Some(index) = origin.iter().chain(&directions).position(|x| !x.is_finite()) {
            let cause = "a frame has a number that is not finite".into();
            return Err(Error::NotFinite { index, cause });
        }
        Ok(Self { origin, directions })
    }

    /// The input x0 at t = 0.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// The directions, row-major `[variables, inputs]`.
    pub fn directions(&self) -> &[f64] {
        &self.directions
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.directions.len() / self.origin.len()
    }

    /// `x0 + S t`.
    pub(super) fn to_inputs(&self, point: &[f64]) -> Result<Vec<f64>> {
        let mut inputs = self.origin.clone();
        for (t, direction) in point.iter().zip(self.directions.chunks_exact(self.origin.len())) {
            inputs.iter_mut().zip(direction).for_each(|(x, v)| *x += t * v);
        }
        match inputs.iter().position(|x| !x.is_finite()) {
            None => Ok(inputs),
            Some(i) => Err(Error::Overflow(format!("the point gives {} at input {i}", inputs[i]))),
        }
    }
}
