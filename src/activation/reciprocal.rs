//! `1 / x`.
//!
//! `a_k = (-1)^k / x^{k+1}`.

use super::prelude::*;

/// `1 / x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reciprocal;

impl Function for Reciprocal {
    const NAME: &'static str = "reciprocal";
    const ONNX: Option<&'static str> = Some("Reciprocal");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let inverse = sound(x).recip();
        let mut term = inverse;
        for a in a.iter_mut() {
            *a = term;
            term *= -inverse;
        }
    }
}
