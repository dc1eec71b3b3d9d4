//! Matrix product over rows, and its adjoints: with the weights, or with their elementwise powers.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use crate::geometry::LinearShape;
pub use cpu::{linear, linear_adjoint, linear_of_unit_rays};

use super::{Call, Constant, ConstantId, Definition, Exponent, Orders, Shapes};
use crate::packing;
use crate::scalar::Scalar;

/// `y = x Wᵀ + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Shape of the weight.
    pub shape: LinearShape,
    /// `[outputs, inputs]`.
    pub weight: ConstantId,
    /// One per output.
    pub bias: Option<ConstantId>,
}

impl Definition for Linear {
    const NAME: &'static str = "linear";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        constants(self.shape, self.weight, self.bias)
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, shapes: &Shapes) -> usize {
        let rows = shapes.inputs[0].len() / self.shape.inputs;
        packing::elements(rows, self.shape.inputs, self.shape.outputs)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.output.len() as f64 * self.shape.inputs as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, bias) = (call.constant(self.weight), call.optional(self.bias));
        cpu::linear(self.shape, weight, bias, call.inputs[0], &mut call.output, call.parallel);
    }
}

/// [`Linear`] for rays along the inputs' unit vectors: order 1 is a column of W times the ray's radius, and the input has its block 0 only.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearOfUnitRays {
    /// Shape of the weight.
    pub shape: LinearShape,
    /// `[outputs, inputs]`.
    pub weight: ConstantId,
    /// One per output.
    pub bias: Option<ConstantId>,
}

impl Definition for LinearOfUnitRays {
    const NAME: &'static str = "linear_of_unit_rays";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        constants(self.shape, self.weight, self.bias)
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::Primal
    }

    fn scratch(&self, shapes: &Shapes) -> usize {
        packing::elements(shapes.output.samples, self.shape.inputs, self.shape.outputs)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        // The primal; a column of the weights for each ray.
        let primal = 2.0 * (shapes.output.samples * shapes.output.units) as f64 * self.shape.inputs as f64;
        primal + shapes.output.series()
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, bias) = (call.constant(self.weight), call.optional(self.bias));
        cpu::linear_of_unit_rays(
            self.shape,
            weight,
            bias,
            call.unit_rays,
            call.inputs[0],
            &mut call.output,
            call.parallel,
        );
    }
}

/// Adjoint of [`Linear`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearAdjoint {
    /// Shape of the weight.
    pub shape: LinearShape,
    /// `[outputs, inputs]`.
    pub weight: ConstantId,
    /// Of the weight.
    pub exponent: Exponent,
}

impl Definition for LinearAdjoint {
    const NAME: &'static str = "linear_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        constants(self.shape, self.weight, None)
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// A power of the weight.
    fn scratch(&self, shapes: &Shapes) -> usize {
        let LinearShape { inputs, outputs } = self.shape;
        let rows = shapes.inputs[0].rows(1) * shapes.inputs[0].units / outputs;
        inputs * outputs + packing::elements(rows, outputs, inputs)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.inputs[0].len() as f64 * self.shape.inputs as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, add) = (call.constant(self.weight), call.accumulate);
        let (z, parallel) = (call.inputs[0], call.parallel);
        cpu::linear_adjoint(self.shape, weight, self.exponent, z, &mut call.output, add, parallel);
    }
}

fn constants(shape: LinearShape, weight: ConstantId, bias: Option<ConstantId>) -> Vec<Constant> {
    [Constant::by_rows(weight, shape)].into_iter().chain(bias.map(Constant::whole)).collect()
}
