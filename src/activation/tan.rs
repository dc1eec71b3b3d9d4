//! Tangent.
//!
//! `y' = 1 + y²`, which starts as `1 / cos² x`. All terms of a sum have the same sign: nothing cancels.

use super::prelude::*;

/// Tangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tan;

impl Function for Tan {
    const NAME: &'static str = "tan";
    const ONNX: Option<&'static str> = Some("Tan");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        a[0] = x.tan();
        for k in 1..a.len() {
            a[k] = match k {
                1 => (x.cos() * x.cos()).recip(),
                _ => series::product_at(&a[..k], &a[..k], k - 1) / T::of(k as f64),
            };
        }
    }
}
