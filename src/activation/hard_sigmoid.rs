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
        self.ends().to_vec()
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(1)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let y = T::of(self.alpha) * x + T::of(self.beta);
        let [low, high] = self.ends().map(T::of);
        let rises = above == (self.alpha > 0.0);
        let is_zero = if x == low { !rises } else { y < T::zero() };
        let is_one = if x == high { rises } else { y > T::one() };
        if is_zero {
            constant(T::zero(), a);
        } else if is_one {
            constant(T::one(), a);
        } else {
            piece(x, T::of(self.beta), T::of(self.alpha), a);
        }
    }
}

impl HardSigmoid {
    /// Where it leaves 0 and where it reaches 1.
    fn ends(&self) -> [f64; 2] {
        [-self.beta / self.alpha, (1.0 - self.beta) / self.alpha]
    }
}
