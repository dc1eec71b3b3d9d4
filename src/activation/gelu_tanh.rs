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

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    let constant = |x: f64| C::splat(T::of(x));
    let scale = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let c = 0.044715;
    let cubic = [
        constant(scale) * (x + constant(c) * x * x * x),
        constant(scale) * (constant(1.0) + constant(3.0 * c) * x * x),
        constant(scale * 3.0 * c) * x,
        constant(scale * c),
    ];
    series::logistic(&cubic, a);
    series::times_argument(x, a);
}
