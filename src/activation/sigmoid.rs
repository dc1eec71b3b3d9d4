//! Logistic function `1 / (1 + e^{-x})`.
//!
//! See [`series::logistic`].

use super::prelude::*;

/// Logistic function `1 / (1 + e^{-x})`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sigmoid;

impl Function for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const ONNX: Option<&'static str> = Some("Sigmoid");

    fn new(_: &[f64]) -> Self {
        Self
    }

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    series::logistic(&[x, C::splat(T::one())], a);
}
