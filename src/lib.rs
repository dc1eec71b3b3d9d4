//! High-order Taylor polynomials of trained neural networks.
//!
//! A [`model::Model`] comes from an ONNX file or a builder, a [`Request`] says what to compute, and [`expand`] computes
//! it: normalised Taylor coefficients `c[k] = (1/k!) d^k y / dt^k` of every selected output at every point,
//! along every input, along given directions, or all mixed ones.
//!
//! ```
//! use hope::model::Model;
//! use hope::onnx::ImportOptions;
//! use hope::{Method, Request, expand};
//!
//! let model = Model::from_onnx("examples/mnist/mnist_mlp1_sigmoid.onnx", &ImportOptions::default())?;
//! let point = vec![0.5; model.inputs()];
//!
//! let exact = expand(&model, &Request::new(point.clone(), 3))?;
//! assert_eq!(exact.unmixed()?.dim(), (1, 10, 3, 784)); // points, outputs, orders, inputs
//!
//! // The published rule of HOPE is offered by name; every result says whether it is exact, and why.
//! let rule = expand(&model, &Request { method: Method::Hope, ..Request::new(point, 3) })?;
//! assert!(rule.report.certificate.exact, "one hidden layer: {}", rule.report.certificate.reason);
//! # Ok::<(), hope::Error>(())
//! ```
//!
//! # Shape of the code
//! One direction of knowledge: [`onnx`] → [`model`] → [`plan`] → a [`backend`] ([`cpu`], `gpu`) → the expansion → [`polynomial`] →
//! applications ([`attribution`], [`discovery`], [`surrogate`], [`trust`]). A plan is plain data, a list of calls of [`kernel`]s over numbered values; kernels know
//! neither plans nor devices. ARCHITECTURE.md has the map and what must never be; docs/adding.md walks through adding an
//! activation, an operator, a kernel, a command, a format and a backend, and says what fails if a step is forgotten.

pub mod activation;
pub mod attribution;
pub mod backend;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod certificate;
pub mod certify;
#[doc(hidden)]
pub mod cpu;
pub mod discovery;
mod error;
mod expansion;
pub mod forward;
mod geometry;
#[cfg(feature = "gpu")]
pub mod gpu;
#[doc(hidden)]
pub mod interval;
#[doc(hidden)]
pub mod kernel;
#[doc(hidden)]
pub mod memory;
pub mod model;
#[doc(hidden)]
pub mod monomials;
#[cfg(feature = "files")]
#[doc(hidden)]
pub mod npy;
pub mod onnx;
mod packing;
#[cfg(feature = "plot")]
#[doc(hidden)]
pub mod picture;
pub mod plan;
pub mod polynomial;
pub mod property;
#[doc(hidden)]
pub mod random;
pub mod rays;
pub mod region;
#[doc(hidden)] // for the program, which reads files of its own in the same way
pub mod regular_file;
#[cfg(feature = "files")]
pub mod results;
mod rows;
#[doc(hidden)]
pub mod sampling;
#[doc(hidden)]
pub mod scalar;
#[doc(hidden)]
pub mod series;
pub mod surrogate;
#[cfg(any(feature = "files", feature = "plot"))]
#[doc(hidden)] // for the program, whose files come and go in the same way
pub mod temporary;
pub mod threads;
pub mod trust;

pub use backend::{Device, KernelTime};
pub use certificate::{Certificate, Kinks, TermKind};
pub use error::{Error, ErrorKind, Format, Result};
pub use expansion::{
    Batch, Coefficient, Cost, Expansion, Job, Largest, MixedCost, OnProgress, Operator, OperatorTerm,
    Passage, Prepared, Progress, Report, Request, Samples, Shortfall, Sink, Terms, Verification, expand,
    expand_async,
};
pub use plan::Method;
pub use polynomial::TaylorPolynomial;
pub use rows::{Number, Rows};
pub use scalar::Precision;

/// The arrays that points come from and coefficients are read as.
pub use ndarray;
