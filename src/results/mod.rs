//! Results in files: RESULT.npz for numpy, and RESULT.json beside it, as the `hope` program writes them.
//!
//! RESULT.npz, for B points, m selected outputs, p inputs flattened, n orders, R directions, T terms in d variables; all f64 (or
//! f32, if asked for), exponents u8:
//!
//! | key | shape | present with |
//! |---|---|---|
//! | `points` | `[B, p]` | always |
//! | `value` | `[B, m]` | always |
//! | `unmixed` | `[B, m, n, p]`: c_1 … c_n of each output along each input | unmixed terms |
//! | `along` | `[B, m, n, R]`, with `directions` `[R, p]` or `[B, R, p]` | terms along directions |
//! | `mixed` | `[B, m, T]`, with `exponents` `[T, d]`, by degree, degree 0 included | mixed terms |
//! | `kink` | `[B, R]`, for mixed terms `[B, 1]`: distance to the nearest kink, ∞ if there is none | networks with kinks |
//!
//! [`Record`] lists what RESULT.json has. [`save`] runs a job into both files; [`NpzSink`] and [`Record`] are its parts, for programs
//! that do more. Batches are written as they become ready, so results may be larger than memory; both files get their names
//! when both are complete: there is never half a result.
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
//! let mut archive = hope::npy::NpzReader::open(&target.npz)?;
//! assert_eq!(archive.array("unmixed")?.shape, [2, 10, 3, 784]); // points, outputs, orders, inputs
//! assert!(std::fs::read_to_string(&target.json).unwrap().contains("\"exact\": true"));
//! # Ok::<(), hope::Error>(())
//! ```

mod claim;
mod record;
mod shard;
mod sink;
mod source;
mod target;

use std::io::Write as _;
use std::time::Instant;

pub use claim::{Claim, StandInRecord};
pub use record::{Record, Seconds};
pub use shard::ShardName;
pub use sink::{Encoding, NpzSink};
pub use source::{ModelFile, hex};
pub use target::Target;

use crate::error::{Error, Result};
use crate::expansion::{Job, OnProgress, Report};
use crate::scalar::Precision;
use crate::temporary::{Temporary, folder};

/// Runs a job into files. `model` is what the record says of the model's file. `progress` is called after each chunk; it may break
/// to stop.
///
/// # Errors
/// If a file can't be written, numbers overflow, or `progress` breaks; then neither file exists (or what was there before remains).
pub fn save(
    job: &Job,
    target: &Target,
    dtype: Precision,
    model: Option<&ModelFile>,
    progress: OnProgress,
) -> Result<Report> {
    let started = Instant::now();
    let begin = |path| Temporary::create(path).map_err(|reason| Error::Write { path: path.into(), reason });
    let (npz, archive) = begin(&target.npz)?;
    let (json, mut text) = begin(&target.json)?;
    let mut sink = NpzSink::new(archive, folder(&target.npz), dtype, job).map_err(Error::Sink)?;
    let report = job.run(&mut sink, progress)?;
    let compute = started.elapsed().as_secs_f64() - sink.seconds();
    sink.finish().map_err(Error::Sink)?;
    let write = started.elapsed().as_secs_f64() - compute;

    let seconds = Seconds { compute, write, ..Seconds::default() };
    let record = Record { model, dtype, seconds, ..Record::new(job, &report) }.to_json();
    text.write_all(record.as_bytes()).and_then(|()| text.sync_all()).map_err(Error::Sink)?;
    drop(text);
    Temporary::commit([npz, json]).map_err(Error::Sink)?;
    Ok(report)
}
