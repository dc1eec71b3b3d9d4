//! Gaussian error linear unit, erf form: `x Φ(x)`.
//!
//! `Φ' = φ`, `φ' = -(x+t) φ`; `Φ(x) = erfc(-x/√2) / 2` keeps the left tail accurate.

use super::prelude::*;

/// Gaussian error linear unit, erf form: `x Φ(x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gelu;

impl Function for Gelu {
    const NAME: &'static str = "gelu";

    fn new(_: &[f64]) -> Self {
        Self
    }

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    let constant = |x: f64| C::splat(T::of(x));
    a[0] = x.map(|x| T::of(0.5) * (-x * T::of(std::f64::consts::FRAC_1_SQRT_2)).erfc());
    let sqrt_two_pi = (2.0 * std::f64::consts::PI).sqrt();
    let mut density = constant(1.0 / sqrt_two_pi) * x.map(|x| (-T::of(0.5) * x * x).exp());
    let mut before = constant(0.0);
    for (k, a) in a.iter_mut().enumerate().skip(1) {
        let inverse = constant(1.0 / k as f64);
        *a = density * inverse;
        (before, density) = (density, (constant(0.0) - x * density - before) * inverse);
    }
    series::times_argument(x, a);
}
