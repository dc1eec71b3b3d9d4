//! What the coefficients are for: thin calls of the library's applications.

use hope::discovery::{self, Discovery, Quality, Search};
use hope::model::Model;
use hope::plan::Method;
use hope::region::Region;
use hope::surrogate::{Accuracy, Surrogate};
use hope::trust::{Question, Trust, assess, proved};
use hope::{Certificate, Cost, Kinks, Report, Request, TermKind};
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{array, read};
use crate::error::raised;
use crate::network::Network;
use crate::polynomial::Polynomial;
use crate::run::beside;
use crate::wanted::{Wanted, method};

pub type Dict<'py> = PyResult<Bound<'py, PyDict>>;
pub type Floats<'py> = PyReadonlyArrayDyn<'py, f64>;

/// A result that can be relied on: what was computed once more agrees.
pub fn checked<T>(request: &Request, report: &Report, result: T) -> hope::Result<T> {
    report.verification.map_or(Ok(()), |verification| verification.check(request))?;
    Ok(result)
}

/// Its layers: name, operator, shape of the output, parameters, and what it does to smoothness.
#[pyfunction]
pub fn layers(network: &Bound<'_, Network>) -> Vec<(String, String, Vec<usize>, usize, &'static str)> {
    let layer = |node: &hope::model::Node| {
        (node.name.clone(), node.kind.clone(), node.shape.clone(), node.op.parameters(), node.character())
    };
    network.get().model.nodes().iter().map(layer).collect()
}

/// Where it isn't smooth.
#[pyfunction]
pub fn kinks(network: &Bound<'_, Network>) -> &'static str {
    match Kinks::of(&network.get().model) {
        Kinks::None => "none",
        Kinks::PiecewiseLinear => "piecewise linear",
        _ => "piecewise",
    }
}

/// Whether the published rule is exact for these terms, and why.
#[pyfunction]
pub fn rule(py: Python<'_>, network: &Bound<'_, Network>, terms: &str) -> PyResult<(bool, String)> {
    let kind = if terms == "mixed" { TermKind::Mixed } else { TermKind::Unmixed };
    let model = network.get().model.clone();
    beside(py, None, move |_| {
        if kind != TermKind::Mixed {
            // Operators that it has no answer for.
            cost_of(&model, Method::Hope, 1)?;
        }
        Certificate::new(&model, Method::Hope, kind)
    })
    .map(|certificate| (certificate.exact, certificate.reason))
}

/// What unmixed coefficients at a point take, in f64 on the processor: operations and bytes.
#[pyfunction]
pub fn cost(py: Python<'_>, network: &Bound<'_, Network>, order: usize, by: &str) -> PyResult<(f64, u64)> {
    let (model, by) = (network.get().model.clone(), method(by).map_err(raised)?);
    beside(py, None, move |_| cost_of(&model, by, order)).map(|cost| (cost.flops, cost.bytes))
}

/// The expression that the network has learnt in a box, `low` and `high`.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // of Python's keywords
pub fn discover<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    region: (Vec<f64>, Vec<f64>),
    output: usize,
    samples: usize,
    at: Option<Vec<f64>>,
    tolerance: f64,
    seed: u64,
    wanted: Wanted<'py>,
) -> Dict<'py> {
    let (low, high) = region;
    let (model, (_, request)) = (network.get().model.clone(), wanted.request(py)?);
    let search =
        Search { output, samples, tolerance, seed, ..Search::new(Region { low, high }, request.order) };
    let search = Search { at: at.unwrap_or(search.at.clone()), ..search };
    let found = beside(py, None, move |_| {
        let found = discovery::discover(&model, &search, &request)?;
        checked(&request, &found.report.clone(), found)
    })?;
    let Discovery { expression, quality, local, local_quality, terms, deviation, report, .. } = found;
    let result = network.get().claimed(py, &report)?;
    let of = |Quality { r_squared, max_error, .. }: Quality| (r_squared, max_error);
    result.set_item("expression", Polynomial::from(expression))?;
    result.set_item("quality", of(quality))?;
    result.set_item("local", Polynomial::from(local))?;
    result.set_item("local_quality", of(local_quality))?;
    result.set_item("deviation", deviation)?;
    let terms: Vec<_> = terms.into_iter().map(|t| (t.exponents, t.local, t.mean)).collect();
    result.set_item("terms", terms)?;
    Ok(result)
}

