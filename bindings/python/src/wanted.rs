//! What `Model.expand` asks for.

use hope::plan::Method;
use hope::rays::Directions;
use hope::{Coefficient, Error, Operator, OperatorTerm, Request, Samples, Terms};
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;

use crate::arrays::read;
use crate::error::raised;
use crate::place::{Place, precision};

type Estimate = (Vec<usize>, usize, usize, u64);

/// The keys of a dictionary that `hope/_model.py` makes.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Wanted<'py> {
    order: usize,
    terms: String,
    /// Directions of rays `[rays, inputs]` or `[points, rays, inputs]`, or of variables `[variables, inputs]`.
    rows: Option<PyReadonlyArrayDyn<'py, f64>>,
    /// Rows of second derivatives.
    inputs: Option<Vec<usize>>,
    /// Terms of a differential operator: the inputs to derive by, and one coefficient, or that of each point.
    operator: Option<Vec<(Vec<usize>, Vec<f64>)>>,
    /// A power of a Laplacian to estimate in its place: its inputs, the power, how many random rays, and their seed.
    sampled: Option<Estimate>,
    method: String,
    outputs: Option<Vec<usize>>,
    device: String,
    precision: Option<String>,
    threads: Option<usize>,
    memory: Option<u64>,
    verify: Option<usize>,
}

/// What tells prepared requests apart.
#[derive(Clone, PartialEq)]
pub struct Key {
    order: usize,
    terms: String,
    rows: Option<(Vec<usize>, Vec<f64>)>,
    inputs: Option<Vec<usize>>,
    operator: Option<Vec<(Vec<usize>, Vec<f64>)>>,
    sampled: Option<Estimate>,
    method: String,
    outputs: Option<Vec<usize>>,
    device: String,
    precision: hope::Precision,
    threads: Option<usize>,
    memory: Option<u64>,
    verify: usize,
}

impl Key {
    /// Whether it is worth keeping: directions or coefficients of their own for each point are for these points only.
    pub fn lasts(&self) -> bool {
        let mut terms = self.operator.iter().flatten();
        self.rows.as_ref().is_none_or(|(shape, _)| shape.len() == 2)
            && terms.all(|(_, numbers)| numbers.len() == 1)
    }
}

impl Wanted<'_> {
    /// The request, without points; its device is open.
    ///
    /// # Errors
    /// If a name means nothing, or there is no such device.
    pub fn request(self, py: Python<'_>) -> PyResult<(Key, Request)> {
        let rows = self.rows.as_ref().map(read);
        let terms = match &self.sampled {
            Some(sampled) => Terms::Operator(estimated(sampled.clone())),
            None => terms(&self.terms, rows.clone(), self.inputs.clone(), self.operator.clone())
                .map_err(raised)?,
        };
        let method = method(&self.method).map_err(raised)?;
        let precision = self.precision.as_deref().map(precision).transpose()?;
        let Place { device, precision, verify } =
            Place::new(py, &self.device, precision, self.order, self.verify)?;
        let key = Key {
            order: self.order,
            terms: self.terms,
            rows,
            inputs: self.inputs,
            operator: self.operator,
            sampled: self.sampled,
            method: self.method,
            outputs: self.outputs.clone(),
            device: self.device,
            precision,
            threads: self.threads,
            memory: self.memory,
            verify,
        };
        let request = Request {
            terms,
            method,
            outputs: self.outputs,
            precision,
            device,
            memory: self.memory,
            threads: self.threads,
            verify,
            ..Request::new(Vec::new(), self.order)
        };
        Ok((key, request))
    }
}

fn estimated((inputs, power, count, seed): Estimate) -> Operator {
    let samples = Samples { count, seed };
    match power {
        1 => Operator::sampled_laplacian(inputs, samples),
        _ => Operator::sampled_biharmonic(inputs, samples),
    }
}

fn terms(
    name: &str,
    rows: Option<(Vec<usize>, Vec<f64>)>,
    inputs: Option<Vec<usize>>,
    operator: Option<Vec<(Vec<usize>, Vec<f64>)>>,
) -> hope::Result<Terms> {
    let directions = |(shape, rows): (Vec<usize>, Vec<f64>)| match shape[..] {
        [_, rays, inputs] => Directions::PerPoint { inputs, rays, rows },
        _ => Directions::Shared { inputs: shape.last().copied().unwrap_or(0), rows },
    };
    Ok(match (name, rows) {
        ("unmixed", _) => Terms::Unmixed,
        ("mixed", None) => Terms::Mixed(None),
        ("mixed", Some((_, rows))) => Terms::subspace(rows),
        ("along", Some(rows)) => Terms::Along(directions(rows)),
        ("gradient", rows) => Terms::Gradient(rows.map(directions)),
        ("hessian", None) => Terms::Hessian(inputs),
        ("operator", None) => {
            let term = |(derivative, numbers): (Vec<usize>, Vec<f64>)| OperatorTerm {
                derivative,
                coefficient: match numbers[..] {
                    [number] => number.into(),
                    _ => Coefficient::PerPoint(numbers),
                },
            };
            Terms::Operator(Operator::new(operator.into_iter().flatten().map(term).collect()))
        }
        _ => {
            let choices = "'unmixed', 'mixed', 'along' with directions, 'gradient', 'hessian', or 'operator'";
            return Err(unknown("terms", name, choices));
        }
    })
}

/// A method by its name.
///
/// # Errors
/// If there is no such method.
pub fn method(name: &str) -> hope::Result<Method> {
    match name {
        "exact" => Ok(Method::Exact),
        "hope" => Ok(Method::Hope),
        _ => Err(unknown("method", name, "'exact', or 'hope' for the published rule")),
    }
}

fn unknown(what: &str, name: &str, choices: &str) -> Error {
    Error::Text { text: name.into(), cause: format!("{what} '{name}': choose {choices}") }
}
