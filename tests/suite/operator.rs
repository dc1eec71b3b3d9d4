//! Differential operators. Truth: mixed derivatives by nested float64 differentiation, and closed forms.

use hope::activation::{Exp, Relu, Sin, Tanh};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{
    Coefficient, Error, Expansion, Job, Method, Operator, OperatorTerm, Precision, Prepared, Request, Terms,
    expand,
};

use crate::common::{Truth, behind_kinks, least, noise, path};

fn term(derivative: &[usize], coefficient: impl Into<Coefficient>) -> OperatorTerm {
    OperatorTerm { derivative: derivative.to_vec(), coefficient: coefficient.into() }
}

fn request(points: &[f64], operator: &Operator) -> Request {
    let order = operator.order();
    Request { terms: Terms::Operator(operator.clone()), ..Request::new(points.to_vec(), order) }
}

fn apply(model: &Model, points: &[f64], operator: &Operator) -> Expansion {
    expand(model, &request(points, operator)).unwrap()
}

/// The largest difference beside the largest number.
fn off(found: &[f64], truth: &[f64]) -> f64 {
    assert_eq!(found.len(), truth.len());
    let size = truth.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    found.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs())) / size
}

/// All orders to 4, coefficients of each point, several outputs.
#[test]
fn derivatives_of_reference_networks() {
    for name in ["discover_2d", "discover_5d"] {
        let model = path(&format!("tests/fixtures/reference/{name}.onnx"));
        let model = Model::from_onnx(model, &ImportOptions::default()).unwrap();
        let mut truth = Truth::open(&path(&format!("tests/fixtures/reference/{name}.npz")));
        let (inputs, points) = (model.inputs(), truth.values("points"));
        let (mixed, exponents) = (truth.get("mixed"), truth.exponents());
        let count = points.len() / inputs;
        let last = inputs - 1;
        let all: Vec<usize> = (0..inputs).collect();
        let general = Operator::new(vec![
            term(&[], noise(3, count)),
            term(&[last], 0.5),
            term(&[0, last], noise(4, count)),
            term(&[0, 0, 1], -2.0),
            term(&[last, 0, last, 0], 0.25),
            term(&[1, 1, 1, 1], -0.125),
        ]);
        let operators = [
            Operator::laplacian(all.clone()),
            Operator::laplacian([last]),
            Operator::biharmonic(all),
            Operator::biharmonic([0, last]),
            general,
        ];
        for operator in operators {
            let mut wanted = Vec::new();
            for b in 0..count {
                for o in 0..mixed.shape()[1] {
                    let mut sum = 0.0;
                    for term in operator.terms() {
                        let power = |i| term.derivative.iter().filter(|&&j| j == i).count() as u8;
                        let alpha: Vec<u8> = (0..inputs).map(power).collect();
                        let at = exponents.chunks(inputs).position(|row| row == alpha).unwrap();
                        let factorial = |a: u8| (1..=a).map(f64::from).product::<f64>();
                        let derivative =
                            mixed[[b, o, at]] * alpha.into_iter().map(factorial).product::<f64>();
                        sum += term.coefficient.at(b) * derivative;
                    }
                    wanted.push(sum);
                }
            }
            let found = apply(&model, &points, &operator);
            assert_eq!(found.operator().unwrap().dim(), (count, mixed.shape()[1]));
            assert!(found.report.certificate.exact);
            let error = off(&found.coefficients, &wanted);
            assert!(error < 1e-11, "{name}, {operator:?}: {error:.1e}");
            // Any batch of points has its own coefficients.
            let request = Request { memory: Some(32 << 20), threads: Some(1), ..request(&points, &operator) };
            assert_eq!(expand(&model, &request).unwrap().coefficients, found.coefficients);
            // The comparison sees a small error.
            let wrong: Vec<f64> = wanted.iter().map(|x| x * (1.0 + 1e-8)).collect();
            assert!(off(&found.coefficients, &wrong) > 1e-9);
        }
    }
}

