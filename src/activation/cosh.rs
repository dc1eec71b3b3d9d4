//! Hyperbolic cosine.
//!
//! `a_k = cosh(x) / k!` for even k, `sinh(x) / k!` for odd.

use super::prelude::*;

/// Hyperbolic cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosh;

impl Function for Cosh {
    const NAME: &'static str = "cosh";
    const ONNX: Option<&'static str> = Some("Cosh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let values = [x.cosh(), x.sinh()];
        let mut scale = T::one();
        for (k, a) in a.iter_mut().enumerate() {
            if k > 0 {
                scale /= T::of(k as f64);
            }
            *a = values[k % 2] * scale;
        }
    }
}
