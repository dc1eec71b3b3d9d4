//! Hyperbolic tangent.
//!
//! `y' = s`, `s' = -2 y s` with `s = 1 - y² = 4 e / (1 + e)²`, `e = e^{-2|x|}`: nothing cancels in the tails.

use super::prelude::*;

/// Hyperbolic tangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tanh;

impl Function for Tanh {
    const NAME: &'static str = "tanh";
    const ONNX: Option<&'static str> = Some("Tanh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let one = T::one();
        let decay = (-T::of(2.0) * x.abs()).exp();
        let mut s = [T::zero(); MAX_ORDER + 1];
        s[0] = T::of(4.0) * decay / ((one + decay) * (one + decay));
        a[0] = x.tanh();
        for k in 1..a.len() {
            a[k] = s[k - 1] / T::of(k as f64);
            s[k] = T::of(-2.0 / k as f64) * series::product_at(&a[..k], &s[..k], k - 1);
        }
    }
}
