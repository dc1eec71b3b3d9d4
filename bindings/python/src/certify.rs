//! Proofs over regions: thin calls of `hope::certify`.

use hope::certify::{self, Domain, Enclosure, Options, Outcome, Verdict};
use hope::polynomial::TaylorPolynomial;
use hope::property::Property;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::applications::{Dict, Floats};
use crate::arrays::{array, read};
use crate::error::raised;
use crate::network::Network;
use crate::polynomial::Polynomial;
use crate::run::beside;

/// Which region: inputs within a radius of a point, or a subspace, or a box.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Region<'py> {
    point: Floats<'py>,
    radius: f64,
    inputs: Vec<usize>,
    /// `[d, p]`, in place of inputs.
    subspace: Option<Floats<'py>>,
    /// `[2, p]`, in place of all others.
    corners: Option<Floats<'py>>,
}

impl Region<'_> {
    fn domain(&self) -> hope::Result<Domain> {
        let (point, radius) = (read(&self.point).1, self.radius);
        match (&self.corners, &self.subspace) {
            (Some(corners), _) => {
                let corners = read(corners).1;
                let (low, high) = corners.split_at(corners.len() / 2);
                Domain::between(low, high)
            }
            (None, Some(rows)) => Domain::along(&point, &read(rows).1, radius),
            (None, None) => Domain::of_inputs(&point, &self.inputs, radius),
        }
    }
}

/// Degree, outputs, threads and bytes of memory.
type How = (usize, Option<Vec<usize>>, Option<usize>, Option<u64>);

fn options((order, outputs, threads, memory): How) -> Options {
    Options { order, outputs, threads, memory, watch: None }
}

/// Polynomials over a region, or with a tolerance over the largest part of it, and how far the network is from them at the most.
#[pyfunction]
#[pyo3(name = "certify")]
pub fn prove<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    region: Region<'py>,
    tolerance: Option<f64>,
    how: How,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let (model, domain) = (network.get().itself(), region.domain().map_err(raised)?);
    let options = options(how);
    let found = beside(py, None, move |_| match tolerance {
        None => certify::certify(&model, &domain, &options).map(Some),
        Some(tolerance) => {
            let found = certify::largest(&model, std::slice::from_ref(&domain), tolerance, &options)?;
            Ok(found.into_iter().next().flatten())
        }
    })?;
    found.map(|found| enclosure(py, found)).transpose()
}

fn enclosure(py: Python<'_>, found: Enclosure) -> Dict<'_> {
    let result = PyDict::new(py);
    let polynomials: hope::Result<Vec<TaylorPolynomial>> =
        (0..found.outputs.len()).map(|i| found.taylor_polynomial(i)).collect();
    let polynomials = polynomials.map_err(raised)?;
    // Also of what dividing by powers of the radii rounds.
    let of = |p: &TaylorPolynomial| p.bound().map_or(f64::INFINITY, |bound| bound.remainder);
    let remainders: Vec<f64> = polynomials.iter().map(of).collect();
    let polynomials: Vec<Polynomial> = polynomials.into_iter().map(Polynomial::from).collect();
    result.set_item("polynomials", polynomials)?;
    let (outputs, coordinates) = (found.outputs.len(), found.domain.coordinates());
    result.set_item("radius", array(py, found.domain.radii().to_vec(), &[coordinates])?)?;
    result.set_item("remainder", array(py, remainders, &[outputs])?)?;
    result.set_item("range", array(py, found.ranges.into_flattened(), &[outputs, 2])?)?;
    let undecided: Vec<_> = found.undecided.into_iter().map(|u| (u.layer, u.units, u.of)).collect();
    result.set_item("undecided", undecided)?;
    Ok(result)
}

/// The verdict, another class, by how much it may exceed, a point.
type Found = (&'static str, Option<usize>, Option<f64>, Option<Vec<f64>>);

/// Whether a class is the largest output everywhere in a region: "proved", "open" with the other class and its excess, or "refuted" with it and a point.
#[pyfunction]
pub fn prove_class<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    region: Region<'py>,
    class_and_pieces: (usize, usize),
    how: How,
) -> PyResult<Found> {
    let (model, domain) = (network.get().itself(), region.domain().map_err(raised)?);
    let (options, (class, pieces)) = (options(how), class_and_pieces);
    let found = beside(py, None, move |_| certify::prove_class(&model, &[domain], class, pieces, &options))?;
    Ok(match found.into_iter().next() {
        Some(Verdict::Proved) => ("proved", None, None, None),
        Some(Verdict::Refuted { other, point }) => ("refuted", Some(other), None, Some(point)),
        Some(Verdict::Open { other, excess }) => ("open", Some(other), Some(excess), None),
        None => ("open", None, None, None),
    })
}

/// The verdict, boxes that were looked at, the part that is proved, and a point with its outputs.
type Proof = (&'static str, usize, f64, Option<(Vec<f64>, Vec<f64>)>);

/// Whether a property in VNN-LIB holds: "proved", "open", or "refuted" with a point.
#[pyfunction]
pub fn prove_property(
    py: Python<'_>,
    network: &Bound<'_, Network>,
    path: std::path::PathBuf,
    pieces: usize,
    how: How,
) -> PyResult<Proof> {
    let model = network.get().itself();
    let options = options(how);
    let found = beside(py, None, move |_| {
        certify::prove_property(&model, &Property::read(&path)?, pieces, &options)
    })?;
    let (verdict, point) = match found.outcome {
        Outcome::Holds => ("proved", None),
        Outcome::Open => ("open", None),
        Outcome::Violated { point, outputs } => ("refuted", Some((point, outputs))),
    };
    Ok((verdict, found.boxes, found.proved, point))
}

/// The same polynomial with what is proved of it within a radius of its centre.
#[pyfunction]
pub fn bounded(
    py: Python<'_>,
    network: &Bound<'_, Network>,
    polynomial: &Bound<'_, Polynomial>,
    output: usize,
    radius: f64,
    how: How,
) -> PyResult<Polynomial> {
    let (model, polynomial) = (network.get().itself(), polynomial.get().inner().clone());
    let options = options(how);
    let found = beside(py, None, move |_| certify::bounded(&model, polynomial, output, radius, &options))?;
    Ok(found.into())
}