/// y = f(w·x + b): ∂^α y = f^(|α|) w^α.
fn ridge(weights: &[f64], function: impl Into<hope::activation::Activation>) -> Model {
    let mut b = Model::builder(&[weights.len()]);
    let h = b.linear(b.input(), &[1, weights.len()], weights.to_vec(), Some(vec![0.25])).unwrap();
    let y = b.activation(h, function).unwrap();
    b.build(y).unwrap()
}

/// Inputs in units of 1e-3 and 1e3, alone and together, in f64 and f32.
#[test]
fn units_of_the_inputs_do_not_matter() {
    for units in [[1e-3, 1e3], [1e6, 1e-9], [1.0, 1.0], [3.0, 0.7]] {
        let model = ridge(&units, Exp);
        let value = 0.25f64.exp();
        for derivative in
            [&[0, 1][..], &[0, 0, 1], &[0, 1, 1, 1], &[0, 0, 0, 1, 1, 1], &[0; 5], &[1, 1, 1, 1, 1, 1, 1, 0]]
        {
            let truth = value * derivative.iter().map(|&i| units[i]).product::<f64>();
            for (precision, tolerance) in [(Precision::F64, 1e-11), (Precision::F32, 1e-3)] {
                if precision == Precision::F32 && derivative.len() > 4 {
                    continue;
                }
                let operator = Operator::new(vec![term(derivative, 1.0)]);
                let request = Request { precision, verify: 4, ..request(&[0.0, 0.0], &operator) };
                let found = expand(&model, &request).unwrap();
                let error = (found.coefficients[0] / truth - 1.0).abs();
                assert!(error < tolerance, "{units:?}, {derivative:?}, {precision:?}: {error:.1e}");
                let deviation = found.report.verification.unwrap().deviation;
                assert!(deviation < tolerance, "{deviation:.1e}");
            }
        }
    }
}

/// x² - y² and exp(x) sin(y): nothing is left of their Laplacians, nor of the biharmonic operator; sin(x) sin(2y): -5 and 25 times itself.
#[test]
fn harmonic_functions_and_waves() {
    let part = |weights: [f64; 2], f: hope::activation::Activation, g: hope::activation::Activation| {
        let mut b = Model::builder(&[2]);
        let u = b.linear(b.input(), &[1, 2], vec![weights[0], 0.0], None).unwrap();
        let v = b.linear(b.input(), &[1, 2], vec![0.0, weights[1]], None).unwrap();
        let (u, v) = (b.activation(u, f).unwrap(), b.activation(v, g).unwrap());
        let y = b.mul(u, v).unwrap();
        b.build(y).unwrap()
    };
    let points = noise(5, 20);
    let harmonic = apply(&part([1.0, 1.0], Exp.into(), Sin.into()), &points, &Operator::laplacian(0..2));
    let largest = harmonic.value.iter().fold(0.0, |m: f64, y| m.max(y.abs()));
    assert!(largest > 0.1 && harmonic.coefficients.iter().all(|x| x.abs() < 1e-14 * (1.0 + largest)));
    let wave = part([1.0, 2.0], Sin.into(), Sin.into());
    for (operator, factor) in [(Operator::laplacian(0..2), -5.0), (Operator::biharmonic(0..2), 25.0)] {
        let found = apply(&wave, &points, &operator);
        let truth: Vec<f64> = found.value.iter().map(|y| factor * y).collect();
        assert!(off(&found.coefficients, &truth) < 1e-12);
    }
}

