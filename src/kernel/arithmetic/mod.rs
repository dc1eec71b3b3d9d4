//! Sums, scaling by constants, products and quotients of series.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use cpu::{affine, affine_adjoint, copy, divide, divide_adjoint, multiply, multiply_adjoint};

use super::{Call, Constant, Definition, Exponent, Orders, PerUnitId, Shapes};
use crate::scalar::Scalar;

/// `y = scale ∘ x + shift`.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// Factors.
    pub scale: Option<PerUnitId>,
    /// Summands.
    pub shift: Option<PerUnitId>,
}

impl Definition for Affine {
    const NAME: &'static str = "affine";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        [self.scale, self.shift].into_iter().flatten().map(|c| Constant::whole(c.values)).collect()
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
        let (scale, shift) = (call.per_unit(self.scale), call.per_unit(self.shift));
        cpu::affine(scale, shift, call.inputs[0], &mut call.output);
    }
}

/// Adjoint of [`Affine`].
#[derive(Clone, Debug, PartialEq)]
pub struct AffineAdjoint {
    /// Factors.
    pub scale: Option<PerUnitId>,
    /// Of the factors.
    pub exponent: Exponent,
}

impl Definition for AffineAdjoint {
    const NAME: &'static str = "affine_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        self.scale.into_iter().map(|c| Constant::whole(c.values)).collect()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// The scaled block of an order.
    fn scratch(&self, shapes: &Shapes) -> usize {
        shapes.output.rows(1) * shapes.output.units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let scale = call.per_unit(self.scale);
        cpu::affine_adjoint(scale, self.exponent, call.inputs[0], &mut call.output, call.accumulate);
    }
}

/// `y = x`, or `y += x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy;

impl Definition for Copy {
    const NAME: &'static str = "copy";
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
        cpu::copy(call.inputs[0], &mut call.output, call.accumulate);
    }
}

/// Product of two series.
#[derive(Clone, Debug, PartialEq)]
pub struct Multiply;

impl Definition for Multiply {
    const NAME: &'static str = "multiply";
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
        shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::multiply(call.inputs[0], call.inputs[1], &mut call.output);
    }
}

/// Quotient of two series.
#[derive(Clone, Debug, PartialEq)]
pub struct Divide;

impl Definition for Divide {
    const NAME: &'static str = "divide";
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
        shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::divide(call.inputs[0], call.inputs[1], &mut call.output);
    }
}

/// Adjoint of a product with respect to one factor: reads the other factor's series and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiplyAdjoint {
    /// With the other sign.
    pub negative: bool,
}

impl Definition for MultiplyAdjoint {
    const NAME: &'static str = "multiply_adjoint";
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
        shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [b, z] = [call.inputs[0], call.inputs[1]];
        cpu::multiply_adjoint(self.negative, b, z, &mut call.output, call.accumulate);
    }
}

/// Adjoint of a quotient with respect to the numerator: reads the denominator's series and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct DivideAdjoint;

impl Definition for DivideAdjoint {
    const NAME: &'static str = "divide_adjoint";
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
        shapes.output.series() * (shapes.output.degree * shapes.output.degree) as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::divide_adjoint(call.inputs[0], call.inputs[1], &mut call.output, call.accumulate);
    }
}