/// How far to trust the polynomials along rays.
#[pyfunction]
pub fn trust<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    points: Floats<'py>,
    question: (f64, Option<f64>, usize, bool),
    wanted: Wanted<'py>,
    progress: Option<Bound<'py, PyAny>>,
) -> Dict<'py> {
    let (tolerance, radius, checks, rigorous) = question;
    let (model, (_, mut request)) = (network.get().model.clone(), wanted.request(py)?);
    request.points = read(&points).1.into();
    let question = Question { tolerance, radius, checks };
    let (found, certain) = beside(py, progress.as_ref(), move |watch| {
        let found = assess(&model, &request, &question, &|progress| watch.note(progress))?;
        let found = checked(&request, &found.report.clone(), found)?;
        let certain = rigorous.then(|| proved(&model, &request, &found, tolerance)).transpose()?;
        Ok((found, certain))
    })?;
    let Trust { shape, convergence, growing, radius, limit, order, checks, report, .. } = found;
    let result = network.get().claimed(py, &report)?;
    result.set_item("convergence", array(py, convergence, &shape)?)?;
    result.set_item("growing", array(py, growing, &shape)?)?;
    result.set_item("radius", array(py, radius, &shape)?)?;
    result.set_item("limit", limit.into_iter().map(|limit| limit.name()).collect::<Vec<_>>())?;
    // 0 where no order suffices.
    let order = order.map(|all| all.into_iter().map(|order| order.unwrap_or(0) as u8).collect());
    result.set_item("order", order.map(|order| array(py, order, &shape)).transpose()?)?;
    result.set_item("proved", certain.map(|radii| array(py, radii, &shape)).transpose()?)?;
    let checks: Vec<_> =
        checks.iter().map(|c| (c.point, c.output, c.ray, c.t, c.estimate, c.measured)).collect();
    result.set_item("checks", checks)?;
    Ok(result)
}

/// How far a polynomial is from the network: over the ball of a radius, or over the largest one within a tolerance, searched from `radius` on.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // of Python's keywords
pub fn accuracy<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    polynomial: &Bound<'py, Polynomial>,
    output: usize,
    radius: f64,
    tolerance: Option<f64>,
    samples: usize,
    seed: u64,
) -> Dict<'py> {
    let (model, polynomial) = (network.get().itself(), polynomial.get().inner().clone());
    let (accuracy, limited) = beside(py, None, move |_| {
        let surrogate = Surrogate::new(&polynomial, &model, output)?;
        match tolerance {
            None => Ok((surrogate.accuracy(radius, samples, seed)?, None)),
            Some(tolerance) => {
                let reach = surrogate.reach(tolerance, radius, samples, seed)?;
                Ok((reach.accuracy, Some(reach.limited)))
            }
        }
    })?;
    let Accuracy { radius, samples, largest, mean, rms, spread, .. } = accuracy;
    let result = PyDict::new(py);
    result.set_item("radius", radius)?;
    result.set_item("samples", samples)?;
    result.set_item("largest", largest)?;
    result.set_item("mean", mean)?;
    result.set_item("rms", rms)?;
    result.set_item("spread", spread)?;
    result.set_item("limited", limited)?;
    Ok(result)
}

fn cost_of(model: &Model, method: Method, order: usize) -> hope::Result<Cost> {
    Cost::of(model, &Request { method, ..Request::new(Vec::new(), order) })
}
