//! Arc tangent.
//!
//! `y' = r` with `r = 1 / (1 + (x+t)²)`, whose series is the quotient `r_k = -(2 x r_{k-1} + r_{k-2}) r_0`.

use super::prelude::*;

/// Arc tangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atan;

impl Function for Atan {
    const NAME: &'static str = "atan";
    const ONNX: Option<&'static str> = Some("Atan");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        a[0] = x.atan();
        let scale = (T::one() + x * x).recip();
        let (mut before, mut r) = (T::zero(), scale);
        for (k, a) in a.iter_mut().enumerate().skip(1) {
            *a = r / T::of(k as f64);
            (before, r) = (r, -(T::of(2.0) * x * r + before) * scale);
        }
    }
}
