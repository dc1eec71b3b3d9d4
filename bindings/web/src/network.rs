//! A network, and its expansions.

use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::results::{Record, Seconds};
use hope::{Expansion, Job, Report, Request};
use js_sys::{Array, Function, Object};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_time::Instant;

use crate::applications::checked;
use crate::error::{thrown, wrong};
use crate::numbers::{array, bytes, list, set};
use crate::run::{Watch, attended};
use crate::wanted::Wanted;

/// How to read a model.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Choices {
    /// Sizes that the file leaves open.
    shape: Option<Vec<usize>>,
    /// Tensors that points are, in place of the graph's inputs.
    #[serde(default)]
    inputs: Vec<String>,
    /// The tensor that is expanded.
    output: Option<String>,
    /// Without the softmax at the end.
    #[serde(default)]
    logits: bool,
}

/// A network, read once.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Network {
    model: Model,
    /// Seconds that reading took.
    load: f64,
}

#[wasm_bindgen]
impl Network {
    /// Reads an ONNX file; `choices` are JSON.
    ///
    /// # Errors
    /// If it isn't one, or has an operator that isn't supported.
    #[wasm_bindgen(constructor)]
    pub fn new(file: Vec<u8>, choices: &str) -> Result<Self, JsValue> {
        let Choices { shape, inputs, output, logits } =
            serde_json::from_str(choices).map_err(|error| wrong(&error))?;
        let begun = Instant::now();
        let options = ImportOptions { shape, inputs, output_name: output, ..ImportOptions::default() };
        let read = || {
            let model = Model::from_onnx_bytes(file, &options)?;
            if logits { model.logits() } else { Ok(model) }
        };
        Ok(Self { model: read().map_err(thrown)?, load: begun.elapsed().as_secs_f64() })
    }

    /// Shape of a point.
    #[wasm_bindgen(getter, js_name = inputShape)]
    pub fn input_shape(&self) -> Array {
        list(self.model.input_shape())
    }

    /// Shape of the output.
    #[wasm_bindgen(getter, js_name = outputShape)]
    pub fn output_shape(&self) -> Array {
        list(self.model.output_shape())
    }

    /// Number of weights.
    #[wasm_bindgen(getter)]
    pub fn parameters(&self) -> f64 {
        self.model.parameters() as f64
    }

    /// Expands it at points, `[points, inputs]`; `rows` are directions, or variables of mixed terms, and `wanted` is all else that is asked for, as
    /// JSON. `pause` returns a promise that settles once the thread has looked at what else there is to do.
    ///
    /// # Errors
    /// Of the request, of the device, or that it was stopped.
    pub async fn expand(
        &self,
        points: Vec<f64>,
        rows: Vec<f64>,
        wanted: String,
        watch: &Watch,
        pause: Function,
    ) -> Result<Object, JsValue> {
        let wanted: Wanted = serde_json::from_str(&wanted).map_err(|error| wrong(&error))?;
        let (request, note) = wanted.request(points, rows).await.map_err(thrown)?;
        let begun = Instant::now();
        let job = Job::new(&self.model, &request).map_err(thrown)?;
        let plan = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let expansion = attended(expanded(&job, &request, watch), watch, &pause).await?;
        let compute = begun.elapsed().as_secs_f64();
        let seconds = Seconds { load: self.load, plan, compute, write: 0.0 };
        result(&job, &expansion, seconds, note)
    }
}

impl Network {
    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }
}

/// A result that can be relied on.
async fn expanded(job: &Job<'_>, request: &Request, watch: &Watch) -> hope::Result<Expansion> {
    let expansion = job.collect_async(&|progress| watch.note(progress)).await?;
    checked(request, &expansion.report)?;
    Ok(expansion)
}

/// What every result has: what it may claim.
///
/// # Errors
/// Never.
pub fn certified(report: &Report, note: Option<String>) -> Result<Object, JsValue> {
    let certificate = Object::new();
    set(&certificate, "exact", report.certificate.exact)?;
    set(&certificate, "reason", report.certificate.reason.as_str())?;
    let result = Object::new();
    set(&result, "certificate", certificate)?;
    set(&result, "note", note)?;
    Ok(result)
}

/// The arrays of RESULT.npz, by the same names, and what RESULT.json says.
fn result(
    job: &Job<'_>,
    expansion: &Expansion,
    seconds: Seconds,
    note: Option<String>,
) -> Result<Object, JsValue> {
    let result = certified(&expansion.report, note)?;
    let points = job.points();
    set(&result, "points", array(&expansion.points, &[points, job.model().inputs()])?)?;
    set(&result, "value", array(&expansion.value, &[points, job.outputs().len()])?)?;
    set(&result, job.request().terms.name(), array(&expansion.coefficients, &expansion.shape)?)?;
    if let Some(variables) = job.variables() {
        let terms = expansion.exponents.len() / variables.max(1);
        set(&result, "exponents", bytes(&expansion.exponents, &[terms, variables])?)?;
    }
    if !expansion.kinks.is_empty() {
        set(&result, "kink", array(&expansion.kinks, &[points, job.kink_distances()])?)?;
    }
    let record = Record { seconds, ..Record::new(job, &expansion.report) };
    set(&result, "report", js_sys::JSON::parse(&record.to_json())?)?;
    Ok(result)
}
