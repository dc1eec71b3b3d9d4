//! `ln(1 + e^x)`, whose derivative is the logistic function.

use super::prelude::*;

/// `ln(1 + e^x)`, whose derivative is the logistic function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softplus;

impl Function for Softplus {
    const NAME: &'static str = "softplus";
    const ONNX: Option<&'static str> = Some("Softplus");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let n = a.len();
        let mut slope = [T::zero(); MAX_ORDER + 1];
        series::logistic(&[x, T::one()], &mut slope[..n]);
        a[0] = x.max(T::zero()) + (-x.abs()).exp().ln_1p();
        for k in 1..n {
            a[k] = slope[k - 1] / T::of(k as f64);
        }
    }
}
