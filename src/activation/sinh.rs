//! Hyperbolic sine.
//!
//! `a_k = sinh(x) / k!` for even k, `cosh(x) / k!` for odd.

use super::prelude::*;

/// Hyperbolic sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinh;

impl Function for Sinh {
    const NAME: &'static str = "sinh";
    const ONNX: Option<&'static str> = Some("Sinh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let values = [x.sinh(), x.cosh()];
        let mut scale = T::one();
        for (k, a) in a.iter_mut().enumerate() {
            if k > 0 {
                scale /= T::of(k as f64);
            }
            *a = values[k % 2] * scale;
        }
    }
}
