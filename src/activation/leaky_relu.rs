//! Rectifier with a slope below 0.

use super::prelude::*;

/// Rectifier with a slope below 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyRelu {
    /// Slope below 0.
    pub alpha: f64,
}

impl Function for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const ONNX: Option<&'static str> = Some("LeakyRelu");
    const PARAMETERS: &'static [(&'static str, f64)] = &[("alpha", 0.01)];

    fn new(parameters: &[f64]) -> Self {
        Self { alpha: parameters[0] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.alpha]
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(1)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let slope = if exceeds(x, T::zero(), above) { T::one() } else { T::of(self.alpha) };
        piece(x, T::zero(), slope, a);
    }
}