/// g(w·x) with g = exp(sin): the sum Σ a_i ∂²/∂x_i² is g'' Σ a_i w_i², the biharmonic operator g'''' |w|⁴.
#[test]
fn sums_over_many_rays() {
    const INPUTS: usize = 150;
    const POINTS: usize = 7;
    // From 1e-9 to 1e9; the coefficients make them equal, up to what each point and sign adds.
    let weights: Vec<f64> = (0..INPUTS).map(|i| 10f64.powi(i as i32 % 19 - 9)).collect();
    let points: Vec<f64> =
        (0..POINTS).flat_map(|b| weights.iter().map(move |w| (0.01 * b as f64 - 0.02) / w)).collect();
    let sizes = |i: usize| noise(i as u64, POINTS).into_iter().map(|a| a + 0.25);
    let term_of = |i: usize| term(&[i, i], sizes(i).map(|a| a / weights[i].powi(2)).collect::<Vec<f64>>());
    let operator = Operator::new((0..INPUTS).map(term_of).collect());
    let mut b = Model::builder(&[INPUTS]);
    let h = b.linear(b.input(), &[1, INPUTS], weights.clone(), Some(vec![0.25])).unwrap();
    let h = b.activation(h, Sin).unwrap();
    let y = b.activation(h, Exp).unwrap();
    let model = b.build(y).unwrap();
    let second = |point: usize| {
        let (sin, cos) = (0.25 + INPUTS as f64 * (0.01 * point as f64 - 0.02)).sin_cos();
        (cos * cos - sin) * sin.exp()
    };
    let truth: Vec<f64> = (0..POINTS)
        .map(|point| second(point) * (0..INPUTS).map(|i| sizes(i).nth(point).unwrap()).sum::<f64>())
        .collect();
    for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 1e-5)] {
        let request = Request { precision, verify: 3, ..request(&points, &operator) };
        let passage = Job::new(&model, &request).unwrap().passage().unwrap();
        assert_eq!((passage.rows, passage.sums), (1 + INPUTS + 3, Some(3)));
        let found = expand(&model, &request).unwrap();
        let error = off(&found.coefficients, &truth);
        assert!(error < tolerance, "{precision:?}: {error:.1e}");
        assert!(found.report.verification.unwrap().deviation < tolerance);
        // The same bits whatever chunks there are.
        for (threads, points_at_once) in [(1, 1), (3, 2), (2, POINTS)] {
            let request = Request { threads: Some(threads), ..request.clone() };
            for memory in [least(&model, &request), 1 << 30] {
                let request = Request { memory: Some(memory), ..request.clone() };
                assert_eq!(expand(&model, &request).unwrap().coefficients, found.coefficients);
            }
            let laplacian = self::request(&[], &Operator::laplacian(0..INPUTS));
            let prepared = Prepared::new(&model, &laplacian).unwrap();
            let all = prepared.expand(&points).unwrap().coefficients;
            let parts = points.chunks(points_at_once * INPUTS);
            let parts = parts.flat_map(|points| prepared.expand(points).unwrap().coefficients);
            assert_eq!(parts.collect::<Vec<f64>>(), all);
        }
    }
    let few = ridge(&[0.5, -1.0, 2.0, 0.25], Sin);
    let squares: f64 = 0.25 + 1.0 + 4.0 + 0.0625;
    for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 1e-5)] {
        let request = Request { precision, verify: 2, ..request(&noise(8, 20), &Operator::biharmonic(0..4)) };
        assert_eq!(Job::new(&few, &request).unwrap().passage().unwrap().rows, 1 + 3 * 16 + 1);
        let found = expand(&few, &request).unwrap();
        let truth: Vec<f64> = found.value.iter().map(|y| squares * squares * y).collect();
        assert!(off(&found.coefficients, &truth) < tolerance);
        assert!(found.report.verification.unwrap().deviation < tolerance);
    }
}

/// Where rays may take branches of their own, or have no sum to go together in, each goes by itself.
#[test]
fn rays_by_themselves() {
    let sums = |model: &Model, operator: &Operator| {
        let points = vec![0.5; model.inputs()];
        Job::new(model, &request(&points, operator)).unwrap().passage().unwrap().sums
    };
    let smooth = ridge(&[1.0, 2.0], Tanh);
    assert_eq!(sums(&smooth, &Operator::laplacian(0..2)), Some(1));
    assert_eq!(sums(&smooth, &Operator::laplacian([1])), None);
    assert_eq!(sums(&smooth, &Operator::new(vec![term(&[0], 1.0), term(&[1], 1.0)])), None);
    assert_eq!(sums(&ridge(&[1.0, 2.0], Relu), &Operator::laplacian(0..2)), None);
    let mut b = Model::builder(&[2]);
    let h = b.activation(b.input(), Exp).unwrap();
    let y = b.div(h, b.input()).unwrap();
    let quotient = b.build(y).unwrap();
    assert_eq!(sums(&quotient, &Operator::laplacian(0..2)), None);
}

