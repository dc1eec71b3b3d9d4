//! The kernels: what a plan is made of.
//!
//! A kernel computes one value from others. It has one home, a folder of this module that holds its family:
//!
//! | file | what it has |
//! |---|---|
//! | `mod.rs` | what it is: a struct of plain data (shape, numbers of its constants) that implements [`Definition`] |
//! | `cpu.rs` | the reference: a pure function on slices, generic over `f32` and `f64`, with the rule and its source |
//! | `gpu.rs` | its dispatches: shader, parameters and constants by name, grid (`dispatch::OnGpu`) |
//! | `cases.rs` | its table of test cases with their tolerances, compiled by `tests/devices/kernels` |
//! | `shaders/NAME.wgsl` | the shader |
//!
//! and one line in the list below, from which the enum, names, costs and all delegation follow: executors, `hope bench`, printed plans
//! and tests know no kernel. A kernel knows neither plans nor models nor devices.
//!
//! The life of a call: a plan's step holds a [`Kernel`]. The plan asks it for scratch and operations, given [`Shapes`] of a chunk.
//! The CPU executor hands it a [`Call`] with views of the buffers; a GPU's asks for its dispatches once for each size of chunk and
//! records them.

pub mod arithmetic;
mod call;
pub mod collapsed;
pub mod conv;
#[cfg(feature = "gpu")]
#[doc(hidden)]
pub mod dispatch;
pub mod elementwise;
mod kink;
mod layout;
pub mod linear;
pub mod matmul;
pub mod multivariate;
pub mod pool;
mod powers;
mod product;
pub mod reduction;
pub mod select;
pub mod strided;
pub mod windows;

use std::borrow::Cow;

pub use call::{Call, Constant, ConstantId, Constants, Definition, Orders, PerUnitId, Shapes, UnitRays};
pub use kink::{Kink, Side};
pub use layout::{Layout, Series, SeriesMut};
pub use powers::Exponent;

use crate::scalar::Scalar;

