//! Scaled exponential linear unit: `γ x` above 0, `γ α (e^x - 1)` below.

use super::prelude::*;

/// Scaled exponential linear unit: `γ x` above 0, `γ α (e^x - 1)` below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selu {
    /// Depth of the lower branch.
    pub alpha: f64,
    /// Scale of both.
    pub gamma: f64,
}

impl Function for Selu {
    const NAME: &'static str = "selu";
    const ONNX: Option<&'static str> = Some("Selu");
    const PARAMETERS: &'static [(&'static str, f64)] =
        &[("alpha", 1.673_263_192_176_818_8), ("gamma", 1.050_701_022_148_132_3)];

    fn new(parameters: &[f64]) -> Self {
        Self { alpha: parameters[0], gamma: parameters[1] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.alpha, self.gamma]
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let gamma = T::of(self.gamma);
        if exceeds(x, T::zero(), above) {
            piece(x, T::zero(), gamma, a);
        } else {
            exponential_branch(x, gamma * T::of(self.alpha), T::one(), a);
        }
    }
}
