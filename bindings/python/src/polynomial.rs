//! Taylor polynomials.

use hope::TaylorPolynomial;
use hope::polynomial::{Frame, Notation};
use numpy::{PyArrayDyn, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::arrays::{array, read};
use crate::error::raised;
use crate::run::beside;

/// A coefficient, and the powers of the variables that its term has.
type Term = (f64, Vec<(u32, u8)>);

/// A polynomial around a centre, in named variables.
#[pyclass(frozen, module = "hope._hope")]
pub struct Polynomial(TaylorPolynomial);

impl From<TaylorPolynomial> for Polynomial {
    fn from(polynomial: TaylorPolynomial) -> Self {
        Self(polynomial)
    }
}

impl Polynomial {
    /// The library's.
    pub fn inner(&self) -> &TaylorPolynomial {
        &self.0
    }

    fn of(made: hope::Result<TaylorPolynomial>) -> PyResult<Self> {
        made.map(Self).map_err(raised)
    }
}

/// The subspace `x = x0 + S t`.
fn in_frame(polynomial: TaylorPolynomial, origin: &[f64], rows: Vec<f64>) -> hope::Result<TaylorPolynomial> {
    polynomial.with_frame(Frame::new(origin.to_vec(), rows)?)
}

#[pymethods]
impl Polynomial {
    /// Additive: along each input, from coefficients `[orders, inputs]` at a point.
    #[staticmethod]
    fn unmixed(
        point: PyReadonlyArray1<f64>,
        value: f64,
        coefficients: PyReadonlyArray2<f64>,
    ) -> PyResult<Self> {
        let point = point.as_array().to_vec();
        let coefficients = coefficients.as_array();
        let terms = coefficients.indexed_iter().map(|((k, input), &c)| (vec![(input, k as u8 + 1)], c));
        Self::of(TaylorPolynomial::from_terms(&point, std::iter::once((Vec::new(), value)).chain(terms)))
    }

    /// From all monomials, in the inputs around a point or in the coordinates of a subspace through it.
    #[staticmethod]
    fn mixed(
        point: PyReadonlyArray1<f64>,
        exponents: PyReadonlyArrayDyn<u8>,
        coefficients: PyReadonlyArray1<f64>,
        subspace: Option<PyReadonlyArrayDyn<f64>>,
    ) -> PyResult<Self> {
        let point = point.as_array().to_vec();
        let exponents: Vec<u8> = exponents.as_array().iter().copied().collect();
        let coefficients = coefficients.as_array().to_vec();
        let made = match subspace {
            None => TaylorPolynomial::from_exponents(&point, &exponents, &coefficients),
            Some(subspace) => {
                let (shape, rows) = read(&subspace);
                let variables = shape.first().copied().unwrap_or(0);
                TaylorPolynomial::from_exponents(&vec![0.0; variables], &exponents, &coefficients)
                    .and_then(|p| p.with_names((1..=variables).map(|i| format!("t{i}"))))
                    .and_then(|p| in_frame(p, &point, rows))
            }
        };
        Self::of(made)
    }

    /// In t along one direction, from coefficients `[orders]`.
    #[staticmethod]
    fn along(
        point: PyReadonlyArray1<f64>,
        value: f64,
        coefficients: PyReadonlyArray1<f64>,
        direction: PyReadonlyArray1<f64>,
    ) -> PyResult<Self> {
        let point = point.as_array().to_vec();
        let terms = coefficients.as_array().to_vec().into_iter().zip(1..).map(|(c, k)| (vec![(0, k)], c));
        let terms = std::iter::once((Vec::new(), value)).chain(terms);
        let made = TaylorPolynomial::from_terms(&[0.0], terms)
            .and_then(|p| p.with_names(["t"]))
            .and_then(|p| in_frame(p, &point, direction.as_array().to_vec()));
        Self::of(made)
    }

    /// Reads the text that `to_json` writes.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        Self::of(TaylorPolynomial::from_json(text))
    }

    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The text of the polynomial: notation `text`, `latex` or `sympy`.
    fn format(&self, notation: &str, digits: Option<u8>) -> String {
        let notation = match notation {
            "latex" => Notation::Latex,
            "sympy" => Notation::Sympy,
            _ => Notation::Text,
        };
        self.0.format(notation, digits)
    }

    /// What is proved of it: lower ends, upper ends, remainder.
    #[getter]
    fn bound(&self) -> Option<(Vec<f64>, Vec<f64>, f64)> {
        self.0.bound().map(|bound| (bound.low.clone(), bound.high.clone(), bound.remainder))
    }

    /// Of points `[points, variables]` two numbers each, between which lies what it stands for; infinite where nothing is proved.
    fn bounds<'py>(
        &self,
        py: Python<'py>,
        points: PyReadonlyArray2<f64>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let points: Vec<f64> = points.as_array().iter().copied().collect();
        let found = self.0.bounds(&points).map_err(raised)?;
        let ends = |found: &Option<[f64; 2]>| found.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let values: Vec<f64> = found.iter().flat_map(ends).collect();
        array(py, values, &[found.len(), 2])
    }

    #[getter]
    fn variables(&self) -> Vec<String> {
        self.0.variables().to_vec()
    }

    #[getter]
    fn centre<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        array(py, self.0.centre().to_vec(), &[self.0.centre().len()])
    }

    /// The point and the directions of the subspace in whose coordinates it stands.
    #[getter]
    #[allow(clippy::type_complexity)] // two arrays, or none
    fn frame<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Option<(Bound<'py, PyArrayDyn<f64>>, Bound<'py, PyArrayDyn<f64>>)>> {
        let Some(frame) = self.0.frame() else { return Ok(None) };
        let (origin, directions) = (frame.origin().to_vec(), frame.directions().to_vec());
        let inputs = origin.len();
        Ok(Some((array(py, origin, &[inputs])?, array(py, directions, &[frame.variables(), inputs])?)))
    }

    #[getter]
    fn degree(&self) -> usize {
        self.0.degree()
    }

    #[getter]
    fn additive(&self) -> bool {
        self.0.is_additive()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn terms(&self) -> Vec<Term> {
        let factors =
            |term: &hope::polynomial::Term| term.factors.iter().map(|f| (f.variable, f.power)).collect();
        self.0.terms().map(|term| (term.coefficient, factors(&term))).collect()
    }

    /// Values at points `[points, variables]`.
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        points: PyReadonlyArrayDyn<'py, f64>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let (polynomial, (_, numbers)) = (self.0.clone(), read(&points));
        let values = beside(py, None, move |_| polynomial.evaluate_batch(&numbers))?;
        let count = values.len();
        array(py, values, &[count])
    }

    /// Gradients at points `[points, variables]`.
    fn gradient<'py>(
        &self,
        py: Python<'py>,
        points: PyReadonlyArrayDyn<'py, f64>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let (polynomial, (_, numbers)) = (self.0.clone(), read(&points));
        let gradients = beside(py, None, move |_| polynomial.gradient_batch(&numbers))?;
        array(py, gradients, points.shape())
    }

    fn recentre(&self, py: Python<'_>, centre: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let (polynomial, centre) = (self.0.clone(), centre.as_array().to_vec());
        beside(py, None, move |_| polynomial.recentre(&centre)).map(Self)
    }

    fn renamed(&self, names: Vec<String>) -> PyResult<Self> {
        Self::of(self.0.clone().with_names(names))
    }

    fn truncate(&self, degree: usize) -> Self {
        Self(self.0.truncate(degree))
    }

    fn largest(&self, count: usize) -> Self {
        Self(self.0.largest(count))
    }

    fn equals(&self, other: &Bound<'_, Self>) -> bool {
        self.0 == other.get().0
    }
}
