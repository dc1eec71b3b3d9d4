//! Cosine.
//!
//! `a_k = cos(x + k π/2) / k!`.

use super::prelude::*;

/// Cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cos;

impl Function for Cos {
    const NAME: &'static str = "cos";
    const ONNX: Option<&'static str> = Some("Cos");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let (sin, cos) = x.sin_cos();
        let mut scale = T::one();
        for (k, a) in a.iter_mut().enumerate() {
            if k > 0 {
                scale /= T::of(k as f64);
            }
            *a = scale * [cos, -sin, -cos, sin][k % 4];
        }
    }
}
