//! `x sigmoid(x)`, also called swish.

use super::prelude::*;

/// `x sigmoid(x)`, also called swish.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silu;

impl Function for Silu {
    const NAME: &'static str = "silu";

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        series::logistic(&[x, T::one()], a);
        series::times_argument(x, a);
    }
}
