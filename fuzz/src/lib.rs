//! What the fuzz targets do with an input: whatever it is, an error or a right result, in bounded time and memory.
//!
//! A target is one function of bytes, so that an input that was found can be run again anywhere. How to run them: `README.md`.

mod mutator;
mod random;

pub use mutator::mutate;
pub use random::Random;

use std::io::Cursor;

use hope::model::Model;
use hope::ndarray::{ArrayD, IxDyn};
use hope::npy::{self, NpzReader};
use hope::onnx::ImportOptions;
use hope::polynomial::Notation;
use hope::property::Property;
use hope::{Cost, Method, Request, TaylorPolynomial, Terms, expand};

/// Memory that an expansion may take.
const MEMORY: u64 = 64 << 20;

/// Operations up to which an expansion is run: a tenth of a second.
const OPERATIONS: f64 = 2e7;

/// Inputs of a network up to which a point is made.
const INPUTS: usize = 1 << 16;

/// An ONNX file: read, and expanded to order 2 in all three ways. What it leaves open is as it may be given: an input fixed, points flat.
pub fn onnx(bytes: &[u8]) {
    let more = ImportOptions {
        points: Some(vec![1, 6]),
        fixed: vec![("second".into(), ArrayD::from_elem(IxDyn(&[]), 1.0))],
        memory: Some(MEMORY),
        ..ImportOptions::default()
    };
    let models = [ImportOptions { memory: Some(MEMORY), ..ImportOptions::default() }, more]
        .map(|options| Model::from_onnx_bytes(bytes.to_vec(), &options));
    models.into_iter().flatten().take(1).for_each(|model| expanded(&model));
}

fn expanded(model: &Model) {
    if model.inputs() > INPUTS {
        return;
    }
    let point: Vec<f64> = (0..model.inputs()).map(|i| (i % 7) as f64 * 0.25 - 0.5).collect();
    for (method, terms) in
        [(Method::Exact, Terms::Unmixed), (Method::Exact, Terms::Mixed(None)), (Method::Hope, Terms::Unmixed)]
    {
        let request = Request {
            method,
            terms,
            memory: Some(MEMORY),
            threads: Some(1),
            ..Request::new(point.clone(), 2)
        };
        let Ok(cost) = Cost::of(model, &request) else { continue };
        if cost.flops > OPERATIONS || model.nodes().len() > 1000 {
            continue;
        }
        if let Ok(expansion) = expand(model, &request) {
            let numbers = expansion.value.iter().chain(&expansion.coefficients);
            assert!(numbers.copied().all(f64::is_finite), "a result that is not finite");
        }
    }
}

/// Arrays: an `.npz` archive if it begins as one, else `.npy`.
pub fn arrays(bytes: &[u8]) {
    if !bytes.starts_with(b"PK") {
        let size = bytes.len() as u64;
        if let Ok(array) = npy::read_from(bytes, size) {
            let count: usize = array.shape.iter().product();
            assert_eq!(count, array.values.len());
        }
        let _ = npy::read_texts(bytes, size);
        return;
    }
    let Ok(mut archive) = NpzReader::new(Cursor::new(bytes)) else { return };
    for name in ["a", "b", "points", "names", ""] {
        let _ = archive.array(name);
        let _ = archive.texts(name);
    }
}

/// Properties of networks: what is read says of points what it says, whatever they are.
pub fn properties(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(property) = Property::parse(text) else { return };
    let outputs = vec![0.5; property.outputs()];
    for case in property.cases() {
        let ends = case.low.iter().chain(&case.high);
        assert!(ends.copied().all(f64::is_finite) && !case.unsafe_if.is_empty(), "a box without ends");
        let _ = property.is_unsafe(case, &case.low, &outputs);
    }
}

/// Polynomials: `.npz` if it begins as such an archive, else `.json`. What is read is evaluated, moved, printed, and written and read
/// again.
pub fn polynomials(bytes: &[u8]) {
    let read = if bytes.starts_with(b"PK") {
        TaylorPolynomial::read_npz(Cursor::new(bytes))
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        TaylorPolynomial::from_json(text)
    };
    let Ok(polynomial) = read else { return };
    let again = TaylorPolynomial::from_json(&polynomial.to_json());
    assert!(again.is_ok_and(|again| again == polynomial), "what is written is not what is read");
    for notation in [Notation::Text, Notation::Latex, Notation::Sympy] {
        let _ = polynomial.format(notation, Some(3));
    }
    let _ = polynomial.evaluate(polynomial.centre());
    if polynomial.len() < 100 && polynomial.variables().len() < 4 && polynomial.degree() < 9 {
        let moved: Vec<f64> = polynomial.centre().iter().map(|x| x + 0.5).collect();
        let _ = polynomial.recentre(&moved);
    }
}
