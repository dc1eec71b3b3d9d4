//! Piecewise linear sigmoid: `α x + β` clamped to [0, 1].

use super::prelude::*;

/// Piecewise linear sigmoid: `α x + β` clamped to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardSigmoid {
    /// Slope.
    pub alpha: f64,
    /// Value at 0.
    pub beta: f64,
}

impl Function for HardSigmoid {
    const NAME: &'static str = "hard_sigmoid";
    const ONNX: Option<&'static str> = Some("HardSigmoid");
    const PARAMETERS: &'static [(&'static str, f64)] = &[("alpha", 0.2), ("beta", 0.5)];

    fn new(parameters: &[f64]) -> Self {
        Self { alpha: parameters[0], beta: parameters[1] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.alpha, self.beta]
    }

    fn kinks(&self) -> Vec<f64> {
        vec![-self.beta / self.alpha, (1.0 - self.beta) / self.alpha]
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(1)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let y = T::of(self.alpha) * x + T::of(self.beta);
        if y < T::zero() {
            constant(T::zero(), a);
        } else if y > T::one() {
            constant(T::one(), a);
        } else {
            piece(x, T::of(self.beta), T::of(self.alpha), a);
        }
    }
}
