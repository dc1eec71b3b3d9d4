//! Inverse hyperbolic cosine, for arguments from 1.
//!
//! `y' = w^{-1/2}` with `w = (x+t)² - 1`, and `y = ln(1 + d + √(d (d+2)))` for `d = x - 1`, which is exact near 1, where no derivative
//! is finite. Beyond 1e8 `y = ln x + ln 2`, and `w` is always taken as two factors: nothing overflows.

use super::prelude::*;

/// Inverse hyperbolic cosine, for arguments from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acosh;

impl Function for Acosh {
    const NAME: &'static str = "acosh";
    const ONNX: Option<&'static str> = Some("Acosh");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let one = T::one();
        let below = x - one;
        a[0] = if x < one {
            T::nan()
        } else if x > T::of(1e8) {
            x.ln() + T::of(std::f64::consts::LN_2)
        } else {
            (below + (below * (below + T::of(2.0))).sqrt()).ln_1p()
        };
        let (left, right) = (below.recip(), (x + one).recip());
        inverse_root(left.sqrt() * right.sqrt(), -left * (x * right), -left * right, a);
    }
}
