//! Networks against mpmath with 50 digits, where little but rounding is left.

use super::options;
use crate::common::{self, Truth};
use hope::activation::Activation;
use hope::certify::{Domain, certify};
use hope::interval::Interval;
use hope::model::Model;

const NETWORKS: [&str; 8] = ["tanh", "sin", "gelu", "sigmoid", "softplus", "erf", "exp", "atan"];

fn network(truth: &mut Truth, name: &str) -> Model {
    let function = Activation::named(name, &[]).unwrap();
    let mut b = Model::builder(&[2]);
    let mut x = b.input();
    for layer in 0..3 {
        let weight = truth.get(&format!("{name}_w{layer}"));
        let shape = [weight.shape()[0], weight.shape()[1]];
        let bias = truth.values(&format!("{name}_b{layer}"));
        x = b.linear(x, &shape, weight.into_iter().collect::<Vec<_>>(), Some(bias)).unwrap();
        if layer < 2 {
            x = b.activation(x, function).unwrap();
        }
    }
    b.build(x).unwrap()
}

/// Network less polynomial, enclosed; the value is a sum of two doubles.
fn difference(coefficients: &[f64], exponents: &[u8], s: [f64; 2], value: [f64; 2]) -> Interval {
    let point = Interval::point;
    let terms = coefficients.iter().zip(exponents.chunks_exact(2));
    let polynomial = terms.fold(Interval::ZERO, |sum, (&c, exponent)| {
        sum + point(c) * point(s[0]).powi(exponent[0].into()) * point(s[1]).powi(exponent[1].into())
    });
    (point(value[0]) - polynomial) + point(value[1])
}

#[test]
fn are_enclosed_where_only_rounding_is_left() {
    let mut truth = Truth::open(&common::path("tests/fixtures/certify.npz"));
    let points = truth.values("points");
    let (mut tightest, mut seen, mut all) = (f64::INFINITY, 0, 0);
    for name in NETWORKS {
        let model = network(&mut truth, name);
        let values = truth.values(&format!("{name}_values"));
        for (point, value) in points.chunks_exact(2).zip(values.chunks_exact(2)).take(12) {
            // Around other centres, of which this point is a corner, an edge, or the middle, exactly.
            for (radius, s) in [
                (0.0, [0.0, 0.0]),
                (0.0, [1.0, -1.0]),
                (0.125, [1.0, -1.0]),
                (0.125, [-1.0, 0.5]),
                (0.5, [0.25, 1.0]),
            ] {
                let centre = [point[0] - radius * s[0], point[1] - radius * s[1]];
                let domain = Domain::ball(&centre, radius).unwrap();
                for order in [1, 6] {
                    let proved = certify(&model, &domain, &options(order)).unwrap();
                    let off = difference(&proved.coefficients, &proved.exponents, s, [value[0], value[1]]);
                    let least = if off.contains(0.0) { 0.0 } else { off.lo.abs().min(off.hi.abs()) };
                    assert!(
                        least <= proved.radii[0],
                        "{name} at {point:?}: {off:?} beyond {}",
                        proved.radii[0]
                    );
                    tightest = tightest.min(proved.radii[0]);
                    // A value that is off by twice as much as what is proved would be seen.
                    let wrong = [value[0] + 2.5 * proved.radii[0], value[1]];
                    let off = difference(&proved.coefficients, &proved.exponents, s, wrong);
                    seen += usize::from(off.lo > proved.radii[0]);
                    all += 1;
                }
            }
        }
    }
    assert!(tightest < 1e-14, "{tightest}");
    assert!(seen > all * 9 / 10, "{seen} of {all}");
}
