//! Sine.
//!
//! `a_k = sin(x + k π/2) / k!`.

use super::prelude::*;

/// Sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sin;

impl Function for Sin {
    const NAME: &'static str = "sin";
    const ONNX: Option<&'static str> = Some("Sin");

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
            *a = scale * [sin, cos, -sin, -cos][k % 4];
        }
    }
}
