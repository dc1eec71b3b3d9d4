//! Natural logarithm, for positive arguments.
//!
//! `a_k = -(-1/x)^k / k`.

use super::prelude::*;

/// Natural logarithm, for positive arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Log;

impl Function for Log {
    const NAME: &'static str = "log";
    const ONNX: Option<&'static str> = Some("Log");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let x = sound(x);
        a[0] = x.ln();
        let ratio = -x.recip();
        let mut term = -T::one();
        for (k, a) in a.iter_mut().enumerate().skip(1) {
            term *= ratio;
            *a = term / T::of(k as f64);
        }
    }
}
