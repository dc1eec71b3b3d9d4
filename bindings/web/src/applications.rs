//! What the coefficients are for: thin calls of the library's applications.

use hope::attribution::{self, Push};
use hope::{Report, Request};
use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

use crate::error::{thrown, wrong};
use crate::network::{Network, certified};
use crate::numbers::{array, list, set};
use crate::run::{Watch, attended};
use crate::wanted::Wanted;

#[wasm_bindgen]
impl Network {
    /// Predicted changes of an output for changing each input, alone: `push` is one amount, one for each input, or where `to` is set a baseline.
    ///
    /// # Errors
    /// As [`Self::expand`].
    #[allow(clippy::too_many_arguments)] // of JavaScript
    pub async fn heatmap(
        &self,
        point: Vec<f64>,
        output: usize,
        push: Vec<f64>,
        to: bool,
        wanted: String,
        watch: &Watch,
        pause: Function,
    ) -> Result<Object, JsValue> {
        let (request, note) = request(&wanted).await?;
        let push = match push[..] {
            _ if to => Push::To(push),
            [delta] => Push::By(delta),
            _ => Push::ByEach(push),
        };
        let model = self.model();
        let work = async {
            let deltas = push.deltas(&point)?;
            let found = attribution::heatmap_async(model, &point, output, &deltas, &request).await?;
            checked(&request, &found.report)?;
            Ok(found)
        };
        let found = attended(work, watch, &pause).await?;
        let result = certified(&found.report, note)?;
        let shape: Vec<usize> = [request.order].iter().chain(model.input_shape()).copied().collect();
        set(&result, "value", found.value)?;
        set(&result, "predicted", array(&found.predicted, &shape)?)?;
        set(&result, "acrossKinks", found.across_kinks as f64)?;
        Ok(result)
    }

    /// Second-order coefficients of pairs of inputs: of those that are named, or of the `count` that matter most by themselves for a change by `delta`.
    ///
    /// # Errors
    /// As [`Self::expand`].
    #[allow(clippy::too_many_arguments)] // of JavaScript
    pub async fn interactions(
        &self,
        point: Vec<f64>,
        output: usize,
        inputs: Vec<usize>,
        count: usize,
        delta: f64,
        wanted: String,
        watch: &Watch,
        pause: Function,
    ) -> Result<Object, JsValue> {
        let (request, note) = request(&wanted).await?;
        let model = self.model();
        let work = async {
            let mut inputs = inputs;
            if inputs.is_empty() {
                let all = count.min(model.inputs());
                inputs = attribution::strongest_async(model, &point, output, all, delta, &request).await?;
                inputs.sort_unstable();
            }
            let found = attribution::interactions_async(model, &point, output, &inputs, &request).await?;
            checked(&request, &found.report)?;
            Ok(found)
        };
        let found = attended(work, watch, &pause).await?;
        let result = certified(&found.report, note)?;
        let size = found.inputs.len();
        set(&result, "inputs", list(&found.inputs))?;
        set(&result, "matrix", array(&found.matrix, &[size, size])?)?;
        let pairs = Array::new();
        for pair in &found.pairs {
            let entry = Object::new();
            set(&entry, "inputs", list(&pair.inputs))?;
            set(&entry, "coefficient", pair.coefficient)?;
            pairs.push(&entry);
        }
        set(&result, "pairs", pairs)?;
        Ok(result)
    }
}

async fn request(wanted: &str) -> Result<(Request, Option<String>), JsValue> {
    let wanted: Wanted = serde_json::from_str(wanted).map_err(|error| wrong(&error))?;
    wanted.request(Vec::new(), Vec::new()).await.map_err(thrown)
}

/// An error if what was computed once more doesn't agree.
pub fn checked(request: &Request, report: &Report) -> hope::Result<()> {
    report.verification.map_or(Ok(()), |verification| verification.check(request))
}
