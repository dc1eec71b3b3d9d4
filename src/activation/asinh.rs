//! Inverse hyperbolic sine.
//!
//! `y' = w^{-1/2}` with `w = 1 + (x+t)²`, and `y = ln(1 + u + u² / (1 + √(1+u²)))` for `u = |x|`, which keeps the digits of a small `u`.
//! Beyond 1 the inverses are of `x + 1/x` and `u √(1 + 1/u²)`, beyond 1e8 `y = ln u + ln 2`: nothing overflows.

use super::prelude::*;

/// Inverse hyperbolic sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asinh;

impl Function for Asinh {
    const NAME: &'static str = "asinh";
    const ONNX: Option<&'static str> = Some("Asinh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let one = T::one();
        let u = x.abs();
        let y = if u > T::of(1e8) {
            u.ln() + T::of(std::f64::consts::LN_2)
        } else {
            (u + u * u / (one + (one + u * u).sqrt())).ln_1p()
        };
        a[0] = y.copysign(x);
        let (root, ratio, scale) = if u > one {
            let inverse = x.recip();
            let ratio = (x + inverse).recip();
            ((u * (one + inverse * inverse).sqrt()).recip(), ratio, ratio * inverse)
        } else {
            let scale = (one + x * x).recip();
            (scale.sqrt(), x * scale, scale)
        };
        inverse_root(root, -ratio, -scale, a);
    }
}
