//! The kernel calls of a plan. Each names a kernel of [`crate::kernels`] with its parameters.

use super::{ConstantId, Plan, Step};
use crate::activation::Activation;
use crate::kernels::conv::{ConvShape, Pooled};
use crate::kernels::linear::LinearShape;
use crate::kernels::reduction::Reduction;
use crate::kernels::windows::Windows;
use crate::model::{Pool, Strided};

/// A constant per unit: see [`crate::model::PerUnit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerUnitId {
    /// The distinct runs.
    pub values: ConstantId,
    /// Neighbouring units that share a value.
    pub inner: usize,
}

/// What a step computes. Adjoints belong to the published rule and take powers of the weights.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kernel {
    /// [`crate::kernels::linear::linear`].
    Linear {
        /// Shape of the weight.
        shape: LinearShape,
        /// `[outputs, inputs]`.
        weight: ConstantId,
        /// One per output.
        bias: Option<ConstantId>,
    },
    /// [`crate::kernels::linear::linear_of_unit_rays`].
    LinearOfUnitRays {
        /// Shape of the weight.
        shape: LinearShape,
        /// `[outputs, inputs]`.
        weight: ConstantId,
        /// One per output.
        bias: Option<ConstantId>,
    },
    /// [`crate::kernels::windows::windows`]; reads primal values. For CPUs.
    Windows {
        /// The layers.
        windows: Windows,
        /// Their weights.
        weights: Vec<ConstantId>,
    },
    /// [`crate::kernels::linear::linear_adjoint`].
    LinearAdjoint {
        /// Shape of the weight.
        shape: LinearShape,
        /// `[outputs, inputs]`.
        weight: ConstantId,
    },
    /// [`crate::kernels::conv::conv`].
    Conv {
        /// Shape of the convolution.
        shape: ConvShape,
        /// `[out_channels, in_channels / groups, …kernel]`.
        weight: ConstantId,
        /// One per output channel.
        bias: Option<ConstantId>,
    },
    /// [`crate::kernels::conv::conv_adjoint`].
    ConvAdjoint {
        /// Shape of the convolution.
        shape: ConvShape,
        /// `[out_channels, in_channels / groups, …kernel]`.
        weight: ConstantId,
    },
    /// [`crate::kernels::conv::pooled_conv_adjoint`]. For CPUs.
    PooledConvAdjoint {
        /// Shape of the convolution.
        shape: ConvShape,
        /// The pooling.
        pooled: Box<Pooled>,
        /// `[out_channels, in_channels / groups, …kernel]`.
        weight: ConstantId,
    },
    /// [`crate::kernels::pool::average_pool`].
    AveragePool(Pool),
    /// [`crate::kernels::pool::average_pool_adjoint`].
    AveragePoolAdjoint(Pool),
    /// [`crate::kernels::pool::max_pool`].
    MaxPool(Pool),
    /// [`crate::kernels::pool::max_pool_adjoint`]; reads the primal and the adjoint.
    MaxPoolAdjoint(Pool),
    /// [`crate::kernels::elementwise::compose`].
    Compose(Activation),
    /// [`crate::kernels::elementwise::bell`]; reads the primal and the adjoint.
    Bell(Activation),
    /// [`crate::kernels::arithmetic::affine`].
    Affine {
        /// Factors.
        scale: Option<PerUnitId>,
        /// Summands.
        shift: Option<PerUnitId>,
    },
    /// [`crate::kernels::arithmetic::affine_adjoint`].
    AffineAdjoint {
        /// Factors.
        scale: Option<PerUnitId>,
    },
    /// [`crate::kernels::arithmetic::copy`].
    Copy,
    /// [`crate::kernels::arithmetic::multiply`].
    Multiply,
    /// [`crate::kernels::arithmetic::divide`].
    Divide,
    /// [`crate::kernels::strided::strided`].
    Strided {
        /// The copy.
        copy: Strided,
        /// Whether to fill the output first.
        fill: bool,
    },
    /// [`crate::kernels::strided::strided_adjoint`].
    StridedAdjoint(Strided),
    /// [`crate::kernels::reduction::reduce`].
    Reduce {
        /// Which.
        reduction: Reduction,
        /// Size of the last axis.
        axis: usize,
    },
}

impl Kernel {
    /// Whether it reads a constant: `Some(None)`, or its shape where it is the weight of a linear layer.
    #[cfg(feature = "gpu")]
    pub(crate) fn shape_of(&self, id: ConstantId) -> Option<Option<LinearShape>> {
        let per_unit = |c: &Option<PerUnitId>| c.is_some_and(|c| c.values == id);
        match self {
            Self::Linear { shape, weight, .. }
            | Self::LinearOfUnitRays { shape, weight, .. }
            | Self::LinearAdjoint { shape, weight }
                if *weight == id =>
            {
                Some(Some(*shape))
            }
            Self::Linear { bias, .. } | Self::LinearOfUnitRays { bias, .. } => {
                (*bias == Some(id)).then_some(None)
            }
            Self::Conv { weight, bias, .. } => (*weight == id || *bias == Some(id)).then_some(None),
            Self::ConvAdjoint { weight, .. } => (*weight == id).then_some(None),
            Self::Affine { scale, shift } => (per_unit(scale) || per_unit(shift)).then_some(None),
            Self::AffineAdjoint { scale } => per_unit(scale).then_some(None),
            _ => None,
        }
    }

