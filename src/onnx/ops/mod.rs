//! ONNX's operators, each lowered to the model's primitive ones.
//!
//! To add one: write its file, add it to the list below, and make a model that has it: docs/adding.md.

use super::node::Node;
use super::values::{Importer, Value};
use crate::activation::Activation;
use crate::error::Result;

mod along;
mod lookup;
pub mod ml;
mod volume;
mod window;

/// What the files of this folder use.
mod prelude {
    pub(super) use super::super::fold::Binary;
    pub(super) use super::super::node::Node;
    pub(super) use super::super::shape::{Batch, count, joint};
    pub(super) use super::super::tensor::{Data, Kind, Tensor, kind, range};
    pub(super) use super::super::values::{Importer, Value};
    pub(super) use crate::error::Result;
}

/// Lowers a node: one value for each of its outputs.
type Lower = fn(&Node, &mut Importer) -> Result<Vec<Value>>;

macro_rules! operators {
    ($($module:ident { $($name:ident => $lower:ident),* $(,)? })*) => {
        $(mod $module;)*

        /// Names of all operators of the list.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($(stringify!($name)),*),*];

        fn find(operator: &str) -> Option<Lower> {
            match operator {
                $($(stringify!($name) => Some($module::$lower),)*)*
                _ => None,
            }
        }
    };
}

operators! {
    arithmetic { Add => add, Sub => sub, Mul => mul, Div => div, Pow => pow, Sum => sum, Mean => mean, Neg => neg }
    attention { Attention => attention, RotaryEmbedding => rotary }
    batch_normalization { BatchNormalization => lower }
    cast { Cast => cast, CastLike => cast_like }
    clip { Clip => clip, Max => max, Min => min }
    compare {
        Equal => equal, Greater => greater, GreaterOrEqual => greater_or_equal, Less => less,
        LessOrEqual => less_or_equal, And => and, Or => or, Xor => xor, Not => not, Where => select, Sign => sign,
        ThresholdedRelu => thresholded_relu, Shrink => shrink,
    }
    col2im { Col2Im => lower }
    concat { Concat => lower }
    constant { Constant => constant, ConstantOfShape => of_shape, Range => range, Shape => shape, Size => size }
    conv { Conv => lower }
    conv_transpose { ConvTranspose => lower }
    cumsum { CumSum => sums, CumProd => products }
    einsum { Einsum => lower }
    expand { Expand => expand, Tile => tile }
    folded {
        OneHot => one_hot, NonZero => non_zero, IsNaN => is_nan, IsInf => is_inf, EyeLike => eye_like,
    }
    fourier { DFT => dft, STFT => stft }
    gather { Gather => lower, GatherElements => gather_elements, GatherND => gather_nd, Compress => compress }
    gelu { Gelu => lower }
    gemm { Gemm => lower }
    identity { Identity => identity, Dropout => dropout }
    layer_normalization { LayerNormalization => lower }
    losses { NegativeLogLikelihoodLoss => negative_log_likelihood, SoftmaxCrossEntropyLoss => softmax_cross_entropy }
    matmul { MatMul => lower }
    normalization {
        InstanceNormalization => instance, GroupNormalization => group, MeanVarianceNormalization => mean_variance,
        LpNormalization => lp, RMSNormalization => root_mean_square, LRN => local_response,
    }
    pad { Pad => lower, CenterCropPad => center }
    pool {
        AveragePool => average, MaxPool => max, GlobalAveragePool => global_average, GlobalMaxPool => global_max,
        LpPool => norm, GlobalLpPool => global_norm,
    }
    prelu { PRelu => lower }
    quantized {
        DequantizeLinear => dequantize, QuantizeLinear => quantize, DynamicQuantizeLinear => dynamic,
        MatMulInteger => matmul_integer, QLinearMatMul => matmul_linear, ConvInteger => conv_integer, QLinearConv => conv_linear,
    }
    ranking { ArgMax => arg_max, ArgMin => arg_min, Hardmax => hardmax, TopK => top_k }
    recurrent { RNN => rnn, GRU => gru, LSTM => lstm }
    reduce {
        ReduceMean => mean, ReduceSum => sum, ReduceProd => product, ReduceMax => max, ReduceMin => min, ReduceL1 => l1,
        ReduceL2 => l2, ReduceSumSquare => sum_square, ReduceLogSum => log_sum, ReduceLogSumExp => log_sum_exp,
    }
    reshape { Reshape => reshape, Flatten => flatten, Squeeze => squeeze, Unsqueeze => unsqueeze }
    resize { Resize => resize, Upsample => upsample }
    reverse_sequence { ReverseSequence => lower }
    rounding { Floor => floor, Ceil => ceil, Round => round, Mod => modulo }
    scatter { Scatter => scatter_elements, ScatterElements => scatter_elements, ScatterND => scatter_nd }
    sequence {
        SequenceEmpty => empty, SequenceConstruct => construct, SequenceInsert => insert, SequenceErase => erase,
        SequenceAt => at, SequenceLength => length, ConcatFromSequence => concat, SplitToSequence => split,
    }
    slice { Slice => lower }
    softmax { Softmax => softmax, LogSoftmax => log_softmax }
    space { DepthToSpace => depth_to_space, SpaceToDepth => space_to_depth }
    split { Split => lower }
    swish { Swish => swish, SwiGLU => gated }
    transpose { Transpose => lower }
    trilu { Trilu => lower }
    warp { GridSample => grid_sample, AffineGrid => affine_grid }
}

/// What is said of an operator that there is none of here.
pub const UNSUPPORTED: &str = "this operator is not supported: replace it in the model by supported ones, or cut the model off before it with --output-name";

/// Whether there is such an operator.
pub fn is_known(domain: &str, operator: &str) -> bool {
    match domain {
        "" | "ai.onnx" => find(operator).is_some() || Activation::from_onnx(operator, |_| None).is_some(),
        ml::DOMAIN => ml::is_known(operator),
        _ => false,
    }
}

/// Lowers any supported node, and checks that all of it was understood.
pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let values = match find(&node.op) {
        Some(lower) => lower(node, importer)?,
        None => vec![elementwise(node, importer)?],
    };
    node.check_all_read(values.len())?;
    Ok(values)
}

/// An operator that is one of the activations, found by its name there.
fn elementwise(node: &Node, importer: &mut Importer) -> Result<Value> {
    let mut failed = Ok(());
    let function = Activation::from_onnx(&node.op, |name| match node.float(name) {
        Ok(value) => value,
        Err(error) => {
            failed = Err(error);
            None
        }
    });
    failed?;
    match function {
        Some(function) => importer.activation(node.value(0)?, function),
        None => node.fail(UNSUPPORTED),
    }
}

#[cfg(test)]
mod tests;
