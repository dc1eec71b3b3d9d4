//! Error function.
//!
//! `y' = g`, `g' = -2 (x+t) g`.

use super::prelude::*;

/// Error function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erf;

impl Function for Erf {
    const NAME: &'static str = "erf";
    const ONNX: Option<&'static str> = Some("Erf");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        a[0] = x.erf();
        let mut g = T::of(std::f64::consts::FRAC_2_SQRT_PI) * (-x * x).exp();
        let mut before = T::zero();
        for (k, a) in a.iter_mut().enumerate().skip(1) {
            let inverse = T::of(1.0 / k as f64);
            *a = g * inverse;
            (before, g) = (g, -T::of(2.0) * (x * g + before) * inverse);
        }
    }
}
