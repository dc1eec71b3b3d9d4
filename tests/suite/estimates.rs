//! Operators that are estimated along random rays: how far off, and whether the standard errors say so. Truth: the operators themselves, and closed forms.

use hope::activation::{Sin, Tanh};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{Error, Expansion, Operator, Precision, Request, Samples, Terms, expand};

use crate::common::{behind_kinks, dense, least, noise, path};

fn request(points: &[f64], operator: &Operator) -> Request {
    let order = operator.order();
    Request { terms: Terms::Operator(operator.clone()), ..Request::new(points.to_vec(), order) }
}

fn apply(model: &Model, points: &[f64], operator: &Operator) -> Expansion {
    expand(model, &request(points, operator)).unwrap()
}

fn samples(count: usize, seed: u64) -> Samples {
    Samples { count, seed }
}

/// Two hundred estimates: their errors are as often as large as they say, and cancel.
#[test]
fn unbiased_with_honest_errors() {
    const SEEDS: u64 = 200;
    let file = path("tests/fixtures/reference/discover_5d.onnx");
    let model = Model::from_onnx(file, &ImportOptions::default()).unwrap();
    let point = noise(3, 5);
    type Make = fn(std::ops::Range<usize>, Samples) -> Operator;
    let both: [(Operator, Make, usize); 2] = [
        (Operator::laplacian(0..5), Operator::sampled_laplacian, 12),
        (Operator::biharmonic(0..5), Operator::sampled_biharmonic, 96),
    ];
    for (exact, make, count) in both {
        let truth = apply(&model, &point, &exact).coefficients[0];
        let scores: Vec<f64> = (0..SEEDS)
            .map(|seed| {
                let found = apply(&model, &point, &make(0..5, samples(count, seed)));
                (found.coefficients[0] - truth) / found.operator_error().unwrap()[[0, 0]]
            })
            .collect();
        let n = SEEDS as f64;
        let mean = scores.iter().sum::<f64>() / n;
        let size = (scores.iter().map(|z| z * z).sum::<f64>() / n).sqrt();
        assert!(mean.abs() < 0.3 && (0.8..1.4).contains(&size), "{exact:?}: {mean} {size}");
    }
}

/// Nothing is left to chance where no derivatives are mixed, or in a single variable.
#[test]
fn exact_where_nothing_is_mixed() {
    let mut b = Model::builder(&[4]);
    let h = b.activation(b.input(), Sin).unwrap();
    let y = b.linear(h, &[1, 4], vec![1.0, -2.0, 3.0, 0.5], None).unwrap();
    let model = b.build(y).unwrap();
    let points = noise(1, 12);
    for (exact, estimate) in [
        (Operator::laplacian(0..4), Operator::sampled_laplacian(0..4, samples(3, 9))),
        (Operator::biharmonic([2]), Operator::sampled_biharmonic([2], samples(5, 9))),
    ] {
        let (truth, found) = (apply(&model, &points, &exact), apply(&model, &points, &estimate));
        assert!(truth.operator_error().is_none());
        let errors = found.operator_error().unwrap();
        assert_eq!(errors.dim(), (3, 1));
        assert!(errors.iter().all(|error| *error < 1e-14), "{errors}");
        for (found, truth) in found.coefficients.iter().zip(&truth.coefficients) {
            assert!((found - truth).abs() < 1e-13 * (1.0 + truth.abs()), "{found} {truth}");
        }
    }
}

/// Many inputs, of which some are meant; f32, any memory, any seed; what is said of it.
#[test]
fn of_many_inputs() {
    const INPUTS: usize = 300;
    let mut b = Model::builder(&[INPUTS]);
    let x = b.input();
    let h = dense(&mut b, x, 20, 1);
    let h = b.activation(h, Tanh).unwrap();
    let y = dense(&mut b, h, 2, 3);
    let model = b.build(y).unwrap();
    let points = noise(7, 3 * INPUTS);
    let which = || (0..INPUTS).filter(|i| i % 3 > 0);
    let truth = apply(&model, &points, &Operator::laplacian(which()));
    let estimate = Operator::sampled_laplacian(which(), samples(400, 2));
    for precision in [Precision::F64, Precision::F32] {
        let request = Request { precision, verify: 5, ..request(&points, &estimate) };
        let found = expand(&model, &request).unwrap();
        let errors = found.operator_error().unwrap();
        for ((found, error), truth) in found.coefficients.iter().zip(errors).zip(&truth.coefficients) {
            assert!(
                (found - truth).abs() < 4.0 * error && *error < 0.2 * (0.1 + truth.abs()),
                "{found} ± {error}: {truth}"
            );
        }
        let certificate = &found.report.certificate;
        assert!(!certificate.exact && certificate.reason.starts_with("estimate of 400 samples, not exact"));
        assert!(found.report.verification.unwrap().deviation < 1e-3);
        let request = Request { threads: Some(3), ..request };
        let request = Request { memory: Some(least(&model, &request)), ..request };
        let again = expand(&model, &request).unwrap();
        assert_eq!((again.coefficients, again.errors), (found.coefficients.clone(), found.errors));
        let other = Operator::sampled_laplacian(which(), samples(400, 3));
        assert_ne!(apply(&model, &points, &other).coefficients, found.coefficients);
    }
}

#[test]
fn kinks_and_wrong_samples() {
    let model = behind_kinks();
    let found = apply(&model, &[0.0, 0.0], &Operator::sampled_laplacian(0..2, samples(8, 1)));
    let certificate = &found.report.certificate;
    assert!(
        !certificate.exact
            && certificate.reason.contains("on a kink")
            && certificate.reason.contains("estimate of 8")
    );
    for (operator, word) in [
        (Operator::sampled_laplacian(0..2, samples(1, 1)), "at least 2"),
        (Operator::sampled_laplacian(0..3, samples(4, 1)), "input 2"),
        (Operator::sampled_biharmonic([1, 1], samples(4, 1)), "each once"),
        (Operator::sampled_biharmonic([], samples(4, 1)), "at least one input"),
    ] {
        match expand(&model, &request(&[0.5, 0.5], &operator)) {
            Err(Error::Terms(cause)) => assert!(cause.contains(word), "{cause}"),
            other => panic!("{word}: {other:?}"),
        }
    }
}
