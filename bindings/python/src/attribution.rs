//! Which inputs matter: thin calls of `hope::attribution`.

use hope::attribution::{self, Groups, Push, Way};
use pyo3::prelude::*;

use crate::applications::{Dict, Floats, checked};
use crate::arrays::{array, read};
use crate::error::raised;
use crate::network::Network;
use crate::run::beside;
use crate::wanted::Wanted;

/// Predicted changes of an output for changing each input, or group of inputs, alone: `[orders, inputs]`, `[orders, groups]`.
#[pyfunction]
pub fn heatmap<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    point: Floats<'py>,
    output: usize,
    push: (f64, Option<Floats<'py>>, Option<Floats<'py>>),
    groups: Option<Vec<usize>>,
    wanted: Wanted<'py>,
) -> Dict<'py> {
    let (delta, deltas, baseline) = push;
    let (model, (_, request)) = (network.get().model.clone(), wanted.request(py)?);
    let point = read(&point).1;
    let push = match (deltas, baseline) {
        (Some(deltas), _) => Push::ByEach(read(&deltas).1),
        (None, Some(baseline)) => Push::To(read(&baseline).1),
        (None, None) => Push::By(delta),
    };
    let deltas = push.deltas(&point).map_err(raised)?;
    let order = request.order;
    let found = beside(py, None, move |_| {
        let found = match groups {
            None => attribution::heatmap(&model, &point, output, &deltas, &request)?,
            Some(groups) => {
                attribution::heatmap_of(&model, &point, output, &deltas, &Groups::new(groups)?, &request)?
            }
        };
        checked(&request, &found.report.clone(), found)
    })?;
    let result = network.get().claimed(py, &found.report)?;
    let columns = found.predicted.len() / order;
    result.set_item("value", found.value)?;
    result.set_item("predicted", array(py, found.predicted, &[order, columns])?)?;
    result.set_item("across_kinks", found.across_kinks)?;
    Ok(result)
}

/// The change of an output on the way to a baseline, shared among the inputs, `[orders, inputs]`.
#[pyfunction]
pub fn along<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    from: Floats<'py>,
    to: Floats<'py>,
    output: usize,
    steps: (Option<usize>, usize, f64),
    wanted: Wanted<'py>,
) -> Dict<'py> {
    let (steps, most, tolerance) = steps;
    let (model, (_, request)) = (network.get().model.clone(), wanted.request(py)?);
    let (from, to) = (read(&from).1, read(&to).1);
    let order = request.order;
    let found = beside(py, None, move |_| {
        let way = Way { from: &from, to: &to, steps, most, tolerance };
        let found = attribution::along(&model, output, &way, &request)?;
        checked(&request, &found.report.clone(), found)
    })?;
    let result = network.get().claimed(py, &found.report)?;
    let inputs = network.get().model.inputs();
    result.set_item("value", found.value)?;
    result.set_item("change", found.change)?;
    result.set_item("shares", array(py, found.shares, &[order, inputs])?)?;
    result.set_item("steps", found.steps)?;
    result.set_item("reached", found.reached)?;
    result.set_item("estimated", array(py, found.estimated, &[order])?)?;
    result.set_item("measured", array(py, found.measured, &[order])?)?;
    Ok(result)
}

/// Second-order coefficients of inputs, of those that matter most by themselves, or of groups.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // of Python's keywords
pub fn interactions<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    point: Floats<'py>,
    output: usize,
    inputs: Option<Vec<usize>>,
    strongest: (usize, f64),
    groups: Option<Vec<usize>>,
    wanted: Wanted<'py>,
) -> Dict<'py> {
    let (count, delta) = strongest;
    let (model, (_, request)) = (network.get().model.clone(), wanted.request(py)?);
    let point = read(&point).1;
    let found = beside(py, None, move |_| {
        let found = match (groups, inputs) {
            (Some(groups), _) => {
                attribution::interactions_of(&model, &point, output, &Groups::new(groups)?, &request)?
            }
            (None, Some(inputs)) => attribution::interactions(&model, &point, output, &inputs, &request)?,
            (None, None) => {
                let mut chosen = attribution::strongest(&model, &point, output, count, delta, &request)?;
                chosen.sort_unstable();
                attribution::interactions(&model, &point, output, &chosen, &request)?
            }
        };
        checked(&request, &found.report.clone(), found)
    })?;
    let result = network.get().claimed(py, &found.report)?;
    let count = found.inputs.len();
    result.set_item("inputs", found.inputs)?;
    result.set_item("matrix", array(py, found.matrix, &[count, count])?)?;
    let pairs: Vec<_> = found.pairs.iter().map(|p| (p.inputs[0], p.inputs[1], p.coefficient)).collect();
    result.set_item("pairs", pairs)?;
    Ok(result)
}

/// Eigenvalues and -vectors of an output's Hessian, the largest by absolute value first.
#[pyfunction]
pub fn spectrum<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    point: Floats<'py>,
    output: usize,
    count: Option<usize>,
    wanted: Wanted<'py>,
) -> Dict<'py> {
    let (model, (_, request)) = (network.get().model.clone(), wanted.request(py)?);
    let point = read(&point).1;
    let found = beside(py, None, move |_| {
        let found = attribution::spectrum(&model, &point, output, count, &request)?;
        checked(&request, &found.report.clone(), found)
    })?;
    let result = network.get().claimed(py, &found.report)?;
    let (count, inputs) = (found.eigenvalues.len(), network.get().model.inputs());
    result.set_item("value", found.value)?;
    result.set_item("eigenvalues", array(py, found.eigenvalues, &[count])?)?;
    result.set_item("eigenvectors", array(py, found.eigenvectors, &[count, inputs])?)?;
    result.set_item("residuals", array(py, found.residuals, &[count])?)?;
    result.set_item("products", found.products)?;
    Ok(result)
}
