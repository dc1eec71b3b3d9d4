//! Reading trained networks from ONNX files.
//!
//! A file is decoded (`proto`, `scope`), the nodes that the chosen output needs are lowered one after the other
//! (`graph`, `lowering`, `ops`), calls of functions and graphs inside nodes with them (`function`, `control`), by operations on values that are either constants or nodes of the model (`values`):
//! what depends on constants alone, like the arithmetic of shapes, is computed at once (`fold`).
//!
//! Files are not trusted: whatever they hold gives a model or an error, in memory and time proportional to their size.

mod arithmetic;
mod batch;
mod budget;
mod choices;
mod condition;
mod control;
mod embed;
mod external;
mod filled;
mod fold;
mod function;
mod graph;
mod integer;
mod layout;
mod lowering;
mod mask;
mod narrow;
mod node;
mod ops;
mod opset;
mod patterns;
#[doc(hidden)] // for the fuzz targets, which take files apart
pub mod proto;
mod scope;
mod shape;
mod stack;
mod survey;
mod tensor;
mod values;
mod variables;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ndarray::ArrayD;

use crate::error::{Error, Format, Result};
use crate::model::Model;
use crate::regular_file::RegularFile;
use external::External;
use graph::Graph;

/// Largest file that protobuf allows; larger models keep their weights in files beside it.
const MAX_FILE: u64 = 1 << 31;

/// Choices at reading a model.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Which output of the model to compute, or which inner tensor; by default the first output.
    pub output_name: Option<String>,
    /// Which inputs the model is a function of, or which inner tensors: several make one vector, one after the other. By default the only
    /// one that the output depends on and that isn't fixed.
    pub inputs: Vec<String>,
    /// Inputs that are constants, by name: arrays of their shape with a batch of 1, or single numbers for all of their elements.
    pub fixed: Vec<(String, ArrayD<f64>)>,
    /// Sizes of the input's axes for one sample, the batch of 1 among them, where the file leaves some open. If axis 0 is of another size
    /// than 1, it is no batch but an axis of each point.
    pub shape: Option<Vec<usize>>,
    /// Shape of the points that the model is for, `[points, …]`: open sizes are theirs, unless [`Self::shape`] has them. Each point may have
    /// the input's axes without the batch, with it, or be flat if one size is open.
    pub points: Option<Vec<usize>>,
    /// The same of several inputs, by name.
    pub named_points: Vec<(String, Vec<usize>)>,
    /// Folders in which weights outside the model's file may be, besides the model's own.
    pub allow_external: Vec<PathBuf>,
    /// Bytes that weights may take, with what importing makes of them, which the file doesn't hold but says how to fill; by default half
    /// of the free memory.
    pub memory: Option<u64>,
}

