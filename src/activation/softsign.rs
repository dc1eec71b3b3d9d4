//! `x / (1 + |x|)`; its second derivative jumps at 0.
//!
//! Above 0: `1 - 1/(1+x)`; below: `-1 + 1/(1-x)`.

use super::prelude::*;

/// `x / (1 + |x|)`; its second derivative jumps at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softsign;

impl Function for Softsign {
    const NAME: &'static str = "softsign";
    const ONNX: Option<&'static str> = Some("Softsign");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let scale = (T::one() + x.abs()).recip();
        let ratio = if exceeds(x, T::zero(), above) { -scale } else { scale };
        let mut term = scale * scale;
        a[0] = x * scale;
        for a in a.iter_mut().skip(1) {
            *a = term;
            term *= ratio;
        }
    }
}
