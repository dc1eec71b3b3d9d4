//! Strided copies: permuting, slicing, padding, joining, broadcasting, and sums over axes.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use cpu::{strided, strided_adjoint};

use super::{Call, Constant, Definition, Exponent, Orders, Shapes};
use crate::geometry::Strided;
use crate::scalar::Scalar;

/// A strided copy, each coefficient alike.
#[derive(Clone, Debug, PartialEq)]
pub struct StridedCopy {
    /// The copy.
    pub copy: Strided,
    /// Whether to fill the output first; else the copy is added to it.
    pub fill: bool,
}

impl Definition for StridedCopy {
    const NAME: &'static str = "strided";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        self.copy.count() as f64 * shapes.output.total_rows() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::strided(&self.copy, self.fill, call.inputs[0], &mut call.output);
    }
}

/// Adjoint of [`StridedCopy`].
#[derive(Clone, Debug, PartialEq)]
pub struct StridedAdjoint {
    /// The copy whose adjoint it is.
    pub copy: Strided,
    /// Of the copy's factor.
    pub exponent: Exponent,
}

impl Definition for StridedAdjoint {
    const NAME: &'static str = "strided_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::strided_adjoint(&self.copy, self.exponent, call.inputs[0], &mut call.output, call.accumulate);
    }
}
