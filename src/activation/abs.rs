//! Absolute value.

use super::prelude::*;

/// Absolute value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Abs;

impl Function for Abs {
    const NAME: &'static str = "abs";
    const ONNX: Option<&'static str> = Some("Abs");

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
        piece(x, T::zero(), if exceeds(x, T::zero(), above) { T::one() } else { -T::one() }, a);
    }
}
