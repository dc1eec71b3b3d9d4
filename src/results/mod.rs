//! Results in files: RESULT.npz or RESULT.safetensors, and RESULT.json beside it, or a folder RESULT/ with an `.npy` for each array and `result.json`, as the
//! `hope` program writes them.
//!
//! The arrays, for B points, m selected outputs, p inputs flattened, n orders, R directions, T terms in d variables; all f64 (or
//! f32, if asked for), exponents u8:
//!
//! | key | shape | present with |
//! |---|---|---|
//! | `points` | `[B, p]` | always |
//! | `value` | `[B, m]` | always |
//! | `unmixed` | `[B, m, n, p]`: c_1 … c_n of each output along each input | unmixed terms |
//! | `along` | `[B, m, n, R]`, with `directions` `[R, p]` or `[B, R, p]` | terms along directions |
//! | `mixed` | `[B, m, T]`, with `exponents` `[T, d]`, by degree, degree 0 included | mixed terms |
//! | `operator` | `[B, m]`, of an estimate with `operator_error` `[B, m]`, its standard errors | a differential operator |
//! | `kink` | `[B, R]`, for mixed terms and operators `[B, 1]`: distance to the nearest kink, ∞ if there is none | networks with kinks |
//!
//! [`Record`] lists what RESULT.json has. [`save`] runs a job into both files; [`ArchiveSink`] and [`Record`] are its parts, for programs
//! that do more. Batches are written as they become ready, so results may be larger than memory; all files get their names
//! when all are complete: there is never half a result.
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::path::Path;
//!
//! use hope::model::Model;
//! use hope::onnx::ImportOptions;
//! use hope::results::{ModelFile, Target, save};
//! use hope::{Job, Precision, Request};
//!
//! let path = Path::new("examples/mnist/mnist_mlp1_sigmoid.onnx");
//! let model = Model::from_onnx(path, &ImportOptions::default())?;
//! let request = Request::new(vec![0.5; 2 * 784], 3); // two points
//! let job = Job::new(&model, &request)?;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let target = Target::new(&folder.path().join("result.npz"))?; // and result.json
//! let report = save(&job, &target, Precision::F64, Some(&ModelFile::read(path)?), &|_| ControlFlow::Continue(()))?;
//! assert!(report.certificate.exact);
//!
//! let mut archive = hope::npy::NpzReader::open(&target.archive)?;
//! assert_eq!(archive.array("unmixed")?.shape, [2, 10, 3, 784]); // points, outputs, orders, inputs
//! assert!(std::fs::read_to_string(&target.json).unwrap().contains("\"exact\": true"));
//! # Ok::<(), hope::Error>(())
//! ```

mod archive;
mod claim;
mod record;
mod shard;
mod sink;
mod source;
mod target;

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

pub use archive::{
    ArchiveFormat, ArchiveReader, ArchiveWriter, Encoding, FolderReader, FolderWriter, SafetensorsReader,
    SafetensorsWriter,
};
pub use claim::{Claim, StandInRecord};
pub use record::{Record, Seconds};
pub use shard::ShardName;
pub use sink::{ArchiveSink, arrays};
pub use source::{ModelFile, hex};
pub use target::Target;

use crate::error::{Error, Result};
use crate::expansion::{Job, OnProgress, Report};
use crate::scalar::Precision;
use crate::temporary::{Made, Temporary, folder};

/// Runs a job into files. `model` is what the record says of the model's file. `progress` is called after each chunk; it may break
/// to stop.
///
/// # Errors
/// If a file can't be written, numbers overflow, or `progress` breaks; then no file exists (or what was there before remains).
pub fn save(
    job: &Job,
    target: &Target,
    dtype: Precision,
    model: Option<&ModelFile>,
    progress: OnProgress,
) -> Result<Report> {
    let started = Instant::now();
    let failed = |path: &Path, reason| Error::Write { path: path.into(), reason };
    let begin = |path: &Path| Temporary::create(path).map_err(|reason| failed(path, reason));
    let _made =
        target.folder().map(|path| Made::folder(path).map_err(|reason| failed(path, reason))).transpose()?;
    let (mut begun, mut files) = (Vec::new(), Vec::new());
    for path in target.files(arrays(job)) {
        let (temporary, file) = begin(&path)?;
        begun.push(temporary);
        files.push((path, file));
    }
    let (json, mut text) = begin(&target.json)?;
    begun.push(json);
    let archive = ArchiveWriter::new(target.format, files, dtype.into()).map_err(Error::Sink)?;
    let mut sink = ArchiveSink::new(archive, folder(&target.archive), job).map_err(Error::Sink)?;
    let report = job.run(&mut sink, progress)?;
    let compute = started.elapsed().as_secs_f64() - sink.seconds();
    sink.finish().map_err(Error::Sink)?;
    let write = started.elapsed().as_secs_f64() - compute;

    let seconds = Seconds { compute, write, ..Seconds::default() };
    let record = Record { model, dtype, seconds, ..Record::new(job, &report) }.to_json();
    text.write_all(record.as_bytes()).and_then(|()| text.sync_all()).map_err(Error::Sink)?;
    drop(text);
    let ready = Temporary::ready(begun).map_err(Error::Sink)?;
    ready.without(target.obsolete(arrays(job))).commit().map_err(Error::Sink)?;
    Ok(report)
}
