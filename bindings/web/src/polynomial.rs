//! Taylor polynomials: evaluated, moved, written.

use hope::polynomial::{Frame, Notation};
use hope::{Result, TaylorPolynomial};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::{thrown, unknown};

/// A polynomial around a centre, in named variables.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Polynomial(TaylorPolynomial);

/// The subspace `x = x0 + S t`.
fn in_frame(polynomial: TaylorPolynomial, origin: Vec<f64>, rows: Vec<f64>) -> Result<TaylorPolynomial> {
    polynomial.with_frame(Frame::new(origin, rows)?)
}

fn numbered(letter: char, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |i| format!("{letter}{i}"))
}

#[wasm_bindgen]
impl Polynomial {
    /// Additive: along each input, from coefficients `[orders, inputs]` at a point.
    ///
    /// # Errors
    /// If a number isn't finite.
    pub fn unmixed(point: &[f64], value: f64, coefficients: &[f64]) -> std::result::Result<Self, JsValue> {
        let rows = coefficients.chunks_exact(point.len().max(1)).zip(1..);
        let terms = rows.flat_map(|(row, k)| row.iter().enumerate().map(move |(i, &c)| (vec![(i, k)], c)));
        Self::of(TaylorPolynomial::from_terms(point, std::iter::once((Vec::new(), value)).chain(terms)))
    }

    /// From all monomials, in the inputs around a point, or in the coordinates of a subspace through it, if there are directions of one.
    ///
    /// # Errors
    /// If sizes don't match, or a number isn't finite.
    pub fn mixed(
        point: Vec<f64>,
        exponents: &[u8],
        coefficients: &[f64],
        subspace: Vec<f64>,
    ) -> std::result::Result<Self, JsValue> {
        if subspace.is_empty() {
            return Self::of(TaylorPolynomial::from_exponents(&point, exponents, coefficients));
        }
        let variables = subspace.len() / point.len().max(1);
        let made = TaylorPolynomial::from_exponents(&vec![0.0; variables], exponents, coefficients)
            .and_then(|p| p.with_names(numbered('t', variables)))
            .and_then(|p| in_frame(p, point, subspace));
        Self::of(made)
    }

    /// In t along one direction, from coefficients of orders 1, 2, ….
    ///
    /// # Errors
    /// If a number isn't finite.
    pub fn along(
        point: Vec<f64>,
        value: f64,
        coefficients: &[f64],
        direction: Vec<f64>,
    ) -> std::result::Result<Self, JsValue> {
        let terms = coefficients.iter().zip(1..).map(|(&c, k)| (vec![(0, k)], c));
        let terms = std::iter::once((Vec::new(), value)).chain(terms);
        let made = TaylorPolynomial::from_terms(&[0.0], terms)
            .and_then(|p| p.with_names(["t"]))
            .and_then(|p| in_frame(p, point, direction));
        Self::of(made)
    }

    /// Reads the text that `toJson` writes, which is also that of the program.
    ///
    /// # Errors
    /// If it isn't one.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(text: &str) -> std::result::Result<Self, JsValue> {
        Self::of(TaylorPolynomial::from_json(text))
    }

    /// As a text to be read again.
    #[wasm_bindgen(js_name = toJson)]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// As people write it: `text`, `latex` or `sympy`.
    ///
    /// # Errors
    /// If there is no such notation.
    pub fn text(&self, notation: &str, digits: Option<u8>) -> std::result::Result<String, JsValue> {
        let notation = match notation {
            "text" => Notation::Text,
            "latex" => Notation::Latex,
            "sympy" => Notation::Sympy,
            _ => return Err(thrown(unknown("notation", notation, "'text', 'latex' or 'sympy'"))),
        };
        Ok(self.0.format(notation, digits))
    }

    /// Names of the variables.
    #[wasm_bindgen(getter)]
    pub fn variables(&self) -> Array {
        self.0.variables().iter().map(|name| JsValue::from(name.as_str())).collect()
    }

    /// The point around which it stands.
    #[wasm_bindgen(getter)]
    pub fn centre(&self) -> Vec<f64> {
        self.0.centre().to_vec()
    }

    /// Highest degree of a term.
    #[wasm_bindgen(getter)]
    pub fn degree(&self) -> usize {
        self.0.degree()
    }

    /// Number of terms.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Values at points `[points, variables]`.
    ///
    /// # Errors
    /// If the numbers don't make points, or a value overflows.
    pub fn evaluate(&self, points: &[f64]) -> std::result::Result<Vec<f64>, JsValue> {
        self.0.evaluate_batch(points).map_err(thrown)
    }

    /// Derivatives by the variables at points, in the same shape.
    ///
    /// # Errors
    /// If the numbers don't make points, or a derivative overflows.
    pub fn gradient(&self, points: &[f64]) -> std::result::Result<Vec<f64>, JsValue> {
        self.0.gradient_batch(points).map_err(thrown)
    }

    /// The same polynomial around another centre.
    ///
    /// # Errors
    /// If it has another number of coordinates, or numbers overflow.
    pub fn recentre(&self, centre: &[f64]) -> std::result::Result<Self, JsValue> {
        Self::of(self.0.recentre(centre))
    }
}

impl Polynomial {
    fn of(made: Result<TaylorPolynomial>) -> std::result::Result<Self, JsValue> {
        made.map(Self).map_err(thrown)
    }
}
