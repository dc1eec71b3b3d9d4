//! Convolution, and its adjoints: with the weights, or with powers of them.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod pooled;

pub use cpu::{conv, conv_adjoint, pooled_conv_adjoint};
pub use pooled::Pooled;

use super::{Call, Constant, ConstantId, Definition, Exponent, Orders, Shapes};
use crate::geometry::Window;
use crate::scalar::Scalar;

/// Shape of a grouped convolution; the weight is `[out_channels, in_channels / groups, …kernel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Number of groups.
    pub groups: usize,
    /// Where the kernel goes.
    pub window: Window,
}

impl ConvShape {
    /// Products that make a unit of the output.
    pub fn depth(&self) -> usize {
        self.in_channels / self.groups * self.window.kernel_size()
    }

    /// Output channels of a group.
    pub fn group_outputs(&self) -> usize {
        self.out_channels / self.groups
    }
}

/// Convolution: `y = conv(x, W) + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Shape of the convolution.
    pub shape: ConvShape,
    /// `[out_channels, in_channels / groups, …kernel]`.
    pub weight: ConstantId,
    /// One per output channel.
    pub bias: Option<ConstantId>,
}

impl Definition for Conv {
    const NAME: &'static str = "conv";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        [self.weight].into_iter().chain(self.bias).map(Constant::whole).collect()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.shape.scratch()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.output.len() as f64 * self.shape.depth() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, bias) = (call.constant(self.weight), call.optional(self.bias));
        cpu::conv(&self.shape, weight, bias, call.inputs[0], &mut call.output, call.parallel);
    }
}

/// Adjoint of [`Conv`].
#[derive(Clone, Debug, PartialEq)]
pub struct ConvAdjoint {
    /// Shape of the convolution.
    pub shape: ConvShape,
    /// `[out_channels, in_channels / groups, …kernel]`.
    pub weight: ConstantId,
    /// Of the weight.
    pub exponent: Exponent,
}

impl Definition for ConvAdjoint {
    const NAME: &'static str = "conv_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        vec![Constant::whole(self.weight)]
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.shape.scratch()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.inputs[0].len() as f64 * self.shape.depth() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, add) = (call.constant(self.weight), call.accumulate);
        let (z, parallel) = (call.inputs[0], call.parallel);
        cpu::conv_adjoint(&self.shape, weight, self.exponent, z, &mut call.output, add, parallel);
    }
}

/// Adjoint of a convolution and the average pooling behind it by the published rule, in one: see [`Pooled`].
#[derive(Clone, Debug, PartialEq)]
pub struct PooledConvAdjoint {
    /// Shape of the convolution.
    pub shape: ConvShape,
    /// The pooling.
    pub pooled: Box<Pooled>,
    /// `[out_channels, in_channels / groups, …kernel]`.
    pub weight: ConstantId,
}

impl Definition for PooledConvAdjoint {
    const NAME: &'static str = "pooled_conv_adjoint";
    const PORTABLE: bool = false;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        vec![Constant::whole(self.weight)]
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.pooled.shape(&self.shape).scratch()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.inputs[0].len() as f64 * self.pooled.shape(&self.shape).depth() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (weight, add) = (call.constant(self.weight), call.accumulate);
        cpu::pooled_conv_adjoint(
            &self.shape,
            &self.pooled,
            weight,
            call.inputs[0],
            &mut call.output,
            add,
            call.parallel,
        );
    }
}
