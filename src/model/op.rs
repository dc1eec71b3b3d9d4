//! The primitive operators.

use super::Weights;
use crate::activation::Activation;
use crate::geometry::{MatMulShape, Pool, Strided, Window};

/// What a node computes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Op {
    /// The network's input.
    Input,
    /// Matrix product over the last axis.
    Linear(Linear),
    /// Convolution in two dimensions (one: the first has size 1).
    Conv(Conv),
    /// Mean over windows.
    AveragePool(Pool),
    /// Maximum over windows.
    MaxPool(Pool),
    /// An elementwise function.
    Elementwise(Activation),
    /// Multiplication by and addition of constants, unit by unit.
    Affine(Affine),
    /// Sum of two values of the same shape.
    Add,
    /// Elementwise product of two values of the same shape.
    Multiply,
    /// Elementwise quotient of two values of the same shape.
    Divide,
    /// Of three values of the same shape: the second where the first one is positive, the third where it is negative.
    Select {
        /// Whether 0 counts as positive.
        at_zero: bool,
    },
    /// Matrix products of two values, one for each group.
    MatMul(MatMulShape),
    /// The same units under another shape.
    Reshape,
    /// Re-indexing, padding, or sum over axes.
    Strided(Strided),
    /// Values one after the other along an axis; each part says where it goes.
    Concat(Vec<Strided>),
    /// Softmax over the last axis, or its logarithm.
    Softmax {
        /// Log-softmax instead.
        log: bool,
    },
    /// Layer normalisation over the last axis, without scale and shift: `(x - mean) / sqrt(var + ε)`.
    Normalize {
        /// Added to the variance.
        epsilon: f64,
    },
}

impl Op {
    /// Number of weights, biases included.
    pub fn parameters(&self) -> usize {
        let count = |weights: &Option<Weights>| weights.as_ref().map_or(0, |w| w.len());
        match self {
            Self::Linear(linear) => linear.weight.len() + count(&linear.bias),
            Self::Conv(conv) => conv.weight.len() + count(&conv.bias),
            Self::Affine(affine) => {
                let each = |v: &Option<PerUnit>| v.as_ref().map_or(0, |v| v.values.len());
                each(&affine.scale) + each(&affine.shift)
            }
            _ => 0,
        }
    }

    /// Whether every output is an affine function of the inputs.
    pub fn is_affine(&self) -> bool {
        match self {
            Self::Input
            | Self::Linear(_)
            | Self::Conv(_)
            | Self::AveragePool(_)
            | Self::Affine(_)
            | Self::Add
            | Self::Reshape
            | Self::Strided(_)
            | Self::Concat(_) => true,
            Self::MaxPool(_)
            | Self::Elementwise(_)
            | Self::Multiply
            | Self::Divide
            | Self::Select { .. }
            | Self::MatMul(_)
            | Self::Softmax { .. }
            | Self::Normalize { .. } => false,
        }
    }

    /// Whether it only moves units: reshaping, permuting, slicing, padding.
    pub fn is_layout(&self) -> bool {
        match self {
            Self::Reshape => true,
            Self::Strided(strided) => strided.is_selection(),
            _ => false,
        }
    }
}

/// `y = x Wᵀ + b` over the last axis of x; earlier axes are positions.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Row-major `[outputs, inputs]`.
    pub weight: Weights,
    /// One per output.
    pub bias: Option<Weights>,
    /// Size of x's last axis.
    pub inputs: usize,
    /// Size of y's last axis.
    pub outputs: usize,
}

/// Grouped convolution (cross-correlation, as everywhere in deep learning).
#[derive(Clone, Debug)]
pub struct Conv {
    /// Row-major `[out_channels, in_channels / groups, kernel height, kernel width]`.
    pub weight: Weights,
    /// One per output channel.
    pub bias: Option<Weights>,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Number of groups.
    pub groups: usize,
    /// Where the kernel goes.
    pub window: Window,
}

/// `y = scale ∘ x + shift`.
#[derive(Clone, Debug, Default)]
pub struct Affine {
    /// Factors; none means 1.
    pub scale: Option<PerUnit>,
    /// Summands; none means 0.
    pub shift: Option<PerUnit>,
}

/// A constant for each unit, stored once where it repeats: unit u has `values[(u / inner) % values.len()]`.
#[derive(Clone, Debug)]
pub struct PerUnit {
    /// The distinct runs.
    pub values: Weights,
    /// Number of neighbouring units that share a value.
    pub inner: usize,
}

impl PerUnit {
    /// The same number for all units.
    pub fn scalar(value: f64) -> Self {
        Self { values: [value].into(), inner: 1 }
    }

    /// The constant of a unit.
    #[inline(always)]
    pub fn at(&self, unit: usize) -> f64 {
        self.values[(unit / self.inner) % self.values.len()]
    }
}
