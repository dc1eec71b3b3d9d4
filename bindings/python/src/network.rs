//! A network, and its expansions.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hope::backend::Place as Where;
use hope::forward::Forward;
use hope::model::{Model, Smoothing};
use hope::ndarray::ArrayD;
use hope::onnx::{self, ImportOptions, with_weights_inside};
use hope::results::{ModelFile, Record, Seconds, StandInRecord};
use hope::trust::StandIn;
use hope::{Job, Number, Precision, Prepared, Report, Request};
use numpy::{PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::{Collected, array, read};
use crate::error::raised;
use crate::place::{Place, precision};
use crate::run::{Watch, beside};
use crate::wanted::{Key, Wanted};

/// Places around all points at which network and stand-in are compared, about.
const SAMPLES: usize = 200;

/// Prepared requests that a network keeps.
const KEPT: usize = 4;

/// How to read a model: the keys of a dictionary that `hope/_model.py` makes.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Choices<'py> {
    output: Option<String>,
    inputs: Vec<String>,
    fixed: Vec<(String, PyReadonlyArrayDyn<'py, f64>)>,
    shape: Option<Vec<usize>>,
    points: Option<Vec<usize>>,
    named_points: Vec<(String, Vec<usize>)>,
    allow_external: Vec<PathBuf>,
    logits: bool,
    smooth: Option<String>,
}

impl Choices<'_> {
    fn options(&self) -> ImportOptions {
        let fixed = |(name, value): &(String, PyReadonlyArrayDyn<f64>)| {
            let (shape, numbers) = read(value);
            Some((name.clone(), ArrayD::from_shape_vec(shape, numbers).ok()?))
        };
        ImportOptions {
            output_name: self.output.clone(),
            inputs: self.inputs.clone(),
            fixed: self.fixed.iter().filter_map(fixed).collect(),
            shape: self.shape.clone(),
            points: self.points.clone(),
            named_points: self.named_points.clone(),
            allow_external: self.allow_external.clone(),
            memory: None,
        }
    }
}

/// The network that a stand-in stands in for, and how that is made.
struct Original {
    model: Model,
    rules: Smoothing,
}

/// Prepared requests, the last used first, and the process that made them: a fork takes neither threads nor GPUs along.
struct Kept {
    process: u32,
    requests: Vec<(Key, Prepared)>,
}

/// A network, read once; requests are prepared once.
#[pyclass(frozen, module = "hope._hope")]
pub struct Network {
    pub model: Arc<Model>,
    original: Option<Arc<Original>>,
    file: Option<Arc<ModelFile>>,
    /// Whether it has weights in other files.
    #[pyo3(get)]
    external: bool,
    /// Locked only while the interpreter is held, so that no other thread has it when a process forks.
    kept: Mutex<Kept>,
}

impl Network {
    fn new(model: Model, choices: (bool, Option<Smoothing>)) -> hope::Result<Self> {
        let (logits, smooth) = choices;
        let model = if logits { model.logits()? } else { model };
        let (model, original) = match smooth {
            None => (model, None),
            Some(rules) => (model.smooth(&rules)?, Some(Arc::new(Original { model, rules }))),
        };
        let kept = Mutex::new(Kept { process: std::process::id(), requests: Vec::new() });
        Ok(Self { model: Arc::new(model), original, file: None, external: false, kept })
    }

    /// The network, also where a stand-in for it is expanded.
    pub fn itself(&self) -> Model {
        self.original.as_ref().map_or_else(|| (*self.model).clone(), |original| original.model.clone())
    }

    /// A dictionary that says what a result may claim.
    pub fn claimed<'py>(&self, py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
        let hope::Certificate { exact, reason, .. } = &report.certificate;
        let result = PyDict::new(py);
        result.set_item("exact", *exact && self.original.is_none())?;
        result.set_item("stand_in", self.original.is_some())?;
        let reason = match &self.original {
            None => reason.clone(),
            Some(original) => format!(
                "of a smooth stand-in for the network ({}), not of the network itself; {reason}",
                original.rules
            ),
        };
        result.set_item("reason", reason)?;
        Ok(result)
    }

    fn kept<R>(&self, act: impl FnOnce(&mut Vec<(Key, Prepared)>) -> R) -> R {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.process != std::process::id() {
            // The parent's: there is nothing in this process that dropping them would end.
            std::mem::forget(std::mem::take(&mut kept.requests));
            kept.process = std::process::id();
        }
        act(&mut kept.requests)
    }

    fn keep(&self, key: Key, prepared: Prepared) {
        if key.lasts() {
            self.kept(|requests| {
                requests.retain(|(other, _)| *other != key);
                requests.insert(0, (key, prepared));
                requests.truncate(KEPT);
            });
        }
    }
}