/// Beside a kink the derivatives are those of its side, on it there are none.
#[test]
fn kinks() {
    let model = behind_kinks();
    // Of tanh(x + 2y) alone: the other unit is off.
    let (x, y) = (0.5, 0.25);
    let found = apply(&model, &[x, y], &Operator::laplacian(0..2));
    let t = f64::tanh(x + 2.0 * y);
    assert!((found.coefficients[0] - 5.0 * (-2.0 * t * (1.0 - t * t))).abs() < 1e-12);
    assert!(found.report.certificate.exact);
    // The second unit changes over at x = y / 2, 0.375 away along x, 0.75 along y; the first at x = -2y.
    assert_eq!(found.kinks().unwrap().dim(), (1, 1));
    let distance = found.kinks().unwrap()[[0, 0]];
    assert!((distance - 0.375).abs() < 1e-12 || (distance - 0.5).abs() < 1e-12, "{distance}");
    let found = apply(&model, &[0.0, 0.0], &Operator::laplacian(0..2));
    let certificate = &found.report.certificate;
    assert!(!certificate.exact && certificate.reason.contains("on a kink"), "{}", certificate.reason);
    assert_eq!(found.report.one_sided, 1);
}

#[test]
fn wrong_requests() {
    let model = ridge(&[1.0, 2.0], Tanh);
    let refused = |request: &Request, word: &str| match expand(&model, request) {
        Err(error @ (Error::Terms(_) | Error::Size { .. } | Error::Order { .. })) => {
            assert!(error.to_string().contains(word), "{error}");
        }
        other => panic!("{word}: {other:?}"),
    };
    let laplacian = Operator::laplacian(0..2);
    let good = request(&[0.5, 0.5], &laplacian);
    refused(&Request { order: 3, ..good.clone() }, "of order 2, not 3");
    refused(&Request { method: Method::Hope, ..good.clone() }, "--method exact");
    refused(&request(&[0.5, 0.5], &Operator::laplacian([2])), "input 2");
    refused(&request(&[0.5, 0.5], &Operator::new(Vec::new())), "no terms");
    refused(&request(&[0.5, 0.5], &Operator::new(vec![term(&[0], f64::NAN)])), "not finite");
    refused(&request(&[0.5, 0.5], &Operator::new(vec![term(&[0], vec![1.0, 2.0])])), "2 points");
    refused(&request(&[0.5, 0.5], &Operator::new(vec![term(&[0; 31], 1.0)])), "31");
    let wide = ridge(&[1.0; 20], Tanh);
    let all: Vec<usize> = (0..20).collect();
    let many = request(&[0.0; 20], &Operator::new(vec![term(&all, 1.0)]));
    assert!(expand(&wide, &many).unwrap_err().to_string().contains("--terms mixed"));
    // A prepared one, at other points than it has coefficients for.
    let prepared =
        Prepared::new(&model, &request(&[], &Operator::new(vec![term(&[0], vec![1.0, 2.0])]))).unwrap();
    assert!(prepared.expand(&[0.5, 0.5]).is_err());
    let found = prepared.expand(&[0.5, 0.5, 0.5, 0.5]).unwrap();
    assert!((found.coefficients[1] - 2.0 * found.coefficients[0]).abs() < 1e-15);
}

/// The value alone.
#[test]
fn an_operator_without_derivatives() {
    let found = apply(&ridge(&[1.0, 2.0], Tanh), &[0.5, 0.5], &Operator::new(vec![term(&[], -2.0)]));
    assert_eq!(found.coefficients[0], -2.0 * found.value[0]);
}
