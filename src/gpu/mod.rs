//! The GPU executor: runs a plan's kernels as compute shaders on any adapter that `wgpu` finds.
//!
//! [`Engine`] holds a device with its compiled pipelines; it takes the caller's `Device` and `Queue` or opens its own.
//! A plan becomes a [`Program`]: buffers, bind groups and dispatches for chunks of one size, which records into
//! any command encoder without waiting or mapping. wgpu appears nowhere but in this folder.

mod adapter;
#[cfg(feature = "bench")]
mod bench;
mod combine;
mod dispatch;
mod engine;
mod executor;
mod forward;
mod polynomial;
mod prepared;
mod profile;
mod program;
mod readback;
mod resilient;
mod shader;
mod tiling;
mod unroll;

pub use adapter::{AdapterSummary, Choice, adapters};
#[cfg(feature = "bench")]
pub(crate) use bench::{GpuPeaks, GpuStep, PeakKernel};
pub use engine::Engine;
pub use executor::GpuExecutor;
pub use forward::GpuForward;
pub use polynomial::PreparedPolynomial;
pub use prepared::Prepared;
pub use program::{Program, Weights};
pub use resilient::ResilientExecutor;
pub use shader::{SourceError, Variant, variants};
pub use tiling::Tiling;
pub use unroll::{Place, Problem, UnrollError};
pub use wgpu;

/// Highest order that the shaders compute.
pub const MAX_ORDER: usize = 16;