/// Makes [`Kernel`] and its delegation from the list of kernels.
macro_rules! kernels {
    ($($(#[$doc:meta])* $module:ident :: $name:ident),* $(,)?) => {
        /// What a step of a plan computes. Adjoints of linear operators serve the exact method and the published rule: see [`Exponent`].
        #[derive(Clone, Debug, PartialEq)]
        pub enum Kernel {
            $($(#[$doc])* $name($module::$name)),*
        }

        $(impl From<$module::$name> for Kernel {
            fn from(kernel: $module::$name) -> Self {
                Self::$name(kernel)
            }
        })*

        impl Kernel {
            /// Names of all kernels.
            pub const NAMES: &'static [&'static str] = &[$($module::$name::NAME),*];

            /// The name in the list.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $module::$name::NAME),* }
            }

            /// Whether every backend has it.
            pub fn is_portable(&self) -> bool {
                match self { $(Self::$name(_) => $module::$name::PORTABLE),* }
            }

            /// The function that it applies, where it has a choice of them.
            pub fn function(&self) -> Option<&'static str> {
                match self { $(Self::$name(kernel) => kernel.function()),* }
            }

            /// The constants that it reads.
            pub fn constants(&self) -> Vec<Constant> {
                match self { $(Self::$name(kernel) => kernel.constants()),* }
            }

            /// What it reads of an input.
            pub fn reads(&self, input: usize) -> Orders {
                match self { $(Self::$name(kernel) => kernel.reads(input)),* }
            }

            /// Elements of scratch that a call takes on a CPU, about.
            pub fn scratch(&self, shapes: &Shapes) -> usize {
                match self { $(Self::$name(kernel) => kernel.scratch(shapes)),* }
            }

            /// Multiplications and additions of a call, about.
            pub fn flops(&self, shapes: &Shapes) -> f64 {
                match self { $(Self::$name(kernel) => kernel.flops(shapes)),* }
            }

            /// Computes it, on a CPU.
            pub fn run<T: Scalar>(&self, call: &mut Call<T>) {
                match self { $(Self::$name(kernel) => kernel.run(call)),* }
            }
        }

        #[cfg(feature = "gpu")]
        mod on_gpu {
            use super::*;
            use super::dispatch::{Dispatch, File, GpuCall, OnGpu, Unsupported};

            impl Kernel {
                /// The shader files of all kernels; some share one.
                pub(crate) const FILES: &'static [&'static [&'static File]] = &[$($module::$name::FILES),*];

                /// Turns of loops that an invocation of its shaders takes at the most, about.
                pub(crate) fn turns(&self, shapes: &Shapes) -> usize {
                    match self { $(Self::$name(kernel) => kernel.turns(shapes)),* }
                }

                /// Whether its shaders can compute it.
                pub(crate) fn supported(&self) -> Result<(), Unsupported> {
                    match self { $(Self::$name(kernel) => kernel.supported()),* }
                }

                /// The dispatches that compute it, if it is supported.
                #[doc(hidden)]
                pub fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
                    match self { $(Self::$name(kernel) => kernel.dispatches(call)),* }
                }
            }
        }
    };
}

kernels! {
    /// `y = x Wᵀ + b`.
    linear::Linear,
    /// The same for rays along the inputs' unit vectors.
    linear::LinearOfUnitRays,
    /// Adjoint of [`Self::Linear`].
    linear::LinearAdjoint,
    /// The first layers of a convolutional network, for rays along unit vectors. For CPUs.
    windows::Windowed,
    /// Convolution.
    conv::Conv,
    /// Adjoint of [`Self::Conv`].
    conv::ConvAdjoint,
    /// Adjoint of a convolution and the average pooling behind it. For CPUs.
    conv::PooledConvAdjoint,
    /// Mean over windows.
    pool::AveragePool,
    /// Adjoint of [`Self::AveragePool`].
    pool::AveragePoolAdjoint,
    /// Maximum over windows.
    pool::MaxPool,
    /// Adjoint of [`Self::MaxPool`].
    pool::MaxPoolAdjoint,
    /// An elementwise function of series.
    elementwise::Compose,
    /// Adjoint of [`Self::Compose`] in the published rule: Bell-polynomial matrices.
    elementwise::Bell,
    /// Adjoint of [`Self::Compose`] in the exact method.
    elementwise::ComposeAdjoint,
    /// Multiplication by and addition of constants.
    arithmetic::Affine,
    /// Adjoint of [`Self::Affine`].
    arithmetic::AffineAdjoint,
    /// The same numbers, or their sum with those that are there.
    arithmetic::Copy,
    /// Product of two series.
    arithmetic::Multiply,
    /// Quotient of two series.
    arithmetic::Divide,
    /// Adjoint of [`Self::Multiply`].
    arithmetic::MultiplyAdjoint,
    /// Adjoint of [`Self::Divide`] with respect to the numerator.
    arithmetic::DivideAdjoint,
    /// Matrix products of two values.
    matmul::MatMul,
    /// Adjoint of [`Self::MatMul`].
    matmul::MatMulAdjoint,
    /// Permuting, slicing, padding, joining, broadcasting, sums over axes.
    strided::StridedCopy,
    /// Adjoint of [`Self::StridedCopy`].
    strided::StridedAdjoint,
    /// Softmax, log-softmax, layer normalisation.
    reduction::Reduce,
    /// Adjoint of [`Self::Reduce`].
    reduction::ReduceAdjoint,
    /// One of two values, by the sign of a third: where it is this one.
    select::Select,
    /// Adjoint of [`Self::Select`].
    select::SelectAdjoint,
    /// An elementwise function of series in several variables.
    multivariate::ComposeMixed,
    /// Product of two of them.
    multivariate::MultiplyMixed,
    /// Quotient of two of them.
    multivariate::DivideMixed,
    /// Maximum over windows of them.
    multivariate::MaxPoolMixed,
    /// Differences from the largest of each group.
    multivariate::Relative,
    /// A nonlinear kernel on sums over rays. For CPUs.
    collapsed::Collapsed,
}

impl Kernel {
    /// Name for people: the kernel, and the function that it applies.
    pub fn name(&self) -> Cow<'static, str> {
        match self.function() {
            Some(function) => format!("{} {function}", self.kind()).into(),
            None => self.kind().into(),
        }
    }
}
