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

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    series::logistic(&[x, C::splat(T::one())], a);
    series::times_argument(x, a);
}
