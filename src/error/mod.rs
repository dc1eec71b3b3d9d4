//! Everything that can go wrong, as one typed error.
//!
//! Messages name the node, operator, shape or layer, and say what to do.

mod context;
mod kind;

use std::path::PathBuf;

pub use kind::ErrorKind;

use crate::scalar::Precision;

/// Result of every fallible call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
///
/// Variants up to [`Error::Undetermined`] are about what the caller gave ([`Error::is_request`]): another request, file or number
/// helps. Those after it are about the model, the machine or the results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The numbers given make no points of the model.
    #[error("the model takes {} numbers per point (shape {shape:?}), but {given} were given", shape.iter().product::<usize>())]
    PointSize {
        /// Shape of the model's input.
        shape: Vec<usize>,
        /// How many numbers were given, for all points together.
        given: usize,
    },

    /// An argument has the wrong length.
    #[error("{cause}")]
    Size {
        /// How many numbers there have to be, or a multiple of it where there may be several rows.
        expected: usize,
        /// How many there are.
        given: usize,
        /// Of what, and what to do.
        cause: String,
    },

    /// The model has no output of this number.
    #[error("there is no output {output}: the model has outputs 0 to {}", outputs.saturating_sub(1))]
    NoOutput {
        /// What was asked for.
        output: usize,
        /// How many outputs the model has.
        outputs: usize,
    },

    /// The model has no input of this number.
    #[error("there is no input {input}: the model has inputs 0 to {}", inputs.saturating_sub(1))]
    NoInput {
        /// What was asked for.
        input: usize,
        /// How many inputs the model has.
        inputs: usize,
    },

    /// Something else has no such number: a point, a direction, a variable.
    #[error("there is no {what} {index}: they are 0 to {}", count.saturating_sub(1))]
    NoSuch {
        /// What.
        what: &'static str,
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },

    /// The model has no tensor of this name.
    #[error("the model has no {what} or inner tensor '{name}'; its {what}s are {}", listed(names))]
    NoTensor {
        /// Input or output.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// Names of those that there are.
        names: Vec<String>,
    },

    /// The model has no such layer.
    #[error("{cause}")]
    NoLayer {
        /// What was looked for.
        wanted: &'static str,
        /// What there is instead, or what to do.
        cause: String,
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

    /// A number given is infinite or none.
    #[error("{cause}")]
    NotFinite {
        /// Its index among the numbers that are given together.
        index: usize,
        /// What it belongs to.
        cause: String,
    },

    /// A point that f32 can't hold: rounded to it, it has another result.
    #[error(
        "point {point}, input {input}: {value} becomes {rounded} in f32, which changes the result by {change:.0e} (relatively): \
         use --precision f64 on the CPU, or subtract an offset before"
    )]
    Rounded {
        /// Index of the point.
        point: usize,
        /// The input whose rounding changes the most.
        input: usize,
        /// What was given.
        value: f64,
        /// What it is in f32.
        rounded: f64,
        /// How much the series changes, relatively.
        change: f64,
    },

    /// A number given is outside its range.
    #[error("{cause}")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: f64,
        /// What the range is.
        cause: String,
    },

    /// Fewer things are given than are needed.
    #[error("{cause}")]
    TooFew {
        /// How many are given.
        given: usize,
        /// How many it takes at least.
        least: usize,
        /// Of what, and what to do.
        cause: String,
    },

    /// The same thing is given twice.
    #[error("{0}")]
    Repeated(String),

    /// A text means nothing here.
    #[error("{cause}")]
    Text {
        /// The text.
        text: String,
        /// Why, and what would.
        cause: String,
    },

    /// Terms that this method does not give, or that this function does not work on.
    #[error("{0}")]
    Terms(String),

    /// Two things that do not belong together.
    #[error("{0}")]
    Mismatch(String),

    /// More terms than can be handled.
    #[error("{cause}")]
    TooManyTerms {
        /// How many may be.
        limit: usize,
        /// How they come about, and what to do.
        cause: String,
    },

    /// A batch that exceeds a device's limits.
    #[error("{cause}")]
    Batch {
        /// Points of the batch.
        points: usize,
        /// What would fit, and what to do.
        cause: String,
    },

    /// Numbers that follow from what is given overflow.
    #[error("{0}")]
    Overflow(String),

    /// No measured error is within the tolerance.
    #[error("{cause}")]
    Tolerance {
        /// The tolerance.
        tolerance: f64,
        /// Where it is exceeded, and by how much.
        cause: String,
    },

    /// Data or network do not determine what is asked for.
    #[error("{0}")]
    Undetermined(String),

    /// A file can't be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },

    /// A file can't be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },

    /// A file isn't what it should be.
    #[error("{}{cause}", path.as_ref().map_or(String::new(), |path| format!("{}: ", path.display())))]
    Format {
        /// What it should be.
        format: Format,
        /// The file, where it is known.
        path: Option<PathBuf>,
        /// What is wrong with it, and what to do.
        cause: String,
    },

    /// A model's input or output is empty or too large.
    #[error("the model's {end} has shape {shape:?} per sample, which is empty or too large")]
    Shape {
        /// Its input or its output.
        end: &'static str,
        /// The shape of one sample.
        shape: Vec<usize>,
    },

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

    /// A limit to the process's address space leaves no room for matrix products.
    #[error(
        "a thread with matrix products takes {} of address space, and the limit leaves {}: raise it (ulimit -v)",
        crate::memory::human(*needed), crate::memory::human(*allowed)
    )]
    AddressSpace {
        /// Bytes needed.
        needed: u64,
        /// Bytes that the limit leaves.
        allowed: u64,
    },

    /// A layer's numbers overflowed or left the domain of its function.
    #[error(
        "layer '{layer}' ({op}) gives a value that is not finite at order {order}, {}: {hint}",
        place.as_ref().map_or(format!("point {point}"), |place| format!("at {place}"))
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
        /// Where that is, if the points were chosen here and not by the caller.
        place: Option<String>,
        /// What to do.
        hint: String,
    },

    /// Nothing can be proved of a layer in all of a region.
    #[error(
        "layer '{layer}' ({op}) can't be enclosed in {region}: {cause}; choose a smaller region, or cut it into pieces"
    )]
    Unproved {
        /// The layer's name.
        layer: String,
        /// Its operator.
        op: String,
        /// The region.
        region: String,
        /// Why.
        cause: String,
    },

    /// f32 can't hold the result.
    #[error(
        "f32 cannot hold the {}: {cause}: use --precision f64 on the CPU, or another scale of inputs and outputs",
        if *order == 0 { "values".into() } else { format!("coefficients of order {order}") }
    )]
    Shortfall {
        /// The first order of which that is so.
        order: usize,
        /// Why.
        cause: String,
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

/// Formats of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A trained network: ONNX.
    Onnx,
    /// An array, or an archive of arrays: numpy's `.npy` and `.npz`.
    Numpy,
    /// Arrays of a result: safetensors.
    Safetensors,
    /// A polynomial of this library: `.json` or `.npz`.
    Polynomial,
    /// A property of a network: VNN-LIB.
    VnnLib,
}

/// The first names of a list.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 16;
    names.iter().take(SHOWN).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// What to use in place of a number type.
fn instead(offered: &[Precision], wanted: Precision) -> String {
    let mut words: Vec<String> = offered.iter().map(|p| format!("--precision {}", p.name())).collect();
    if wanted == Precision::F64 {
        words.push("--device cpu for f64".into());
    }
    words.join(", or ")
}
