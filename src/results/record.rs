//! RESULT.json: what is known about a result, for programs.

use serde_json::{Value, json};

use super::claim::{Claim, StandInRecord};
use super::source::ModelFile;
use crate::backend::KernelTime;
use crate::expansion::{Job, Report, Samples, Terms};
use crate::memory;
use crate::scalar::Precision;

/// Seconds that the parts of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seconds {
    /// Reading the model and the points.
    pub load: f64,
    /// Planning.
    pub plan: f64,
    /// Computing.
    pub compute: f64,
    /// Writing.
    pub write: f64,
}

/// What RESULT.json says:
///
/// | key | value |
/// |---|---|
/// | `model`, `model_sha256` | the model's file and its hash |
/// | `output_name`, `input_shape`, `output_shape` | of the model, for one point |
/// | `inputs` | name and shape of each input of the file that points have, one after the other |
/// | `fixed` | inputs that are constants: name, shape as given, `value` where it is one number |
/// | `method` | how it was computed |
/// | `exact`, `exact_reason`, `smooth`, `one_sided`, `kinks` | what it claims: [`Claim`] |
/// | `order`, `terms`, `outputs`, `points`, `rays`, `variables` | what was computed; rays and variables where there are such |
/// | `rows`, `sums` | of a differential operator: rows of each layer at a point; sums over rays in place of their highest coefficients, if there are any |
/// | `samples`, `seed` | of an estimate: how many random rays, and which |
/// | `device`, `driver`, `threads`, `precision`, `dtype` | where, in which numbers, and in which it was written |
/// | `seconds` | `load`, `plan`, `compute`, `write` |
/// | `peak_bytes` | the most memory that the process has had, or null |
/// | `kernels` | time of each kernel, if asked for |
/// | `verify` | `rays`, `max_relative_deviation`, `deviation_from_exact`, `undecided` (rays), or null |
/// | `shards` | how many parts `hope merge` has joined; then `seconds` are their sum, and of `kinks` only the smallest is known |
/// | `version` | of this program |
///
/// What doesn't apply is left out, except for `peak_bytes` and `verify`. Numbers that are not finite are null, as JSON has no others.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What was run.
    pub job: &'a Job<'a>,
    /// What came of it.
    pub report: &'a Report,
    /// The model's file, if it came from one.
    pub model: Option<&'a ModelFile>,
    /// If the model is a smooth stand-in for another.
    pub smooth: Option<&'a StandInRecord>,
    /// Number type in the archive.
    pub dtype: Precision,
    /// How long it took.
    pub seconds: Seconds,
}

impl<'a> Record<'a> {
    /// The record of a run whose result is written as f64.
    pub fn new(job: &'a Job<'a>, report: &'a Report) -> Self {
        Self { job, report, model: None, smooth: None, dtype: Precision::F64, seconds: Seconds::default() }
    }

    /// Whether the result holds, and where.
    pub fn claim(&self) -> Claim<'a> {
        Claim { report: self.report, stand_in: self.smooth }
    }

    /// The text of RESULT.json.
    pub fn to_json(&self) -> String {
        let Self { job, report, seconds, .. } = self;
        let (model, request) = (job.model(), job.request());
        let about = request.device.backend().about();
        let origin = model.origin();
        let listed = |list: Vec<Value>| (!list.is_empty()).then_some(list);
        let record = json!({
            "model": self.model.map(|file| file.path.to_string_lossy()),
            "model_sha256": self.model.map(|file| &file.sha256),
            "output_name": model.output_name(),
            "input_shape": model.input_shape(),
            "output_shape": model.output_shape(),
            "inputs": listed(origin.inputs.iter().map(|part| json!({ "name": part.name, "shape": part.shape })).collect()),
            "fixed": listed(origin.fixed.iter().map(|fixed| json!({ "name": fixed.name, "shape": fixed.shape, "value": fixed.value })).collect()),
            "method": request.method.name(),
            "order": request.order,
            "terms": request.terms.name(),
            "outputs": job.outputs(),
            "points": job.points(),
            "rays": job.rays(),
            "checkpoints": (job.plan().checkpoints > 0).then_some(job.plan().checkpoints),
            "variables": job.variables(),
            "samples": samples(job).map(|samples| samples.count),
            "seed": samples(job).map(|samples| samples.seed),
            "rows": job.passage().map(|passage| passage.rows),
            "sums": job.passage().and_then(|passage| passage.sums),
            "device": about.name,
            "driver": about.driver,
            "threads": job.threads(),
            "precision": request.precision.name(),
            "dtype": self.dtype.name(),
            "seconds": {
                "load": seconds.load,
                "plan": seconds.plan,
                "compute": seconds.compute,
                "write": seconds.write,
            },
            "peak_bytes": memory::peak(),
            "kernels": (!report.kernels.is_empty()).then(|| {
                let kernel = |k: &KernelTime| json!({
                    "kernel": k.kernel, "dispatches": k.dispatches, "seconds": k.seconds,
                });
                report.kernels.iter().map(kernel).collect::<Vec<_>>()
            }),
            "verify": report.verification.map(|v| json!({
                "rays": v.rays,
                "max_relative_deviation": v.deviation,
                "deviation_from_exact": v.deviation_from_exact,
                "undecided": v.undecided,
            })),
            "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
        });
        let Value::Object(mut fields) = record else { return String::new() };
        // What doesn't apply is left out, except for what readers may rely on.
        fields.retain(|key, value| !value.is_null() || matches!(key.as_str(), "peak_bytes" | "verify"));
        fields.extend(self.claim().fields());
        format!("{:#}\n", Value::Object(fields))
    }
}

/// How an operator was estimated, if it was.
fn samples(job: &Job) -> Option<Samples> {
    match &job.request().terms {
        Terms::Operator(operator) => operator.samples(),
        Terms::Unmixed | Terms::Along(_) | Terms::Mixed(_) | Terms::Gradient(_) | Terms::Hessian(_) => None,
    }
}
