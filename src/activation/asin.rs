//! Arc sine, for arguments from -1 to 1.
//!
//! `y' = w^{-1/2}` with `w = 1 - (x+t)²`; at the ends no derivative is finite.

use super::prelude::*;

/// Arc sine, for arguments from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asin;

impl Function for Asin {
    const NAME: &'static str = "asin";
    const ONNX: Option<&'static str> = Some("Asin");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        a[0] = x.asin();
        let scale = ((T::one() - x) * (T::one() + x)).recip();
        inverse_root(scale.sqrt(), x * scale, scale, a);
    }
}
