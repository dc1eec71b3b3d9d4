//! `x tanh(softplus(x))`.
//!
//! With `u = e^{-x}`: `tanh(softplus x) = 1 - 2u² / (1 + 2u + 2u²)`; with `w = e^x`: `(w² + 2w) / (w² + 2w + 2)`.
//! Either is used where its exponential stays below 1, so that nothing overflows or cancels.

use super::prelude::*;

/// `x tanh(softplus(x))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mish;

impl Function for Mish {
    const NAME: &'static str = "mish";
    const ONNX: Option<&'static str> = Some("Mish");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let n = a.len();
        let right = x > T::zero();
        let sign = if right { -T::one() } else { T::one() };
        let base = (sign * x).exp();
        let (mut single, mut double) = (base, base * base);
        let mut top = [T::zero(); MAX_ORDER + 1];
        let mut bottom = [T::zero(); MAX_ORDER + 1];
        let two = T::of(2.0);
        for k in 0..n {
            if k > 0 {
                let inverse = T::of(1.0 / k as f64);
                single *= sign * inverse;
                double *= sign * two * inverse;
            }
            if right {
                top[k] = two * double;
                bottom[k] = two * (single + double);
            } else {
                top[k] = double + two * single;
                bottom[k] = top[k];
            }
        }
        bottom[0] += if right { T::one() } else { two };
        series::divide(&top[..n], &bottom[..n], a);
        if right {
            for a in a.iter_mut() {
                *a = -*a;
            }
            a[0] += T::one();
        }
        series::times_argument(x, a);
    }
}
