//! The primitive operators.

use super::Weights;
use crate::activation::Activation;

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

/// Pooling, channel by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Number of channels.
    pub channels: usize,
    /// The windows.
    pub window: Window,
    /// Average pooling: padding counts into the mean. (What a last window in ceil mode hangs over never does.)
    pub count_include_pad: bool,
}

/// Geometry of a sliding window in two dimensions, `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Image size.
    pub input: [usize; 2],
    /// Number of positions.
    pub output: [usize; 2],
    /// Window size.
    pub kernel: [usize; 2],
    /// Steps between positions.
    pub stride: [usize; 2],
    /// Steps between the window's cells.
    pub dilation: [usize; 2],
    /// Padding before the image.
    pub pad_begin: [usize; 2],
    /// Padding after the image; what lies beyond is no padding but overhang of ceil mode.
    pub pad_end: [usize; 2],
}

impl Window {
    /// Pixels of the image.
    pub fn input_size(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Number of positions.
    pub fn output_size(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Cells of the window.
    pub fn kernel_size(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Image coordinate along `axis` of cell `k` of the window at position `o`, if inside the image.
    #[inline(always)]
    pub fn source(&self, axis: usize, o: usize, k: usize) -> Option<usize> {
        (o * self.stride[axis] + k * self.dilation[axis])
            .checked_sub(self.pad_begin[axis])
            .filter(|&i| i < self.input[axis])
    }

    /// Positions along `axis` at which cell `k` of the window lies inside the image: a range.
    pub fn inside(&self, axis: usize, k: usize) -> std::ops::Range<usize> {
        let (shift, stride) = (k * self.dilation[axis], self.stride[axis]);
        let begin = self.pad_begin[axis].saturating_sub(shift).div_ceil(stride);
        let reach = (self.input[axis] + self.pad_begin[axis]).saturating_sub(shift);
        let end = reach.div_ceil(stride).min(self.output[axis]);
        begin..end.max(begin)
    }

    /// Whether some cell of some position lies outside the image.
    pub fn reaches_outside(&self) -> bool {
        (0..2).any(|axis| (0..self.kernel[axis]).any(|k| self.inside(axis, k).len() < self.output[axis]))
    }

    /// Number of cells that count into a mean along `axis` at position `o`.
    pub fn counted(&self, axis: usize, o: usize, include_pad: bool) -> usize {
        let end = self.input[axis] + self.pad_begin[axis] + if include_pad { self.pad_end[axis] } else { 0 };
        let begin = if include_pad { 0 } else { self.pad_begin[axis] };
        (0..self.kernel[axis])
            .map(|k| o * self.stride[axis] + k * self.dilation[axis])
            .filter(|i| (begin..end).contains(i))
            .count()
    }

    /// Whether no pixel lies in two windows.
    pub fn is_disjoint(&self) -> bool {
        (0..2).all(|axis| {
            let extent = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            self.output[axis] == 1 || extent <= self.stride[axis] || self.kernel[axis] == 1
        })
    }
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

/// A copy between strided views: for every index tuple, `y[output_offset + Σ i·output] += scale · x[input_offset + Σ i·input]`.
///
/// One form for permutation, slicing, reversal, padding, broadcasting (input stride 0) and sums over axes
/// (output stride 0). Exchanging the roles of input and output gives the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Strided {
    /// The index ranges.
    pub dims: Vec<StridedDim>,
    /// First unit read.
    pub input_offset: usize,
    /// First unit written.
    pub output_offset: usize,
    /// Factor.
    pub scale: f64,
    /// Value of the units that nothing is copied to.
    pub fill: f64,
}

/// One index range of a [`Strided`] copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StridedDim {
    /// Number of steps.
    pub size: usize,
    /// Units between steps in the input.
    pub input: isize,
    /// Units between steps in the output.
    pub output: isize,
}

impl Strided {
    /// Whether no output sums or repeats inputs and none is scaled: each input goes to one output at most.
    pub fn is_selection(&self) -> bool {
        self.scale == 1.0 && !self.is_sum() && self.dims.iter().all(|d| d.input != 0 || d.size == 1)
    }

    /// Whether outputs sum several inputs.
    pub fn is_sum(&self) -> bool {
        self.dims.iter().any(|d| d.output == 0 && d.size > 1)
    }

    /// Number of copied units.
    pub fn count(&self) -> usize {
        self.dims.iter().map(|d| d.size).product()
    }

    /// The transposed linear map.
    pub fn adjoint(&self) -> Self {
        Self {
            dims: self
                .dims
                .iter()
                .map(|d| StridedDim { size: d.size, input: d.output, output: d.input })
                .collect(),
            input_offset: self.output_offset,
            output_offset: self.input_offset,
            scale: self.scale,
            fill: 0.0,
        }
    }
}