impl Model {
    /// Reads a trained network from an ONNX file.
    ///
    /// Weights in other files are read from the model's own folder only, from that of the file that it is a link to, and from
    /// [`ImportOptions::allow_external`]. Shapes are those of one sample: axis 0 of
    /// the model's input is the batch, unless the input is a vector of fixed size, or [`ImportOptions::shape`] says otherwise.
    ///
    /// ```
    /// use hope::model::Model;
    /// use hope::onnx::ImportOptions;
    ///
    /// let model = Model::from_onnx("tests/fixtures/operators/gemm.onnx", &ImportOptions::default())?;
    /// assert_eq!(model.input_shape(), [4]);
    /// # Ok::<(), hope::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file can't be read, is no sound ONNX model, or uses an operator that isn't supported: the message names
    /// the node, its operator, and what to do.
    pub fn from_onnx(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Self> {
        Self::from_onnx_files(path, options).map(|(model, _)| model)
    }

    /// As [`Self::from_onnx`]; also the other files that weights were read from.
    ///
    /// # Errors
    /// As [`Self::from_onnx`].
    pub fn from_onnx_files(path: impl AsRef<Path>, options: &ImportOptions) -> Result<(Self, Vec<PathBuf>)> {
        let path = path.as_ref();
        let file = read(path)?;
        let size = file.len() as u64;
        let graph = Graph::read(file).map_err(|e| of_file(e, path))?;
        let external = External::of(path, &options.allow_external);
        graph.import(options, external, size).map_err(|e| of_file(clipped(e), path))
    }

    /// Reads a trained network from the bytes of an ONNX file, with its weights inside.
    ///
    /// # Errors
    /// As [`Self::from_onnx`], and if weights are in other files.
    pub fn from_onnx_bytes(bytes: Vec<u8>, options: &ImportOptions) -> Result<Self> {
        let size = bytes.len() as u64;
        check(&bytes)?;
        let graph = Graph::read(bytes.into())?;
        graph.import(options, External::default(), size).map(|(model, _)| model).map_err(clipped)
    }
}

/// Names of a model's outputs, in order: what [`ImportOptions::output_name`] may be.
///
/// ```
/// let outputs = hope::onnx::output_names("tests/fixtures/operators/two_outputs.onnx")?;
/// assert_eq!(outputs.len(), 2);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the file can't be read or is no sound ONNX model.
pub fn output_names(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    Ok(Graph::read(read(path)?).map_err(|e| of_file(e, path))?.outputs())
}

/// The bytes of a model's file, with weights inside that are in other files: what [`Model::from_onnx_bytes`] takes anywhere.
///
/// # Errors
/// If the file can't be read or is damaged, or a weight can't be read.
pub fn with_weights_inside(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let mut external = External::of(path, &options.allow_external);
    embed::embed(read(path)?, &mut external).map_err(|e| of_file(clipped(e), path))
}

/// Everything that stands in the way of a model, in the order of its nodes; where [`Model::from_onnx`] stops at the first. Nothing, if it can be
/// imported. What a file leaves open doesn't end the search: nodes whose shapes aren't known are looked at as far as their operators go.
///
/// ```
/// use hope::onnx::{ImportOptions, obstacles};
///
/// let found = obstacles("tests/fixtures/broken/unsupported_det.onnx", &ImportOptions::default())?;
/// assert!(found[0].to_string().contains("Det"));
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the file can't be read or is no sound ONNX model.
pub fn obstacles(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Vec<Error>> {
    let path = path.as_ref();
    let file = read(path)?;
    let size = file.len() as u64;
    let graph = Graph::read(file).map_err(|e| of_file(e, path))?;
    let found = graph.obstacles(options, External::of(path, &options.allow_external), size);
    Ok(found.into_iter().map(|error| of_file(clipped(error), path)).collect())
}

fn read(path: &Path) -> Result<Bytes> {
    let failed = |reason| Error::Read { path: path.into(), reason };
    let file = RegularFile::open(path).map_err(failed)?;
    if file.size > MAX_FILE {
        let size = crate::memory::human(file.size);
        let cause =
            format!("{size} are more than an ONNX file may have (2 GiB): store the weights as external data");
        return Err(of_file(malformed(cause), path));
    }
    let bytes = file.read().map_err(failed)?;
    check(&bytes).map_err(|e| of_file(e, path))?;
    Ok(bytes.into())
}

/// Recognises what is no ONNX file by its first bytes.
fn check(bytes: &[u8]) -> Result<()> {
    const OTHERS: &[(&[u8], &str)] = &[
        (b"PK", "a zip archive, perhaps a PyTorch checkpoint: export the model with torch.onnx.export"),
        (
            b"\x80\x02",
            "a Python pickle, perhaps a PyTorch checkpoint: export the model with torch.onnx.export",
        ),
        (b"\x89HDF", "an HDF5 file, perhaps a Keras model: convert it with tf2onnx"),
        (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with git lfs pull"),
        (b"<", "a text like HTML or XML"),
    ];
    /// Fields of ModelProto with a number (wire type 0) and with a length (2).
    const FIELDS: [&[u32]; 3] = [&[1, 5], &[], &[2, 3, 4, 6, 7, 8, 14, 20, 25, 26]];
    let not_onnx = |what: &str| Err(malformed(format!("this is not an ONNX file{what}")));
    if bytes.is_empty() {
        return not_onnx(": it is empty");
    }
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return not_onnx(&format!(", but {what}"));
    }
    let tag = match *bytes {
        [first, ..] if first < 0x80 => first as u32,
        [first, second, ..] if second < 0x80 => (first & 0x7f) as u32 | (second as u32) << 7,
        _ => 0,
    };
    match FIELDS.get((tag & 7) as usize) {
        Some(fields) if fields.contains(&(tag >> 3)) => Ok(()),
        _ => not_onnx(": it begins with none of an ONNX model's fields"),
    }
}

fn malformed(cause: impl Into<String>) -> Error {
    Error::Format { format: Format::Onnx, path: None, cause: cause.into() }
}

/// Names the file in errors about its format.
fn of_file(error: Error, path: &Path) -> Error {
    match error {
        Error::Format { .. } | Error::Shape { .. } => error.in_file(Format::Onnx, path),
        other => other,
    }
}

/// A name from the file, safe to show: no control characters, not longer than a line or two.
fn shown(name: &str) -> String {
    const LONGEST: usize = 160;
    let mut text: String =
        name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.len() < name.len() && name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

/// Shortens messages that list numbers of the file.
fn clipped(error: Error) -> Error {
    const LONGEST: usize = 600;
    match error {
        Error::Node { node, op, cause } if cause.len() > LONGEST => {
            let cause = cause.chars().take(LONGEST).chain(['…']).collect();
            Error::Node { node, op, cause }
        }
        other => other,
    }
}
