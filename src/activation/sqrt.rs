//! Square root, for positive arguments.
//!
//! `a_{k+1} = a_k (1/2 - k) / ((k+1) x)`; at 0 the value is 0, and no derivative finite.

use super::prelude::*;

/// Square root, for positive arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sqrt;

impl Function for Sqrt {
    const NAME: &'static str = "sqrt";
    const ONNX: Option<&'static str> = Some("Sqrt");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn root(&self) -> Option<f64> {
        Some(0.5)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let x = sound(x);
        a[0] = x.sqrt();
        for k in 1..a.len() {
            a[k] = a[k - 1] * T::of((1.5 - k as f64) / k as f64) / x;
        }
    }
}
