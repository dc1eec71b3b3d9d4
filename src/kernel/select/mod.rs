//! Choices between two values by the sign of a third, the selector: what comparisons, `Where` and `Sign` are made of.
//!
//! `y = a` where the selector u is positive, `y = b` where it is negative. Shaders read two values in a step, and so a choice is two steps, one for
//! each side: the first writes its value where it is chosen and zeros elsewhere, the second adds its own.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

use std::sync::Arc;

pub use cpu::{select, select_adjoint};

use super::kink::Grading;
use super::{Call, Constant, Definition, Orders, Shapes};
use crate::monomials::Monomials;
use crate::scalar::Scalar;

/// Where a value is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Where the selector is positive; else where it is negative.
    pub above: bool,
    /// Whether a selector that is 0, and stays so as far as its series goes, counts as positive.
    pub at_zero: bool,
}

impl Choice {
    /// Whether it is the side that is chosen where the selector stays 0. Its step is the first.
    pub fn holds_at_zero(self) -> bool {
        self.above == self.at_zero
    }
}

/// The series of a value where it is chosen; reads the selector and the value. Of the two steps of a choice the first notes the kinks, the second
/// sees where the function jumps.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// Where.
    pub choice: Choice,
    /// Of series in several variables.
    pub monomials: Option<Arc<Monomials>>,
}

impl Select {
    fn grading(&self) -> Grading<'_> {
        self.monomials.as_deref().map_or(Grading::One, Grading::Several)
    }
}

impl Definition for Select {
    const NAME: &'static str = "select";
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

    /// The units whose selector is 0.
    fn scratch(&self, shapes: &Shapes) -> usize {
        shapes.output.units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [u, v] = [call.inputs[0], call.inputs[1]];
        let &mut Call { ref mut output, ref mut kinks, accumulate, side, .. } = call;
        cpu::select(self.choice, self.grading(), u, v, output, accumulate, side, kinks);
    }
}

/// Adjoint of [`Select`] with respect to the value; reads the selector and the adjoint. The selector itself gets nothing: it only moves kinks.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectAdjoint(
    /// Where.
    pub Choice,
);

impl Definition for SelectAdjoint {
    const NAME: &'static str = "select_adjoint";
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

    /// The units whose selector is 0.
    fn scratch(&self, shapes: &Shapes) -> usize {
        shapes.output.units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [u, z] = [call.inputs[0], call.inputs[1]];
        let &mut Call { ref mut output, ref mut kinks, accumulate, side, .. } = call;
        cpu::select_adjoint(self.0, u, z, output, accumulate, side, kinks);
    }
}
