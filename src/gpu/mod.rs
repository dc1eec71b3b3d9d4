//! The GPU executor: runs a plan's kernels as compute shaders on any adapter that `wgpu` finds.
//!
//! [`Engine`] holds a device with its compiled pipelines; it takes the caller's `Device` and `Queue` or opens its own.
//! A plan becomes a [`Program`]: buffers, bind groups and dispatches for chunks of one size, which records into
//! any command encoder without waiting or mapping. wgpu appears nowhere but in this folder.

mod adapter;
mod backend;
#[cfg(feature = "bench")]
mod bench;
mod combine;
mod engine;
mod executor;
mod faults;
mod polynomial;
mod prepared;
mod profile;
mod program;
mod readback;
mod shader;
mod tiling;
mod unroll;
mod variants;

pub use adapter::{AdapterSummary, Choice, adapters};
pub use engine::Engine;
pub use executor::GpuExecutor;
#[doc(hidden)]
pub use faults::{Fault, Faults};
pub use polynomial::PreparedPolynomial;
pub use prepared::Prepared;
pub use program::{Program, Weights};
pub use shader::SourceError;
pub use unroll::{Place, Problem, UnrollError};
pub use variants::{Variant, variants};
pub use wgpu;

pub use crate::kernel::dispatch::{MAX_ORDER, Tiling};
