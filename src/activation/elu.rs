//! Exponential linear unit: `x` above 0, `α (e^x - 1)` below.

use super::prelude::*;

/// Exponential linear unit: `x` above 0, `α (e^x - 1)` below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elu {
    /// Where the lower branch saturates.
    pub alpha: f64,
}

impl Function for Elu {
    const NAME: &'static str = "elu";
    const ONNX: Option<&'static str> = Some("Elu");
    const PARAMETERS: &'static [(&'static str, f64)] = &[("alpha", 1.0)];

    fn new(parameters: &[f64]) -> Self {
        Self { alpha: parameters[0] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.alpha]
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        if exceeds(x, T::zero(), above) {
            piece(x, T::zero(), T::one(), a);
        } else {
            exponential_branch(x, T::of(self.alpha), T::one(), a);
        }
    }
}
