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

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    let n = a.len();
    let mut slope = [C::splat(T::zero()); MAX_ORDER + 1];
    series::logistic(&[x, C::splat(T::one())], &mut slope[..n]);
    a[0] = x.map(|x| x.max(T::zero()) + (-x.abs()).exp().ln_1p());
    for k in 1..n {
        a[k] = slope[k - 1] * C::splat(T::of(1.0 / k as f64));
    }
}
