//! `x` times the clamp of `x/6 + 1/2` to [0, 1].

use super::prelude::*;

/// `x` times the clamp of `x/6 + 1/2` to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardSwish;

impl Function for HardSwish {
    const NAME: &'static str = "hard_swish";
    const ONNX: Option<&'static str> = Some("HardSwish");

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn kinks(&self) -> Vec<f64> {
        vec![-3.0, 3.0]
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(2)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        self.beside(x, false, a);
    }

    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let three = T::of(3.0);
        if !exceeds(x, -three, above) {
            constant(T::zero(), a);
        } else if exceeds(x, three, above) {
            piece(x, T::zero(), T::one(), a);
        } else {
            let sixth = T::of(1.0 / 6.0);
            let terms = [x * (x + three) * sixth, (x + x + three) * sixth, sixth];
            for (k, a) in a.iter_mut().enumerate() {
                *a = terms.get(k).copied().unwrap_or(T::zero());
            }
        }
    }
}