    /// Name for people, as timings of GPUs say it, too.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Linear { .. } => "linear",
            Self::LinearOfUnitRays { .. } => "linear_of_unit_rays",
            Self::LinearAdjoint { .. } => "linear_adjoint",
            Self::Conv { .. } => "conv",
            Self::ConvAdjoint { .. } => "conv_adjoint",
            Self::PooledConvAdjoint { .. } => "pooled_conv_adjoint",
            Self::Windows { .. } => "windows",
            Self::AveragePool(_) => "average_pool",
            Self::AveragePoolAdjoint(_) => "average_pool_adjoint",
            Self::MaxPool(_) => "max_pool",
            Self::MaxPoolAdjoint(_) => "max_pool_adjoint",
            Self::Compose(function) => return format!("compose {}", function.name()),
            Self::Bell(function) => return format!("bell {}", function.name()),
            Self::Affine { .. } => "affine",
            Self::AffineAdjoint { .. } => "affine_adjoint",
            Self::Copy => "copy",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::Strided { .. } => "strided",
            Self::StridedAdjoint(_) => "strided_adjoint",
            Self::Reduce { .. } => "reduce",
        };
        name.into()
    }

    /// Whether every executor has it.
    pub fn is_portable(&self) -> bool {
        !matches!(self, Self::Windows { .. } | Self::PooledConvAdjoint { .. })
    }

    /// Elements of scratch for a chunk, about.
    pub(super) fn scratch(&self, plan: &Plan, step: &Step, samples: usize, lanes: usize) -> u64 {
        let output = plan.values[step.output.0];
        let elements = match self {
            Self::Conv { shape, .. } | Self::ConvAdjoint { shape, .. } => shape.scratch(),
            Self::PooledConvAdjoint { shape, pooled, .. } => pooled.shape(shape).scratch(),
            Self::LinearAdjoint { shape, .. } => shape.inputs * shape.outputs,
            Self::Windows { windows, .. } => windows.scratch(samples, lanes),
            Self::AffineAdjoint { .. } => samples * lanes * output.units,
            Self::Reduce { axis, .. } => 3 * axis * (output.degree + 1),
            Self::MaxPool(_) | Self::MaxPoolAdjoint(_) => output.units,
            _ => 0,
        };
        elements as u64
    }

    /// Turns of loops that an invocation of its shader takes at the most, about.
    #[cfg(feature = "gpu")]
    pub(crate) fn turns(&self, plan: &Plan, step: &Step) -> usize {
        let degree = plan.values[step.output.0].degree;
        // The depth of a product one by one, and in strips of 16; its numbers in eighths.
        let tiled = |depth: usize| depth + depth.div_ceil(16) + 8;
        let depth = |shape: &ConvShape, channels: usize| channels / shape.groups * shape.window.kernel_size();
        match self {
            Self::Linear { shape, .. } | Self::LinearOfUnitRays { shape, .. } => tiled(shape.inputs),
            Self::LinearAdjoint { shape, .. } => tiled(shape.outputs),
            Self::Conv { shape, .. } => tiled(depth(shape, shape.in_channels)),
            Self::ConvAdjoint { shape, .. } => tiled(depth(shape, shape.out_channels)),
            Self::AveragePool(pool) | Self::MaxPool(pool) => pool.window.kernel_size() * (degree + 1),
            Self::Strided { copy, .. } => {
                copy.dims.iter().filter(|d| d.output == 0).map(|d| d.size).product()
            }
            // Means for each order, and three passes over the units. Loops over orders are unrolled.
            Self::Reduce { axis, .. } => axis * (degree + 4),
            _ => degree * degree * degree,
        }
    }

    /// Multiplications and additions for a chunk, about.
    pub(crate) fn flops(&self, plan: &Plan, step: &Step, samples: usize, lanes: usize) -> f64 {
        let layout = |i: usize| plan.layout(step.inputs[i], samples, lanes);
        let output = plan.layout(step.output, samples, lanes);
        let (series, degree) = ((output.samples * output.lanes * output.units) as f64, output.degree as f64);
        match self {
            Self::Linear { shape, .. } => 2.0 * output.len() as f64 * shape.inputs as f64,
            Self::LinearOfUnitRays { shape, .. } => 2.0 * (samples * output.units * shape.inputs) as f64,
            Self::Windows { windows, .. } => windows.flops(samples, lanes),
            Self::LinearAdjoint { shape, .. } => 2.0 * layout(0).len() as f64 * shape.inputs as f64,
            Self::Conv { shape, .. } => {
                let depth = shape.in_channels / shape.groups * shape.window.kernel_size();
                2.0 * output.len() as f64 * depth as f64
            }
            Self::ConvAdjoint { shape, .. } => {
                let depth = shape.in_channels / shape.groups * shape.window.kernel_size();
                2.0 * layout(0).len() as f64 * depth as f64
            }
            Self::PooledConvAdjoint { shape, pooled, .. } => {
                let depth = shape.in_channels / shape.groups * pooled.window.kernel_size();
                2.0 * layout(0).len() as f64 * depth as f64
            }
            Self::AveragePool(pool) => output.len() as f64 * pool.window.kernel_size() as f64,
            Self::AveragePoolAdjoint(pool) => 2.0 * layout(0).len() as f64 * pool.window.kernel_size() as f64,
            // Horner's stage j multiplies series of n - j orders.
            Self::Compose(_) if layout(0).degree > 1 => {
                series * degree * (degree + 1.0) * (degree + 2.0) / 3.0
            }
            Self::Bell(_) if layout(1).degree > 1 => series * degree * (degree + 1.0),
            Self::Multiply | Self::Divide | Self::Reduce { .. } => series * degree * degree,
            Self::Strided { copy, .. } => (copy.count() * output.total_rows()) as f64,
            _ => output.len() as f64,
        }
    }
}
