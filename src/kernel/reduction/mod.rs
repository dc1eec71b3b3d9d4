//! Softmax, log-softmax and layer normalisation over the last axis, as series, and their adjoints.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use cpu::{reduce, reduce_adjoint};

use super::{Call, Constant, Definition, Orders, Shapes};
use crate::scalar::Scalar;

/// A reduction along the last axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reduction {
    /// `exp(x_i) / Σ exp(x_j)`.
    Softmax,
    /// Its logarithm.
    LogSoftmax,
    /// Layer normalisation.
    Normalize {
        /// Added to the variance.
        epsilon: f64,
    },
}

impl Reduction {
    fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
            Self::Normalize { .. } => "layer_norm",
        }
    }
}

/// A reduction of every group of `axis` neighbouring units.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce {
    /// Which.
    pub reduction: Reduction,
    /// Size of the last axis.
    pub axis: usize,
}

impl Definition for Reduce {
    const NAME: &'static str = "reduce";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.reduction.name())
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// Three series of each unit of a group.
    fn scratch(&self, shapes: &Shapes) -> usize {
        3 * self.axis * (shapes.output.degree + 1)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::reduce(self.reduction, self.axis, call.inputs[0], &mut call.output);
    }
}

/// Adjoint of [`Reduce`]; reads the series that it reduces and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceAdjoint {
    /// Of which.
    pub reduction: Reduction,
    /// Size of the last axis.
    pub axis: usize,
}

impl Definition for ReduceAdjoint {
    const NAME: &'static str = "reduce_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.reduction.name())
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// Four series of each unit of a group.
    fn scratch(&self, shapes: &Shapes) -> usize {
        4 * self.axis * shapes.output.degree
    }

    /// The reduction, and two products.
    fn flops(&self, shapes: &Shapes) -> f64 {
        3.0 * shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [x, z] = [call.inputs[0], call.inputs[1]];
        cpu::reduce_adjoint(self.reduction, self.axis, x, z, &mut call.output, call.accumulate);
    }
}
