//! Inverse hyperbolic tangent, for arguments between -1 and 1.
//!
//! `y' = r` with `r = 1 / (1 - (x+t)²)`, whose series is the quotient `r_k = (2 x r_{k-1} + r_{k-2}) r_0`, and
//! `y = ln(1 + 2u / (1-u)) / 2` for `u = |x|`, which keeps the digits of a small `u`.

use super::prelude::*;

/// Inverse hyperbolic tangent, for arguments between -1 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Atanh;

impl Function for Atanh {
    const NAME: &'static str = "atanh";
    const ONNX: Option<&'static str> = Some("Atanh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let u = x.abs();
        let y = T::of(0.5) * (T::of(2.0) * u / (T::one() - u)).ln_1p();
        a[0] = y.copysign(x);
        let scale = ((T::one() - x) * (T::one() + x)).recip();
        let (mut before, mut r) = (T::zero(), scale);
        for (k, a) in a.iter_mut().enumerate().skip(1) {
            *a = r / T::of(k as f64);
            (before, r) = (r, (T::of(2.0) * x * r + before) * scale);
        }
    }
}
