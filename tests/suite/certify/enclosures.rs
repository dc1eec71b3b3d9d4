//! Networks of the fixtures: every operator and every architecture.

use super::{excess, holds, options, proved};
use crate::common;
use hope::Error;
use hope::activation::{Exp, Sin};
use hope::certify::{Domain, certify};
use hope::model::Model;
use hope::onnx::ImportOptions;

fn load(path: &std::path::Path) -> Option<Model> {
    Model::from_onnx(path, &ImportOptions::default()).ok()
}

/// All fixtures with few inputs, over a tiny and a moderate region around their first point.
#[test]
fn every_operator_is_enclosed() {
    let (mut enclosed, mut refused) = (0, Vec::new());
    for path in common::fixtures("operators", "onnx") {
        let Some(model) = load(&path) else { continue };
        if model.inputs() > 256 || model.outputs() > 512 {
            continue;
        }
        let mut truth = common::Truth::open(&path.with_extension("npz"));
        let Some(points) = truth.find("points") else { continue };
        let centre: Vec<f64> = points.iter().copied().take(model.inputs()).collect();
        let direction = common::noise(5, model.inputs());
        for (radius, order) in [(1e-3, 3), (0.05, 2)] {
            let domain = Domain::along(&centre, &direction, radius).unwrap();
            match certify(&model, &domain, &options(order)) {
                Ok(found) => {
                    holds(&model, &domain, &found, 6, 3);
                    enclosed += 1;
                }
                Err(Error::Unproved { .. } | Error::Memory { .. }) => refused.push(path.clone()),
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }
    refused.dedup();
    assert!(enclosed > 1500 && refused.len() < 20, "{enclosed} enclosed, refused: {refused:#?}");
}

/// Closed forms: the exponential function and the sine, whose remainders are known.
#[test]
fn closed_forms_are_met() {
    for order in 1..=8usize {
        let mut b = Model::builder(&[1]);
        let x = b.input();
        let y = b.activation(x, Exp).unwrap();
        let model = b.build(y).unwrap();
        let found = proved(&model, &Domain::ball(&[0.0], 0.5).unwrap(), order);
        let factorial: f64 = (1..=order + 1).map(|k| k as f64).product();
        let exact = 0.5f64.powi(order as i32 + 1) / factorial;
        assert!(
            found.radii[0] < 2.0 * exact + 1e-14 && found.radii[0] > 0.3 * exact,
            "order {order}: {}",
            found.radii[0]
        );
    }
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let y = b.activation(x, Sin).unwrap();
    let model = b.build(y).unwrap();
    let found = proved(&model, &Domain::ball(&[0.0], 0.1).unwrap(), 3);
    assert!((found.coefficients[3] + 1e-3 / 6.0).abs() < 1e-17);
    // x^4 sin(ξ)/24, in which ξ is 0.1 at most.
    assert!(found.radii[0] < 1e-4 * 0.1 / 24.0 * 1.01, "{}", found.radii[0]);
}

/// What is proved with one constant wrong is seen to be wrong.
#[test]
fn a_wrong_constant_is_seen() {
    let mut seen = 0;
    let models = [1e-2, 0.1].map(|radius| {
        let mut b = Model::builder(&[2]);
        let x = b.input();
        let x = common::dense(&mut b, x, 6, 1);
        let x = b.activation(x, hope::activation::Tanh).unwrap();
        let x = common::dense(&mut b, x, 2, 3);
        (b.build(x).unwrap(), radius)
    });
    for (model, radius) in models {
        let domain = Domain::ball(&[0.2, 0.5], radius).unwrap();
        let found = certify(&model, &domain, &options(3)).unwrap();
        let network = super::Runner::new(&model);
        for term in 0..found.terms() {
            let mut wrong = found.clone();
            wrong.coefficients[term] += 3.0 * found.radii[0];
            let worst = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [0.5, -1.0], [0.0, 0.0]].map(|s| {
                let (values, off) = network.values(&domain, &s);
                excess(&wrong, 0, &s, values[0], off)
            });
            seen += usize::from(worst.iter().any(|worst| *worst > 1.0));
        }
    }
    assert_eq!(seen, 20);
}
