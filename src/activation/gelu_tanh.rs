//! Gaussian error linear unit, tanh form: `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
//!
//! `(1 + tanh u)/2` is the logistic function of `2u`, a cubic in t.

use super::prelude::*;

/// Gaussian error linear unit, tanh form: `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeluTanh;

impl Function for GeluTanh {
    const NAME: &'static str = "gelu_tanh";

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let scale = T::of(2.0 * (2.0 / std::f64::consts::PI).sqrt());
        let c = T::of(0.044715);
        let three = T::of(3.0);
        let cubic = [
            scale * (x + c * x * x * x),
            scale * (T::one() + three * c * x * x),
            scale * three * c * x,
            scale * c,
        ];
        series::logistic(&cubic, a);
        series::times_argument(x, a);
    }
}
