//! Elementwise functions: composition of series and its adjoint (exact), Bell-polynomial matrices (published rule).

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use cpu::{bell, compose, compose_adjoint, note_beginnings, note_kinks, roots};
pub(in crate::kernel) use cpu::{choose_branches, horner, pass_nothing, taylor_tile};

use super::kink::Grading;
use super::{Call, Constant, Definition, Orders, Shapes};
use crate::activation::Activation;
use crate::scalar::Scalar;
use crate::series::TILE;

/// `y = σ(x)` for series.
#[derive(Clone, Debug, PartialEq)]
pub struct Compose(
    /// The function.
    pub Activation,
);

impl Definition for Compose {
    const NAME: &'static str = "compose";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.0.name())
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

    /// Horner's stage j multiplies series of n - j orders.
    fn flops(&self, shapes: &Shapes) -> f64 {
        let degree = shapes.output.degree as f64;
        match shapes.inputs[0].degree {
            0 | 1 => shapes.output.len() as f64,
            _ => shapes.output.series() * degree * (degree + 1.0) * (degree + 2.0) / 3.0,
        }
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::compose(self.0, call.inputs[0], &mut call.output, call.side);
        cpu::roots(self.0, call.inputs[0], &mut call.output, call.side, call.kinks);
        cpu::note_kinks(self.0, Grading::One, call.inputs[0], call.kinks);
    }
}

/// Adjoint of [`Compose`] in the published rule; reads the primal and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Bell(
    /// The function.
    pub Activation,
);

impl Definition for Bell {
    const NAME: &'static str = "bell";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.0.name())
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, input: usize) -> Orders {
        if input == 0 { Orders::Primal } else { Orders::All }
    }

    /// The matrices of a tile of units.
    fn scratch(&self, shapes: &Shapes) -> usize {
        TILE * shapes.output.degree * shapes.inputs[1].degree
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        let degree = shapes.output.degree as f64;
        match shapes.inputs[1].degree {
            0 | 1 => shapes.output.len() as f64,
            _ => shapes.output.series() * degree * (degree + 1.0),
        }
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [primal, z] = [call.inputs[0], call.inputs[1]];
        cpu::bell(self.0, primal, z, &mut call.output, call.accumulate);
        cpu::note_beginnings(self.0, primal, z, call.kinks);
    }
}

/// Adjoint of [`Compose`] in the exact method; reads the series and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposeAdjoint(
    /// The function.
    pub Activation,
);

impl Definition for ComposeAdjoint {
    const NAME: &'static str = "compose_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.0.name())
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

    /// σ' by Horner's scheme, as σ, and a product.
    fn flops(&self, shapes: &Shapes) -> f64 {
        let degree = shapes.output.degree as f64;
        let slope = match shapes.inputs[0].degree {
            0 | 1 => degree,
            _ => degree * (degree + 1.0) * (degree - 1.0) / 3.0,
        };
        shapes.output.series() * (slope + degree * (degree + 1.0))
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [x, z] = [call.inputs[0], call.inputs[1]];
        let &mut Call { ref mut output, ref mut kinks, accumulate, side, .. } = call;
        cpu::compose_adjoint(self.0, x, z, output, accumulate, side, kinks);
    }
}
