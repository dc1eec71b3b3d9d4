//! Exponential function.
//!
//! `a_k = e^x / k!`.

use super::prelude::*;

/// Exponential function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exp;

impl Function for Exp {
    const NAME: &'static str = "exp";
    const ONNX: Option<&'static str> = Some("Exp");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let mut term = x.exp();
        for (k, a) in a.iter_mut().enumerate() {
            if k > 0 {
                term /= T::of(k as f64);
            }
            *a = term;
        }
    }
}
