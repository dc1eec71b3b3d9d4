//! Everything that can go wrong, as one typed error.
//!
//! Messages name the node, operator, shape or layer, and say what to do.

use std::path::PathBuf;

use crate::scalar::Precision;

/// Result of every fallible call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },

    /// A file isn't what it should be: an ONNX model, an array, a polynomial.
    #[error("{0}")]
    Format(String),

    /// A node of the model is malformed or not supported.
    #[error("node '{node}' ({op}): {cause}")]
    Node {
        /// The node's name.
        node: String,
        /// Its operator.
        op: String,
        /// What is wrong and what to do.
        cause: String,
    },

    /// The request doesn't fit the model or itself.
    #[error("{0}")]
    Request(String),

    /// The method has no answer for an operator of the model.
    #[error("layer '{layer}' ({op}): {cause}")]
    Method {
        /// The layer's name.
        layer: String,
        /// Its operator.
        op: String,
        /// Why, and which method to use instead.
        cause: String,
    },

    /// Even the smallest piece of work needs more memory than allowed.
    #[error(
        "the smallest piece of work needs {} of memory, {} are allowed: raise --memory, lower the order, or use f32",
        crate::memory::human(*needed), crate::memory::human(*allowed)
    )]
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },

    /// A layer's numbers overflowed or left the domain of its function.
    #[error(
        "layer '{layer}' ({op}) gives a value that is not finite at order {order}, point {point}: {hint}"
    )]
    NonFinite {
        /// The first layer at which it happens.
        layer: String,
        /// Its operator.
        op: String,
        /// The lowest order at which it happens.
        order: usize,
        /// Index of the first point at which it happens.
        point: usize,
        /// What to do.
        hint: &'static str,
    },

    /// An order that can't be computed.
    #[error("order {order} is not supported{}: choose 1 to {max}{}",
        device.as_ref().map_or(String::new(), |name| format!(" by device '{name}'")),
        if device.is_some() { ", or --device cpu" } else { "" }
    )]
    Order {
        /// What was asked for.
        order: usize,
        /// The highest possible.
        max: usize,
        /// The device whose limit it is; none: the library's.
        device: Option<String>,
    },

    /// A device doesn't compute in a number type.
    #[error("device '{device}' does not compute in {}: use {}", wanted.name(), instead(offered, *wanted))]
    Precision {
        /// Its name.
        device: String,
        /// What was asked for.
        wanted: Precision,
        /// What it has.
        offered: &'static [Precision],
    },

    /// The system gives no threads to compute on.
    #[error("cannot start {count} threads: {reason}: ask for fewer (--threads)")]
    Threads {
        /// How many were asked for.
        count: usize,
        /// The system's reason.
        reason: String,
    },

    /// No GPU to compute on.
    #[error("there is no {wanted}; found: {there}; or use --device cpu")]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// What there is instead.
        there: String,
    },

    /// A device can't do what is asked of it.
    #[error("device '{device}': {cause}")]
    Device {
        /// Its name.
        device: String,
        /// Why, and what to do.
        cause: String,
    },

    /// A device's memory doesn't suffice.
    #[error("device '{device}' has no {} of memory left: lower --memory", crate::memory::human(*bytes))]
    DeviceMemory {
        /// Its name.
        device: String,
        /// Bytes asked for.
        bytes: u64,
    },

    /// A device is gone: driver crash, reset, or unplugged.
    #[error("device '{device}' was lost: {reason}")]
    DeviceLost {
        /// Its name.
        device: String,
        /// The driver's words.
        reason: String,
    },

    /// A picture can't be drawn from these data.
    #[error("{0}")]
    Picture(String),

    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,

    /// Whoever receives the results failed to take them.
    #[error("cannot write the results: {0}")]
    Sink(std::io::Error),
}

/// What to use in place of a number type.
fn instead(offered: &[Precision], wanted: Precision) -> String {
    let mut words: Vec<String> = offered.iter().map(|p| format!("--precision {}", p.name())).collect();
    if wanted == Precision::F64 {
        words.push("--device cpu for f64".into());
    }
    words.join(", or ")
}
