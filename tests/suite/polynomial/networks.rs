//! Polynomials of real networks predict them.

use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Expansion, Method, Request, TaylorPolynomial, Terms, expand};

use super::message;
use crate::common::{Truth, path, relative_error};

fn load(name: &str) -> Model {
    Model::from_onnx(path("tests/fixtures/reference").join(name), &ImportOptions::default()).unwrap()
}

fn values(model: &Model, points: Vec<f64>) -> Vec<f64> {
    expand(model, &Request::new(points, 1)).unwrap().value
}

/// A point near another, the same each time.
fn near(x: &[f64], radius: f64) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| x + radius * (1.0 + 3.0 * i as f64).sin()).collect()
}

#[test]
fn mixed_polynomials_predict_the_network() {
    for (name, degree) in [("discover_2d", 4), ("discover_5d", 4)] {
        let model = load(&format!("{name}.onnx"));
        let mut truth = Truth::open(&path(&format!("tests/fixtures/reference/{name}.npz")));
        let (points, mixed, exponents) = (truth.values("points"), truth.values("mixed"), truth.exponents());
        let (d, terms) = (model.inputs(), exponents.len() / model.inputs());
        let request = Request { terms: Terms::Mixed(None), ..Request::new(points.clone(), degree) };
        let expansion = expand(&model, &request).unwrap();
        for (b, x) in points.chunks_exact(d).enumerate() {
            let p = TaylorPolynomial::from_expansion(&expansion, &request, b, 0).unwrap();
            let q = TaylorPolynomial::from_exponents(x, &exponents, &mixed[b * terms..][..terms]).unwrap();
            assert_eq!((p.centre(), p.degree(), p.len()), (x, degree, terms));
            // Coefficients as independent automatic differentiation has them.
            let found = exponents.chunks_exact(d).map(|powers| p.coefficient(powers).unwrap());
            assert!(relative_error(found, mixed[b * terms..][..terms].iter().copied()) < 1e-9);
            // The remainder is of order 5: a tenth of the distance, 1e-5 of the error.
            let error = |radius: f64| {
                let y = near(x, radius);
                let network = values(&model, y.clone())[0];
                assert!((q.evaluate(&y).unwrap() - p.evaluate(&y).unwrap()).abs() < 1e-10);
                (p.evaluate(&y).unwrap() - network).abs()
            };
            assert!(error(0.01) < 1e-7, "{name}: {}", error(0.01));
            assert!(error(0.1) < 2e-2, "{name}: {}", error(0.1));
        }
    }
}

#[test]
fn subspaces_and_rays_know_their_inputs() {
    let model = load("discover_5d.onnx");
    let x0 = [0.2, -0.1, 0.4, 0.0, -0.3];
    let s = [0.5, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.2, 0.0, 0.3];
    let request = Request { terms: Terms::subspace(&s), ..Request::new(x0.to_vec(), 6) };
    let p = TaylorPolynomial::from_expansion(&expand(&model, &request).unwrap(), &request, 0, 0).unwrap();
    assert_eq!((p.variables(), p.centre()), (&["t1".to_string(), "t2".to_string()][..], &[0.0, 0.0][..]));
    let t = [0.03, -0.04];
    let x = p.to_inputs(&t).unwrap();
    for i in 0..5 {
        assert!((x[i] - (x0[i] + t[0] * s[i] + t[1] * s[5 + i])).abs() < 1e-15);
    }
    let network = values(&model, x.clone())[0];
    assert!((p.evaluate(&t).unwrap() - network).abs() < 1e-7);
    // Another centre, the same subspace.
    let q = p.recentre(&t).unwrap();
    assert_eq!(q.to_inputs(&t).unwrap(), x);
    assert!((q.coefficient(&[0, 0]).unwrap() - network).abs() < 1e-7);

    let rays = Directions::Shared { inputs: 5, rows: s.to_vec() };
    let request = Request { terms: Terms::Along(rays), ..Request::new(x0.to_vec(), 6) };
    let expansion = expand(&model, &request).unwrap();
    let ray = TaylorPolynomial::along_ray(&expansion, &request, 0, 0, 1).unwrap();
    assert_eq!((ray.variables(), ray.degree()), (&["t".to_string()][..], 6));
    assert!((ray.evaluate(&[-0.04]).unwrap() - p.evaluate(&[0.0, -0.04]).unwrap()).abs() < 1e-9);
    let network = values(&model, ray.to_inputs(&[-0.04]).unwrap())[0];
    assert!((ray.evaluate(&[-0.04]).unwrap() - network).abs() < 1e-7);
    assert!(
        message(TaylorPolynomial::from_expansion(&expansion, &request, 0, 0))
            .contains("one of the 2 directions")
    );
    assert!(message(TaylorPolynomial::along_ray(&expansion, &request, 0, 0, 2)).contains("no direction 2"));
}

#[test]
fn additive_polynomials_hold_along_each_axis() {
    let model = load("discover_2d.onnx");
    let request = Request::new(vec![0.1, 0.2, -0.3, 0.4], 6);
    let expansion = expand(&model, &request).unwrap();
    let p = TaylorPolynomial::from_expansion(&expansion, &request, 1, 0).unwrap();
    assert!(p.is_additive() && p.centre() == [-0.3, 0.4] && p.len() == 13);
    for x in [[-0.27, 0.4], [-0.3, 0.37]] {
        assert!((p.evaluate(&x).unwrap() - values(&model, x.to_vec())[0]).abs() < 1e-8);
    }
    let rule = Request { method: Method::Hope, ..request.clone() };
    assert!(
        TaylorPolynomial::from_expansion(&expand(&model, &rule).unwrap(), &rule, 1, 0).unwrap().is_additive()
    );
}

#[test]
fn requests_of_others_are_refused() {
    let model = load("discover_2d.onnx");
    let request = Request::new(vec![0.1, 0.2], 3);
    let expansion = expand(&model, &request).unwrap();
    let with = |expansion: &Expansion, request: &Request, point, output| {
        message(TaylorPolynomial::from_expansion(expansion, request, point, output))
    };
    assert!(with(&expansion, &request, 1, 0).contains("no point 1"));
    assert!(with(&expansion, &request, 0, 1).contains("no output 1"));
    for other in [
        Request::new(vec![0.1, 0.2], 4),
        Request::new(vec![0.3, 0.2], 3),
        Request { terms: Terms::Mixed(None), ..request.clone() },
        Request { terms: Terms::subspace(vec![1.0, 0.0]), ..request.clone() },
    ] {
        assert!(with(&expansion, &other, 0, 0).contains("not the one"), "{other:?}");
    }
    assert!(message(TaylorPolynomial::along_ray(&expansion, &request, 0, 0, 0)).contains("not one along"));
    let mut broken = expansion.clone();
    broken.coefficients.pop();
    assert!(with(&broken, &request, 0, 0).contains("not the one"));
    broken = expansion;
    broken.coefficients[0] = f64::NAN;
    assert!(with(&broken, &request, 0, 0).contains("NaN"));
}