/// Reads a network from an ONNX file.
#[pyfunction]
pub fn read_file(py: Python<'_>, path: PathBuf, choices: Choices<'_>) -> PyResult<Network> {
    let (options, how) = (choices.options(), how(&choices)?);
    beside(py, None, move |_| {
        let (model, files) = Model::from_onnx_files(&path, &options)?;
        let file = Some(Arc::new(ModelFile::read(&path)?));
        Ok(Network { file, external: !files.is_empty(), ..Network::new(model, how)? })
    })
}

/// Reads a network from the bytes of an ONNX file.
#[pyfunction]
pub fn read_bytes(py: Python<'_>, bytes: Vec<u8>, choices: Choices<'_>) -> PyResult<Network> {
    let (options, how) = (choices.options(), how(&choices)?);
    beside(py, None, move |_| Network::new(Model::from_onnx_bytes(bytes, &options)?, how))
}

fn how(choices: &Choices) -> PyResult<(bool, Option<Smoothing>)> {
    let smooth = choices.smooth.as_ref().map(|rules| rules.parse()).transpose().map_err(raised)?;
    Ok((choices.logits, smooth))
}

/// Everything that stands in the way of a model in a file, as messages.
#[pyfunction]
pub fn obstacles(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    let found = move |_: &Watch| onnx::obstacles(&path, &ImportOptions::default());
    Ok(beside(py, None, found)?.iter().map(ToString::to_string).collect())
}

/// The bytes of a model's file, with weights inside that are in other files.
#[pyfunction]
pub fn file_bytes(
    py: Python<'_>,
    path: PathBuf,
    allow_external: Vec<PathBuf>,
) -> PyResult<Bound<'_, PyBytes>> {
    let options = ImportOptions { allow_external, ..ImportOptions::default() };
    let bytes = beside(py, None, move |_| with_weights_inside(&path, &options))?;
    Ok(PyBytes::new(py, &bytes))
}

#[pymethods]
impl Network {
    /// Shape of the input for one point.
    #[getter]
    fn input_shape(&self) -> Vec<usize> {
        self.model.input_shape().to_vec()
    }

    /// Shape of the output for one point.
    #[getter]
    fn output_shape(&self) -> Vec<usize> {
        self.model.output_shape().to_vec()
    }

    /// Name of the output.
    #[getter]
    fn output_name(&self) -> &str {
        self.model.output_name()
    }

    /// Name and shape of each input that a point is made of.
    #[getter]
    fn inputs(&self) -> Vec<(String, Vec<usize>)> {
        self.model.origin().inputs.iter().map(|part| (part.name.clone(), part.shape.clone())).collect()
    }

    /// Number of weights, biases included.
    #[getter]
    fn parameters(&self) -> usize {
        self.model.parameters()
    }

    /// SHA-256 of the file that it was read from.
    #[getter]
    fn sha256(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.sha256.as_str())
    }

    /// The network's outputs at points `[points, inputs]`.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        points: PyReadonlyArrayDyn<'py, f64>,
        outputs: Option<Vec<usize>>,
        device: &str,
        number_type: Option<&str>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let precision = number_type.map(precision).transpose()?;
        let Place { device, precision, .. } = Place::new(py, device, precision, 1, None)?;
        let (model, (shape, points)) = (self.model.clone(), read(&points));
        let values = beside(py, None, move |_| {
            let place = Where { device, precision, threads, memory: None };
            Forward::new(&model, outputs.as_deref(), &place)?.run(points)
        })?;
        let count = shape.first().copied().unwrap_or(0).max(1);
        let shape = [count, values.len() / count];
        Ok(match precision {
            Precision::F64 => array(py, values, &shape)?.into_any(),
            Precision::F32 => array(py, values.iter().map(|&x| x as f32).collect(), &shape)?.into_any(),
        })
    }

    /// Expands at points `[points, inputs]`.
    fn expand<'py>(
        &self,
        py: Python<'py>,
        points: PyReadonlyArrayDyn<'py, f64>,
        wanted: Wanted<'py>,
        radius: f64,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (key, mut request) = wanted.request(py)?;
        request.points = read(&points).1.into();
        let found =
            self.kept(|requests| requests.iter().find(|(other, _)| *other == key).map(|(_, p)| p.clone()));
        let work = Work {
            model: self.model.clone(),
            original: self.original.clone(),
            file: self.file.clone(),
            prepared: found,
            request,
            radius,
        };
        let (prepared, result) = match work.request.precision {
            Precision::F64 => {
                let (prepared, result) = beside(py, progress.as_ref(), move |watch| work.run::<f64>(watch))?;
                (prepared, result.into_dict(py)?)
            }
            Precision::F32 => {
                let (prepared, result) = beside(py, progress.as_ref(), move |watch| work.run::<f32>(watch))?;
                (prepared, result.into_dict(py)?)
            }
        };
        self.keep(key, prepared);
        Ok(result)
    }
}

