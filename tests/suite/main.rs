//! All tests but those that run once per executor (`tests/devices`): one program, a module for each topic.
#![allow(clippy::unwrap_used)] // a test may panic

mod activations;
mod architecture;
mod arrays;
#[cfg(feature = "plot")] // reads a PNG
mod attribution;
#[cfg(feature = "bench")]
mod backend;
#[cfg(feature = "files")] // reads arrays and polynomials
mod bounded;
mod branches;
mod certify;
mod checkpoints;
mod choices;
#[cfg(feature = "cli")]
mod cli;
#[path = "../common/mod.rs"]
mod common;
mod discovery;
mod engine;
mod estimates;
mod fuzz;
mod gradients;
mod intervals;
mod kinks;
mod limits;
mod mixed;
mod numbers;
mod onnx_encode;
mod onnx_hostile;
mod onnx_import;
mod onnx_inputs;
mod operator;
#[cfg(feature = "plot")]
mod picture;
mod planning;
mod polynomial;
mod property;
mod quantised;
#[cfg(feature = "gpu")]
mod shaders;
mod shares;
mod smooth;
mod spectrum;
mod surrogate;
mod threads;
mod trust;
mod windows;
