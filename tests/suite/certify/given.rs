//! Polynomials that come from elsewhere: what is proved of them holds, and is not far from what is so.

use std::ops::ControlFlow;

use super::options;
use crate::common::dense;
use hope::activation::{Activation, Exp, Relu, Tanh};
use hope::certify::{Options, bounded};
use hope::model::Model;
use hope::random::SplitMix;
use hope::rays::Directions;
use hope::trust::{Question, Trust, assess, proved};
use hope::{Request, TaylorPolynomial, Terms, expand, forward};

fn network(inputs: usize, function: impl Into<Activation>) -> Model {
    let function = function.into();
    let mut b = Model::builder(&[inputs]);
    let mut x = b.input();
    for seed in [1, 2] {
        x = dense(&mut b, x, 8, seed);
        x = b.activation(x, function).unwrap();
    }
    x = dense(&mut b, x, 2, 3);
    b.build(x).unwrap()
}

fn estimated(model: &Model, request: &Request, tolerance: f64) -> Trust {
    let question = Question { tolerance, radius: None, checks: 0 };
    assess(model, request, &question, &|_| ControlFlow::Continue(())).unwrap()
}

/// The exponential function, whose error is known.
#[test]
fn radii_of_a_closed_form() {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let y = b.activation(x, Exp).unwrap();
    let model = b.build(y).unwrap();
    for order in [1, 2, 5, 9] {
        for tolerance in [1e-6, 1e-2] {
            let request = Request::new(vec![0.0], order);
            let trust = estimated(&model, &request, tolerance);
            let found = proved(&model, &request, &trust, tolerance).unwrap()[0];
            // On the side where it is worse.
            let off = |t: f64| {
                let terms = (0..=order).scan(1.0, |term, k| {
                    let now = *term;
                    *term *= t / (k + 1) as f64;
                    Some(now)
                });
                (t.exp() - terms.sum::<f64>()).abs()
            };
            assert!(off(found) <= tolerance * (1.0 + 1e-9), "order {order}: {found}");
            assert!(off(1.25 * found) > tolerance, "order {order}: {found} of {:?}", trust.radius);
        }
    }
}

/// Along inputs and directions, for several outputs and points.
#[test]
fn radii_hold_along_rays() {
    let tolerance = 1e-3;
    for (model, order, kinked) in [(network(3, Tanh), 4, false), (network(3, Relu), 2, true)] {
        let points = vec![0.3, -0.2, 0.1, 0.0, 0.4, -0.5];
        let rows = Directions::random(3, 4, 7);
        for terms in [Terms::Unmixed, Terms::Along(rows)] {
            let request = Request { terms, ..Request::new(points.clone(), order) };
            let trust = estimated(&model, &request, tolerance);
            let found = proved(&model, &request, &trust, tolerance).unwrap();
            let expansion = expand(&model, &request).unwrap();
            let [count, outputs, rays] = trust.shape;
            assert_eq!(found.len(), count * outputs * rays);
            for (i, &radius) in found.iter().enumerate() {
                let (row, ray) = (i / rays, i % rays);
                let mut direction = vec![0.0; 3];
                match &request.terms {
                    Terms::Along(directions) => directions.write(row / outputs, ray, &mut direction),
                    _ => direction[ray] = 1.0,
                }
                for step in -20..=20 {
                    let t = radius * f64::from(step) / 20.0;
                    let point: Vec<f64> = points[row / outputs * 3..][..3]
                        .iter()
                        .zip(&direction)
                        .map(|(x, v)| x + t * v)
                        .collect();
                    let value = forward::values(&model, point, Some(&[row % outputs])).unwrap()[0];
                    let c = |k: usize| expansion.coefficients[(row * order + k) * rays + ray];
                    let polynomial =
                        expansion.value[row] + (0..order).rev().fold(0.0, |sum, k| (sum + c(k)) * t);
                    assert!(
                        (value - polynomial).abs() <= tolerance + 1e-12,
                        "{i} at {t}: {value} {polynomial}"
                    );
                }
                // Not much less than what is estimated, up to a kink at least.
                let least = if kinked { 0.9 } else { 0.4 } * trust.radius[i];
                assert!(radius >= least.min(1e3), "{i}: {radius} of {}", trust.radius[i]);
            }
        }
    }
}

