//! What `Model.expand` asks for.

use hope::plan::Method;
use hope::rays::Directions;
use hope::{Request, Terms};
use serde::Deserialize;

use crate::error::unknown;
use crate::place::Place;

/// The options as JSON, but for arrays of numbers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    pub order: usize,
    terms: Option<String>,
    #[serde(default = "exact")]
    method: String,
    outputs: Option<Vec<usize>>,
    /// Rows of second derivatives.
    inputs: Option<Vec<usize>>,
    #[serde(default = "auto")]
    device: String,
    precision: Option<String>,
    memory: Option<u64>,
    verify: Option<usize>,
    /// Shape of the directions, or of the variables of mixed terms.
    shape: Option<Vec<usize>>,
    /// Whether they are variables.
    #[serde(default)]
    subspace: bool,
}

fn exact() -> String {
    "exact".into()
}

fn auto() -> String {
    "auto".into()
}

impl Wanted {
    /// The request at some points, and what there is to say of where it runs.
    ///
    /// # Errors
    /// If a name means nothing, or there is no such device.
    pub async fn request(self, points: Vec<f64>, rows: Vec<f64>) -> hope::Result<(Request, Option<String>)> {
        let terms = self.terms(rows)?;
        let method = method(&self.method)?;
        let Place { device, precision, verify, note } =
            Place::new(&self.device, self.precision.as_deref(), self.order, self.verify).await?;
        let request = Request {
            terms,
            method,
            outputs: self.outputs,
            precision,
            device,
            memory: self.memory,
            verify,
            ..Request::new(points, self.order)
        };
        Ok((request, note))
    }

    fn terms(&self, rows: Vec<f64>) -> hope::Result<Terms> {
        let default = match (&self.shape, self.subspace) {
            (None, _) => "unmixed",
            (Some(_), true) => "mixed",
            (Some(_), false) => "along",
        };
        let name = self.terms.as_deref().unwrap_or(default);
        Ok(match (name, &self.shape, self.subspace) {
            ("unmixed", None, _) => Terms::Unmixed,
            ("mixed", None, _) => Terms::Mixed(None),
            ("mixed", Some(_), true) => Terms::subspace(rows),
            ("along", Some(shape), false) => Terms::Along(directions(shape, rows)),
            ("gradient", None, _) => Terms::Gradient(None),
            ("gradient", Some(shape), false) => Terms::Gradient(Some(directions(shape, rows))),
            ("hessian", None, _) => Terms::Hessian(self.inputs.clone()),
            _ => {
                let choices = "'unmixed', 'mixed' (perhaps in a subspace), 'along' with directions, 'gradient' (perhaps along \
                               directions), or 'hessian'";
                return Err(unknown("terms", name, choices));
            }
        })
    }
}

fn directions(shape: &[usize], rows: Vec<f64>) -> Directions {
    match *shape {
        [_, rays, inputs] => Directions::PerPoint { inputs, rays, rows },
        _ => Directions::Shared { inputs: shape.last().copied().unwrap_or(0), rows },
    }
}

fn method(name: &str) -> hope::Result<Method> {
    match name {
        "exact" => Ok(Method::Exact),
        "hope" => Ok(Method::Hope),
        _ => Err(unknown("method", name, "'exact', or 'hope' for the published rule")),
    }
}
