//! What the library's own tables say of each function: see `activations.npz`, whose numbers are mpmath's.

use super::options;
use crate::common::{self, Truth};
use hope::activation::Activation;
use hope::certify::{Domain, certify};
use hope::model::Model;

fn parse(name: &str) -> Activation {
    let (name, parameters) = name.split_once('(').unwrap_or((name, ""));
    let parameters: Vec<f64> = parameters
        .trim_end_matches(')')
        .split(',')
        .filter(|p| !p.is_empty())
        .map(|p| p.parse().unwrap())
        .collect();
    Activation::named(name, &parameters).unwrap()
}

/// Around each point the polynomial's coefficients are the function's, within what the remainder allows, and values at the other points that a region
/// reaches lie within it.
#[test]
fn are_what_high_precision_says() {
    let file = std::fs::File::open(common::path("tests/fixtures/activations.npz")).unwrap();
    let names = ndarray_npy::NpzReader::new(file).unwrap().names().unwrap();
    let mut truth = Truth::open(&common::path("tests/fixtures/activations.npz"));
    let points = truth.values("points");
    let mut compared = 0;
    for name in names.iter().filter(|name| *name != "points") {
        let values = truth.get(name);
        let mut b = Model::builder(&[1]);
        let x = b.input();
        let y = b.activation(x, parse(name)).unwrap();
        let model = b.build(y).unwrap();
        for (i, &x) in points.iter().enumerate() {
            for (radius, order) in [(0.0, 1), (1e-6, 3), (0.25, 4), (0.5, 12), (2.0, 8), (7.0, 3)] {
                let domain = Domain::ball(&[x], radius).unwrap();
                let Ok(proved) = certify(&model, &domain, &options(order)) else { continue };
                for (j, &at) in points.iter().enumerate().filter(|(_, at)| (**at - x).abs() <= radius) {
                    let value = values[[j, 0]];
                    if value.is_nan() {
                        continue;
                    }
                    let s = if radius > 0.0 { (at - x) / radius } else { 0.0 };
                    let polynomial = proved.evaluate(0, &[s]).unwrap();
                    let size: f64 = proved.coefficients.iter().map(|c| c.abs()).sum();
                    let slack = 4e-15 * size + value.abs() * 2e-16;
                    let off = (value - polynomial).abs();
                    assert!(
                        off <= proved.radii[0] + slack,
                        "{name} at {at} from {x} ± {radius}: off by {off}"
                    );
                    let range = proved.ranges[0];
                    assert!(range[0] <= value.next_up() && value.next_down() <= range[1], "{name} at {at}");
                    compared += 1;
                }
                // Inside a tiny region nothing but Taylor's polynomial is within the remainder.
                if radius == 1e-6 && (0..2).all(|k| !values[[i, k]].is_nan()) {
                    let slope = values[[i, 1]] * radius;
                    let off = (proved.coefficients[1] - slope).abs();
                    assert!(off <= 1e-11 * values[[i, 0]].abs().max(1.0), "{name} at {x}: {off}");
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared}");
}
