//! The nearest whole number, of two the even one, as a constant beside each argument.

use super::prelude::*;

/// The nearest whole number, of two the even one: a constant beside each argument.
///
/// It jumps at the halves, and doesn't say so: a network that uses it has to be the same whichever of both it takes there. So are floor and ceiling
/// as ONNX's import makes them, by a choice between whole numbers that meet at a whole number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest;

impl Function for Nearest {
    const NAME: &'static str = "nearest";

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(0)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        // Exact in either type.
        constant(T::of(x.f64().round_ties_even()), a);
    }
}
