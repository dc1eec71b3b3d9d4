//! Rectifier; its slope at 0 is 0, as in PyTorch.

use super::prelude::*;

/// Rectifier; its slope at 0 is 0, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relu;

impl Function for Relu {
    const NAME: &'static str = "relu";
    const ONNX: Option<&'static str> = Some("Relu");

    fn new(_: &[f64]) -> Self {
        Self
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
        if exceeds(x, T::zero(), above) {
            piece(x, T::zero(), T::one(), a);
        } else {
            constant(T::zero(), a);
        }
    }
}
