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

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    let one = C::splat(T::one());
    let decay = x.map(|x| (-T::of(2.0) * x.abs()).exp());
    let mut s = [C::splat(T::zero()); MAX_ORDER + 1];
    s[0] = C::splat(T::of(4.0)) * decay / ((one + decay) * (one + decay));
    a[0] = x.map(|x| x.tanh());
    for k in 1..a.len() {
        a[k] = s[k - 1] * C::splat(T::of(1.0 / k as f64));
        s[k] = C::splat(T::of(-2.0 / k as f64)) * series::product_at(&a[..k], &s[..k], k - 1);
    }
}
