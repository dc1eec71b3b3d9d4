//! Arc cosine, for arguments from -1 to 1.
//!
//! `y' = -w^{-1/2}` with `w = 1 - (x+t)²`; at the ends no derivative is finite.

use super::prelude::*;

/// Arc cosine, for arguments from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acos;

impl Function for Acos {
    const NAME: &'static str = "acos";
    const ONNX: Option<&'static str> = Some("Acos");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        a[0] = x.acos();
        let scale = ((T::one() - x) * (T::one() + x)).recip();
        inverse_root(-scale.sqrt(), x * scale, scale, a);
    }
}
