//! Sine.
//!
//! `a_k = sin(x + k π/2) / k!`.

use super::prelude::*;

/// Sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sin;

impl Function for Sin {
    const NAME: &'static str = "sin";
    const ONNX: Option<&'static str> = Some("Sin");

    fn new(_: &[f64]) -> Self {
        Self
    }

    side_by_side!();
}

#[inline(always)]
fn coefficients<T: Scalar, C: Coefficient<T>>(x: C, a: &mut [C]) {
    let (sin, cos) = (x.map(|x| x.sin()), x.map(|x| x.cos()));
    let mut scale = T::one();
    for (k, a) in a.iter_mut().enumerate() {
        if k > 0 {
            scale /= T::of(k as f64);
        }
        let derivative = if k % 2 == 0 { sin } else { cos };
        *a = derivative * C::splat(if k % 4 < 2 { scale } else { -scale });
    }
}
