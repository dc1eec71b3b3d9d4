//! The nearest whole number, of two the even one, to which quantised networks round their values.

use super::nearest::Nearest;
use super::prelude::*;

/// The nearest whole number, of two the even one, to which quantised networks round their values.
///
/// A step function: it has values only. No derivative says what the network does across the steps, so a network with it is expanded only as a
/// stand-in without ([`Smoothing::quantize`](crate::model::Smoothing::quantize)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantize;

impl Function for Quantize {
    const NAME: &'static str = "quantize";

    fn new(_: &[f64]) -> Self {
        Self
    }

    fn polynomial_degree(&self) -> Option<usize> {
        Some(0)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        Nearest.taylor(x, a);
    }
}