fn holds(model: &Model, polynomial: &TaylorPolynomial, output: usize) -> f64 {
    let bound = polynomial.bound().unwrap();
    let mut random = SplitMix(3);
    let mut worst = 0.0f64;
    for _ in 0..500 {
        let t: Vec<f64> = bound
            .low
            .iter()
            .zip(&bound.high)
            .map(|(low, high)| low + (high - low) * (1.3 * random.uniform() - 0.15).clamp(0.0, 1.0))
            .collect();
        let x = match polynomial.frame() {
            None => t.clone(),
            Some(frame) => (0..frame.origin().len())
                .map(|i| {
                    let along = |(j, t): (usize, &f64)| t * frame.directions()[j * frame.origin().len() + i];
                    frame.origin()[i] + t.iter().enumerate().map(along).sum::<f64>()
                })
                .collect(),
        };
        let value = forward::values(model, x, Some(&[output])).unwrap()[0];
        let off = (polynomial.evaluate(&t).unwrap() - value).abs();
        assert!(off <= bound.remainder + 1e-12, "{off} beyond {}", bound.remainder);
        worst = worst.max(off);
    }
    worst / bound.remainder
}

#[test]
fn polynomials_get_bounds_that_hold() {
    let model = network(3, Tanh);
    let rows = vec![1.0, 0.5, 0.0, -0.25, 0.0, 1.0];
    for (basis, order, output) in [(None, 3, 1), (Some(rows), 5, 0)] {
        let terms = Terms::Mixed(basis.map(Into::into));
        let request = Request { terms, ..Request::new(vec![0.3, -0.2, 0.1], order) };
        let expansion = expand(&model, &request).unwrap();
        let exact = TaylorPolynomial::from_expansion(&expansion, &request, 0, output).unwrap();
        let with = |polynomial: TaylorPolynomial, radius: f64, order: usize| {
            bounded(&model, polynomial, output, radius, &options(order)).unwrap()
        };
        let found = with(exact.clone(), 0.2, order);
        assert!(holds(&model, &found, output) > 0.05);
        let least = found.bound().unwrap().remainder;
        // Coefficients that were rounded, others that are wrong, and models of another order.
        let terms = |change: &dyn Fn(f64) -> f64| {
            let terms = exact.terms().map(|term| {
                let factors: Vec<(usize, u8)> =
                    term.factors.iter().map(|factor| (factor.variable as usize, factor.power)).collect();
                (factors, change(term.coefficient))
            });
            let polynomial = TaylorPolynomial::from_terms(exact.centre(), terms.collect::<Vec<_>>()).unwrap();
            match exact.frame() {
                Some(frame) => polynomial.with_frame(frame.clone()).unwrap(),
                None => polynomial,
            }
        };
        let rounded = with(terms(&|c| f64::from(c as f32)), 0.2, order);
        holds(&model, &rounded, output);
        let off = rounded.bound().unwrap().remainder - least;
        assert!(off.abs() < 1e-6, "{off}");
        let wrong = with(terms(&|c| 1.01 * c), 0.2, order);
        holds(&model, &wrong, output);
        assert!(wrong.bound().unwrap().remainder > least);
        for other in [order - 1, order + 2] {
            holds(&model, &with(exact.clone(), 0.2, other), output);
        }
        assert!(with(exact.clone(), 0.1, order).bound().unwrap().remainder < least / 4.0);
    }
    // Another network's polynomial.
    let other = TaylorPolynomial::from_terms(&[0.0], [(vec![(0usize, 1u8)], 1.0)]).unwrap();
    assert!(bounded(&model, other, 0, 0.1, &Options::default()).is_err());
}
