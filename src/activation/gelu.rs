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

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let half_sqrt = T::of(std::f64::consts::FRAC_1_SQRT_2);
        a[0] = T::of(0.5) * (-x * half_sqrt).erfc();
        let sqrt_two_pi = (2.0 * std::f64::consts::PI).sqrt();
        let mut density = T::of(1.0 / sqrt_two_pi) * (-T::of(0.5) * x * x).exp();
        let mut before = T::zero();
        for (k, a) in a.iter_mut().enumerate().skip(1) {
            let inverse = T::of(1.0 / k as f64);
            *a = density * inverse;
            (before, density) = (density, -(x * density + before) * inverse);
        }
        series::times_argument(x, a);
    }
}
