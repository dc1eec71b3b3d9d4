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

/// Networks of a folder of fixtures with few inputs, with the first of their points.
pub fn networks(folder: &str, most: usize) -> Vec<(String, Model, Vec<f64>)> {
    let all = common::fixtures(folder, "onnx").into_iter().filter_map(|path| {
        let model = load(&path).filter(|model| model.inputs() <= most && model.outputs() <= 2 * most)?;
        let points = common::Truth::open(&path.with_extension("npz")).find("points")?;
        let centre = points.iter().copied().take(model.inputs()).collect();
        Some((path.display().to_string(), model, centre))
    });
    all.collect()
}

/// Proves and checks over regions that `domains` makes of a centre; how many are, and which aren't.
fn enclosed(
    folder: &str,
    most: usize,
    order: usize,
    domains: impl Fn(&[f64]) -> Vec<Domain>,
) -> (usize, Vec<String>) {
    let (mut enclosed, mut refused) = (0, Vec::new());
    for (name, model, centre) in networks(folder, most) {
        for domain in domains(&centre) {
            match certify(&model, &domain, &options(order)) {
                Ok(found) => {
                    holds(&model, &domain, &found, 6, 3);
                    enclosed += 1;
                }
                Err(Error::Unproved { .. }) => refused.push(name.clone()),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
    refused.dedup();
    (enclosed, refused)
}

/// Segments, tiny and moderate.
#[test]
fn every_operator_is_enclosed() {
    let segments = |centre: &[f64]| {
        let direction = common::noise(5, centre.len());
        [1e-3, 0.05].map(|radius| Domain::along(centre, &direction, radius).unwrap()).to_vec()
    };
    let (enclosed, refused) = enclosed("operators", 256, 3, segments);
    assert!(enclosed > 1500 && refused.len() < 20, "{enclosed} enclosed, refused: {refused:#?}");
}

/// Some inputs together.
#[test]
fn every_operator_is_enclosed_in_three_coordinates() {
    let boxes = |centre: &[f64]| {
        let few: Vec<usize> = (0..centre.len().min(3)).collect();
        vec![Domain::of_inputs(centre, &few, 0.02).unwrap()]
    };
    let (enclosed, refused) = enclosed("operators", 48, 2, boxes);
    assert!(enclosed > 500 && refused.len() < 20, "{enclosed} enclosed, refused: {refused:#?}");
}

/// All inputs together, to order 1: zonotopes.
#[test]
fn every_operator_is_enclosed_by_zonotopes() {
    let balls = |centre: &[f64]| vec![Domain::ball(centre, 0.02).unwrap()];
    for (folder, least) in [("operators", 400), ("rule", 5)] {
        let (enclosed, refused) = enclosed(folder, 32, 1, balls);
        assert!(enclosed >= least && refused.len() < 20, "{enclosed} enclosed, refused: {refused:#?}");
    }
}

/// A sum that doubles lose: what its rounding may be is in the remainder.
#[test]
fn what_a_sum_rounds_is_in_the_remainder() {
    let mut b = Model::builder(&[4]);
    let x = b.input();
    let y = b.linear(x, &[1, 4], vec![1e16, 1.0, 1.0, -1e16], Some(vec![0.5])).unwrap();
    let model = b.build(y).unwrap();
    let found = certify(&model, &Domain::ball(&[1.0; 4], 0.0).unwrap(), &options(1)).unwrap();
    let off = (2.5 - found.coefficients[0]).abs();
    assert!(off <= found.radii[0] && found.radii[0] < 100.0, "{off}, {}", found.radii[0]);
    assert!(found.radii[0] >= 2.5, "in whatever order they are added");
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

/// A branch without a value doesn't matter where it isn't chosen: log(x) where x > 0, else -1/2.
#[test]
fn what_is_not_chosen_needs_no_value() {
    let model = load(&common::path("tests/fixtures/operators/where_log_of_the_positive.onnx")).unwrap();
    let centre = [0.5, -0.5, 1.5, -2.0];
    for (radius, order) in [(0.0, 1), (1e-3, 3), (0.25, 4)] {
        let found = proved(&model, &Domain::ball(&centre, radius).unwrap(), order);
        let value = |x: f64| if x > 0.0 { x.ln() } else { -0.5 };
        for (i, &x) in centre.iter().enumerate() {
            let range = found.ranges[i];
            assert!(range[0] <= value(x) && value(x) <= range[1], "{i}: {range:?}");
        }
        assert!(found.radii[1] < 1e-15 && found.radii[3] < 1e-15, "constants: {:?}", found.radii);
    }
    // Where it may be chosen, and may have no value: why.
    let error = certify(&model, &Domain::ball(&centre, 0.6).unwrap(), &options(2)).unwrap_err();
    assert!(matches!(error, Error::Unproved { .. }) && error.to_string().contains("above 0"), "{error}");
}
