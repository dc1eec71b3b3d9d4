//! High-order Taylor polynomials of trained neural networks.

pub mod activation;
mod error;
pub mod memory;
mod certificate;
pub mod cpu;
mod expansion;
pub mod interpolation;
pub mod kernels;
pub mod model;
pub mod onnx;
pub mod plan;
pub mod rays;
pub mod scalar;
pub mod series;

pub use error::{Error, Result};
pub use certificate::{Certificate, Kinks, TermKind};
pub use expansion::{Batch, Expansion, Job, Largest, Precision, Progress, Report, Request, Sink, Terms, Verification, expand};
pub use plan::Method;