/// An expansion to be made.
struct Work {
    model: Arc<Model>,
    original: Option<Arc<Original>>,
    file: Option<Arc<ModelFile>>,
    prepared: Option<Prepared>,
    request: Request,
    radius: f64,
}

/// What comes of it.
struct Made<T> {
    numbers: Collected<T>,
    /// Of the coefficients.
    shape: Vec<usize>,
    exponents: Option<(Vec<u8>, usize)>,
    /// As RESULT.json has it.
    record: String,
}

impl Work {
    fn run<T: Number + Send>(self, watch: &Watch) -> hope::Result<(Prepared, Made<T>)> {
        let started = Instant::now();
        let Self { model, original, file, prepared, request, radius } = self;
        let prepared = prepared.map_or_else(|| Prepared::new(&model, &request), Ok)?;
        let job = prepared.job(&request.points)?;
        let plan = started.elapsed().as_secs_f64();
        let mut numbers = Collected::new(&job)?;
        let report = job.run(&mut numbers, &|progress| watch.note(progress))?;
        report.verification.map_or(Ok(()), |verification| verification.check(&request))?;
        let smooth = original.map(|original| original.measure(&model, &request, radius)).transpose()?;
        let compute = started.elapsed().as_secs_f64() - plan;
        let record = record(&job, &report, file.as_deref(), smooth.as_ref(), (plan, compute));
        let exponents = job.variables().map(|variables| (job.exponents().to_vec(), variables));
        Ok((prepared.clone(), Made { numbers, shape: job.shape(), exponents, record }))
    }
}

fn record(
    job: &Job,
    report: &Report,
    model: Option<&ModelFile>,
    smooth: Option<&StandInRecord>,
    (plan, compute): (f64, f64),
) -> String {
    let seconds = Seconds { plan, compute, ..Seconds::default() };
    let dtype = job.request().precision;
    Record { model, smooth, dtype, seconds, ..Record::new(job, report) }.to_json()
}

impl Original {
    /// How far the stand-in is from the network, up to `radius` away from the points.
    fn measure(&self, stand_in: &Model, request: &Request, radius: f64) -> hope::Result<StandInRecord> {
        let points = (request.points.len() / self.model.inputs()).max(1);
        let samples = SAMPLES.div_ceil(points);
        let measured = StandIn::measure(&self.model, stand_in, request, radius, samples)?;
        Ok(StandInRecord { rules: self.rules, measured })
    }
}

impl<T: numpy::Element> Made<T> {
    fn into_dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let Self { numbers, shape, exponents, record } = self;
        let Collected { value, coefficients, errors, kinks } = numbers;
        let points = shape.first().copied().unwrap_or(0);
        let rows = |numbers: Vec<T>| -> PyResult<Bound<'_, PyArrayDyn<T>>> {
            let width = numbers.len().checked_div(points).unwrap_or(0);
            array(py, numbers, &[points, width])
        };
        let result = PyDict::new(py);
        result.set_item("coefficients", array(py, coefficients, &shape)?)?;
        result.set_item("kink", if kinks.is_empty() { None } else { Some(rows(kinks)?) })?;
        result.set_item("operator_error", if errors.is_empty() { None } else { Some(rows(errors)?) })?;
        result.set_item("value", rows(value)?)?;
        let exponents = exponents.map(|(exponents, variables)| {
            let terms = exponents.len() / variables;
            array(py, exponents, &[terms, variables])
        });
        result.set_item("exponents", exponents.transpose()?)?;
        result.set_item("record", record)?;
        Ok(result)
    }
}
