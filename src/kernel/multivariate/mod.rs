//! Truncated series in several variables: a block for each monomial, one lane for each group of variables.
//!
//! Whatever is linear acts on each block alike, so that all linear kernels serve these series, too. Here is what multiplies:
//! `y_α = Σ_{β+γ=α} a_β b_γ`, by the table of products of [`Monomials`]. Softmax and normalisations are made of these by the plan.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

use std::sync::Arc;

pub use cpu::{compose, divide, multiply, relative};

use super::kink::Grading;
use super::{Call, Constant, ConstantId, Definition, Orders, Shapes, elementwise, pool};
use crate::activation::Activation;
use crate::geometry::Pool;
use crate::monomials::Monomials;
use crate::scalar::Scalar;
use crate::series::TILE;

/// The monomials of all series of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Variables {
    /// Which monomials.
    pub monomials: Arc<Monomials>,
    /// Their table for shaders.
    pub table: ConstantId,
}

impl Variables {
    fn constants(&self) -> Vec<Constant> {
        vec![Constant::whole(self.table)]
    }

    /// Products of a multiplication up to the output's degree.
    fn products(&self, shapes: &Shapes) -> f64 {
        let degree = self.monomials.degree(shapes.output.degree);
        Monomials::products_of(self.monomials.variables(), degree).unwrap_or(0) as f64
    }

    /// Three series of a tile of units.
    fn scratch(&self) -> usize {
        3 * TILE * (self.monomials.blocks() + 1)
    }
}

/// `y = σ(x)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposeMixed {
    /// The function.
    pub function: Activation,
    /// The variables.
    pub variables: Variables,
}

impl Definition for ComposeMixed {
    const NAME: &'static str = "compose_mixed";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(self.function.name())
    }

    fn constants(&self) -> Vec<Constant> {
        self.variables.constants()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.variables.scratch()
    }

    /// A product for each term but the last, each to one degree more.
    fn flops(&self, shapes: &Shapes) -> f64 {
        let Variables { monomials, .. } = &self.variables;
        let degree = monomials.degree(shapes.output.degree);
        let stages = (1..self.terms(degree)).map(|j| degree + 1 - j);
        let products = stages.filter_map(|k| Monomials::products_of(monomials.variables(), k));
        shapes.output.len() as f64 + 4.0 * shapes.output.series() * products.sum::<u64>() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let Self { function, variables } = self;
        cpu::compose(*function, &variables.monomials, call.inputs[0], &mut call.output, call.side);
        elementwise::note_kinks(
            *function,
            Grading::Several(&variables.monomials),
            call.inputs[0],
            call.kinks,
        );
    }
}

impl ComposeMixed {
    /// Highest coefficient of the function that a degree needs.
    fn terms(&self, degree: usize) -> usize {
        self.function.polynomial_degree().map_or(degree, |d| d.min(degree))
    }
}

/// Product of two series.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiplyMixed(
    /// The variables.
    pub Variables,
);

impl Definition for MultiplyMixed {
    const NAME: &'static str = "multiply_mixed";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        self.0.constants()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.0.scratch()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        4.0 * shapes.output.series() * self.0.products(shapes)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::multiply(&self.0.monomials, call.inputs[0], call.inputs[1], &mut call.output);
    }
}

/// Quotient of two series.
#[derive(Clone, Debug, PartialEq)]
pub struct DivideMixed(
    /// The variables.
    pub Variables,
);

impl Definition for DivideMixed {
    const NAME: &'static str = "divide_mixed";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        self.0.constants()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.0.scratch()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        4.0 * shapes.output.series() * self.0.products(shapes)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::divide(&self.0.monomials, call.inputs[0], call.inputs[1], &mut call.output);
    }
}

/// The largest input of each window, and its series.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPoolMixed {
    /// The windows.
    pub pool: Pool,
    /// The variables.
    pub variables: Variables,
}

impl Definition for MaxPoolMixed {
    const NAME: &'static str = "max_pool_mixed";
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

    /// The chosen inputs, at the point and beside it.
    fn scratch(&self, shapes: &Shapes) -> usize {
        2 * shapes.output.units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        let compared = pool::comparisons(&self.pool, shapes.output);
        shapes.output.len() as f64 + compared * self.variables.monomials.variables() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let grading = Grading::Several(&self.variables.monomials);
        pool::max_pool(&self.pool, grading, call.inputs[0], &mut call.output, call.side, call.kinks);
    }
}

/// Every unit less the unit of its group of neighbours that is the largest at the point, as whole series: what softmax begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Relative {
    /// Units of a group.
    pub axis: usize,
}

impl Definition for Relative {
    const NAME: &'static str = "relative";
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

    /// The largest unit of each group.
    fn scratch(&self, shapes: &Shapes) -> usize {
        shapes.output.units / self.axis.max(1)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::relative(self.axis, call.inputs[0], &mut call.output);
    }
}
