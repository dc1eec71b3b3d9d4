//! Clamping to an interval.

use super::prelude::*;

/// Clamping to an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// Lower bound, or -∞.
    pub min: f64,
    /// Upper bound, or ∞.
    pub max: f64,
}

impl Function for Clip {
    const NAME: &'static str = "clip";
    const PARAMETERS: &'static [(&'static str, f64)] = &[("min", f64::NEG_INFINITY), ("max", f64::INFINITY)];

    fn new(parameters: &[f64]) -> Self {
        Self { min: parameters[0], max: parameters[1] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.min, self.max]
    }

    fn kinks(&self) -> Vec<f64> {
        self.parameters().into_iter().filter(|bound| bound.is_finite()).collect()
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(1)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let (low, high) = (T::of(self.min), T::of(self.max));
        if exceeds(x, high, above) {
            constant(high, a);
        } else if !exceeds(x, low, above) {
            constant(low, a);
        } else {
            piece(x, T::zero(), T::one(), a);
        }
    }
}
