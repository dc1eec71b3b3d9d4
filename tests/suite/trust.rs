//! Estimates of trust on functions whose truth is known in closed form, and checks against the network.

use std::f64::consts::PI;
use std::ops::ControlFlow;

use crate::common::path;
use hope::activation::{
    Activation, Atan, Erf, Exp, Log, Pow, Reciprocal, Relu, Sigmoid, Sin, Softplus, Sqrt, Tanh,
};
use hope::model::{Constant, Model};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::trust::{Limit, Question, Ray, Study, Trust, assess, convergence};
use hope::{Error, Method, Precision, Request, Terms, expand};
use proptest::prelude::*;

type Function = fn(f64) -> f64;

/// `σ(slope x + shift)`, one input.
fn one_unit(function: impl Into<Activation>, slope: f64, shift: f64) -> Model {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let h = b.linear(x, &[1, 1], vec![slope], Some(vec![shift])).unwrap();
    let y = b.activation(h, function).unwrap();
    b.build(y).unwrap()
}

/// `1 / (1 + x²)`.
fn lorentzian() -> Model {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let square = b.activation(x, Pow { exponent: 2.0 }).unwrap();
    let shifted = b.affine(square, None, Some(Constant { shape: &[], values: &[1.0] })).unwrap();
    let y = b.activation(shifted, Reciprocal).unwrap();
    b.build(y).unwrap()
}

fn coefficients(model: &Model, at: f64, order: usize) -> Vec<f64> {
    expand(model, &Request::new(vec![at], order)).unwrap().coefficients
}

fn ask(model: &Model, request: &Request, question: Question) -> hope::Result<Trust> {
    assess(model, request, &question, &|_| ControlFlow::Continue(()))
}

const QUESTION: Question = Question { tolerance: 1e-3, radius: None, checks: 1000 };

/// The table of `src/trust/convergence.rs`.
#[test]
fn known_radii() {
    let minus_five_halves = Pow { exponent: -2.5 };
    let cases: [(&str, Model, f64, f64, [f64; 3]); 12] = [
        ("tanh", one_unit(Tanh, 1.0, 0.0), 0.0, PI / 2.0, [1.33, 1.38, 1.44]),
        ("tanh", one_unit(Tanh, 1.0, 0.0), 0.7, 0.7f64.hypot(PI / 2.0), [1.38, 1.52, 1.60]),
        ("1/(1+x²)", lorentzian(), 0.0, 1.0, [0.82, 0.87, 0.91]),
        ("1/(1+x²)", lorentzian(), 1.0, 2f64.sqrt(), [1.36, 1.22, 1.29]),
        ("log", one_unit(Log, 1.0, 1.0), 0.0, 1.0, [1.00, 1.00, 1.00]),
        ("sqrt", one_unit(Sqrt, 1.0, 1.0), 0.0, 1.0, [1.12, 1.08, 1.05]),
        ("softplus", one_unit(Softplus, 1.0, 0.0), 0.0, PI, [PI; 3]),
        ("softplus", one_unit(Softplus, 1.0, 0.0), 2.0, 2f64.hypot(PI), [3.80, 3.76, 3.74]),
        ("power", one_unit(minus_five_halves, -1.0, 1.0), 0.0, 1.0, [0.67, 0.74, 0.81]),
        ("exp", one_unit(Exp, 1.0, 0.0), 0.0, f64::INFINITY, [5.0, 7.0, 11.0]),
        ("sin", one_unit(Sin, 1.0, 0.0), 0.0, f64::INFINITY, [5.48, 7.48, 11.49]),
        ("erf", one_unit(Erf, 1.0, 0.0), 0.0, f64::INFINITY, [1.73, 2.00, 2.45]),
    ];
    for (name, model, at, truth, expected) in cases {
        for (order, expected) in [6, 10, 16].into_iter().zip(expected) {
            let found = convergence(&coefficients(&model, at, order + 2));
            let error = (found.radius / expected - 1.0).abs();
            assert!(error < 0.01, "{name} at {at}, order {order}: {} for {expected}", found.radius);
            // At low orders an estimate may grow because it has not settled.
            assert!(!truth.is_finite() || order == 6 || !found.growing, "{name} at {at}, order {order}");
            if name == "exp" || name == "sin" {
                assert!(found.growing, "{name}, order {order}");
            }
        }
    }
}

#[test]
fn polynomials_have_no_end_and_broken_series_no_trust() {
    for (series, radius) in [
        (&[1.0, 0.0, 0.0][..], f64::INFINITY),
        (&[0.0; 6], f64::INFINITY),
        (&[0.0, 3.0, -1.0, 0.0, 0.0, 0.0, 0.0], f64::INFINITY),
        (&[], f64::INFINITY),
        (&[5.0], f64::INFINITY),
        (&[1.0, f64::NAN, 1.0], 0.0),
        (&[1.0, 1.0, f64::INFINITY], 0.0),
    ] {
        assert_eq!(convergence(series).radius, radius, "{series:?}");
    }
    let broken = Ray { coefficients: &[1.0, f64::NAN, 1.0], convergence: 1.0, kink: f64::INFINITY };
    assert_eq!(broken.trust(1, 0.1).0, 0.0);
    assert_eq!(broken.error(1, 0.1), f64::INFINITY);
}

/// `Σ r^k` from order n + 1 on: the estimate is the truth for 1/(1-x) and 1/(1-x²).
#[test]
fn geometric_series_exactly() {
    let ray = Ray { coefficients: &[1.0; 8], convergence: 1.0, kink: f64::INFINITY };
    let even = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let even = Ray { coefficients: &even, ..ray };
    for r in [1e-3f64, 0.1, 0.5, 0.9] {
        for n in 1..=6 {
            let truth = r.powi(n as i32 + 1) / (1.0 - r);
            assert!((ray.error(n, r) / truth - 1.0).abs() < 1e-12);
            let first = n as i32 + 1 + i32::from(n % 2 == 0);
            let truth = r.powi(first) / (1.0 - r * r);
            assert!((even.error(n, r) / truth - 1.0).abs() < 1e-12);
        }
    }
    assert_eq!(ray.error(6, 1.0), f64::INFINITY);
    // The trust radius inverts it.
    for tolerance in [1e-12, 1e-3, 0.1, 5.0] {
        let (r, limit) = ray.trust(6, tolerance);
        assert!((r.powi(7) / (1.0 - r) / tolerance - 1.0).abs() < 1e-9);
        assert_eq!(limit, if r > 0.9 { Limit::Convergence } else { Limit::Tolerance });
        assert_eq!(ray.order(r, tolerance * 1.001, 6), Some(6));
    }
    // And the order: 0.5^(n+1) / 0.5 = 0.5^n.
    assert_eq!(ray.order(0.5, 0.07, 6), Some(4));
    assert_eq!(ray.order(0.5, 0.01, 6), None);
    assert_eq!(ray.order(1.5, 1e9, 6), None);
}

#[test]
fn extremes_do_not_overflow() {
    let huge = [1e300, -1e305, 1e308, 1e308, 1e308];
    let ray = Ray { coefficients: &huge, convergence: convergence(&huge).radius, kink: f64::INFINITY };
    let (r, _) = ray.trust(3, 1e-6);
    assert!(r > 0.0 && r.is_finite() && ray.error(3, r) <= 1e-6);
    let tiny = [1e-300, 1e-305, 1e-308, 1e-310, 1e-312];
    let estimate = convergence(&tiny).radius;
    let ray = Ray { coefficients: &tiny, convergence: estimate, kink: f64::INFINITY };
    let (r, limit) = ray.trust(3, 1.0);
    assert!(r > 0.0 && r <= estimate && limit == Limit::Convergence, "{r} {limit:?}");
    let steep: Vec<f64> = (1..=30).map(|k| 1e-10f64.powi(k)).collect();
    assert!((convergence(&steep).radius.log10() - 10.0).abs() < 0.1);
    let ray = Ray { coefficients: &[1.0, 1.0, 0.0, 0.0, 0.0], convergence: f64::INFINITY, kink: 1e200 };
    assert_eq!(ray.trust(3, 1e-9), (1e200, Limit::Kink));
    assert_eq!(Ray { kink: f64::INFINITY, ..ray }.trust(3, 1e-9), (f64::INFINITY, Limit::None));
    assert_eq!(Ray { kink: 0.0, ..ray }.trust(3, 1e-9), (0.0, Limit::Kink));
}

proptest! {
    /// `Re (1 - x/z)^-s` for singularities anywhere: poles to square roots, real or in pairs.
    #[test]
    fn singularities_of_any_scale_and_angle(log_r in -20.0..20.0f64, angle in 0.0..PI, s in -0.5..1.0f64, noise in 0u64..1000) {
        let r = log_r.exp();
        let mut magnitude = 1.0;
        let series: Vec<f64> = (1..=14).map(|k| {
            let k = f64::from(k);
            magnitude *= (k - 1.0 + s) / k / r;
            // As the rounding of f32 leaves it.
            let rounding = 1e-7 * ((k + 17.0) * (noise as f64 + 3.7)).sin();
            magnitude * ((k * angle).cos() + rounding)
        }).collect();
        prop_assume!(s.abs() > 0.05);
        let found = convergence(&series).radius / r;
        prop_assert!((0.7..1.45).contains(&found), "{found}");
    }

    /// Scaling the variable scales every radius; scaling the function and the tolerance changes none.
    #[test]
    fn scales(series in prop::collection::vec(-1.0..1.0f64, 6..16), log_factor in -8.0..8.0f64, log_height in -8.0..8.0f64) {
        let (factor, height) = (log_factor.exp(), log_height.exp());
        let scaled: Vec<f64> = (1..).zip(&series).map(|(k, c)| height * c * factor.powi(-k)).collect();
        let (a, b) = (convergence(&series).radius, convergence(&scaled).radius);
        prop_assert!((b / (a * factor) - 1.0).abs() < 1e-6);
        let n = series.len() - 2;
        let ray = Ray { coefficients: &series, convergence: a, kink: 3.0 };
        let other = Ray { coefficients: &scaled, convergence: b, kink: 3.0 * factor };
        let (r, q) = (ray.trust(n, 1e-4).0, other.trust(n, 1e-4 * height).0);
        prop_assert!((q / (r * factor) - 1.0).abs() < 1e-5, "{r} {q}");
        prop_assert!(ray.error(n, r) <= 1e-4 && r <= a && r <= 3.0);
    }
}

/// On functions with known values: the polynomial is within three times the tolerance up to the trust radius, and the recommended
/// order does what it says.
#[test]
fn tolerance_and_order_are_honest() {
    let functions: [(&str, Model, Function); 7] = [
        ("tanh", one_unit(Tanh, 1.0, 0.0), f64::tanh),
        ("exp", one_unit(Exp, 1.0, 0.0), f64::exp),
        ("sin", one_unit(Sin, 1.0, 0.0), f64::sin),
        ("atan", one_unit(Atan, 1.0, 0.0), f64::atan),
        ("sigmoid", one_unit(Sigmoid, 1.0, 0.0), |x| 1.0 / (1.0 + (-x).exp())),
        ("softplus", one_unit(Softplus, 1.0, 0.0), |x| x.exp().ln_1p()),
        ("1/(1+x²)", lorentzian(), |x| 1.0 / (1.0 + x * x)),
    ];
    for (name, model, f) in functions {
        for at in [0.0, 0.4, -1.3] {
            for order in [2, 4, 7, 12] {
                for tolerance in [1e-2, 1e-4, 1e-8] {
                    let question = Question { tolerance, radius: Some(0.3), checks: 1 };
                    let trust = ask(&model, &Request::new(vec![at], order), question).unwrap();
                    let c = coefficients(&model, at, order);
                    let off =
                        |n: usize, t: f64| (f(at) + hope::trust::polynomial(&c[..n], t) - f(at + t)).abs();
                    let r = trust.radius[0];
                    let measured = off(order, r).max(off(order, -r));
                    let what = format!("{name} at {at}, order {order}, {tolerance}");
                    assert!(measured < 3.0 * tolerance, "{what}: {measured} at {r}");
                    let check = trust.checks[0];
                    assert!((check.measured.unwrap() - measured).abs() < 1e-14 && check.t == r, "{what}");
                    if let Some(n) = trust.order.unwrap()[0] {
                        assert!(off(n, 0.3).max(off(n, -0.3)) < 3.0 * tolerance, "{what}: order {n}");
                        assert!(n == 1 || r >= 0.3 || n <= order);
                    } else {
                        assert!(r < 0.3, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn kinks_limit_the_radius() {
    let model = one_unit(Relu, 2.0, -1.0); // kink at 0.5
    let request = Request::new(vec![0.1, 2.0, 0.5], 3);
    let trust = ask(&model, &request, QUESTION).unwrap();
    assert_eq!(trust.shape, [3, 1, 1]);
    assert_eq!(trust.convergence, [f64::INFINITY; 3]);
    for (found, truth) in trust.radius.iter().zip([0.4, 1.5, 0.0]) {
        assert!((found - truth).abs() < 1e-12);
    }
    assert_eq!(trust.limit, [Limit::Kink; 3]);
    assert!(trust.checks.iter().all(|check| check.measured.unwrap() < 1e-12));
    assert!(trust.order.is_none());
    // Beyond the kink no order helps.
    let question = Question { radius: Some(1.0), ..QUESTION };
    assert_eq!(ask(&model, &request, question).unwrap().order.unwrap(), [None, Some(1), None]);
}

#[test]
fn rays_points_and_outputs_keep_apart() {
    let model =
        Model::from_onnx(path("tests/fixtures/reference/discover_5d.onnx"), &ImportOptions::default())
            .unwrap();
    let points: Vec<f64> = (0..15).map(|i| f64::from(i) / 10.0 - 0.7).collect();
    let directions = Directions::random(5, 4, 1);
    for terms in [Terms::Unmixed, Terms::Along(directions)] {
        let request = Request { terms, ..Request::new(points.clone(), 6) };
        let trust = ask(&model, &request, QUESTION).unwrap();
        let [count, outputs, rays] = trust.shape;
        assert_eq!(trust.radius.len(), count * outputs * rays);
        assert_eq!(trust.checks.len(), trust.radius.len());
        for (i, check) in trust.checks.iter().enumerate() {
            assert_eq!((check.point * outputs + check.output) * rays + check.ray, i);
            assert_eq!(check.t, trust.radius[i]);
            assert!(check.measured.unwrap() < 3e-3, "{check:?}");
        }
        // The second point alone gives the same.
        let alone = Request { points: points[5..10].to_vec().into(), ..request.clone() };
        let alone = ask(&model, &alone, QUESTION).unwrap();
        for (a, b) in alone.radius.iter().zip(&trust.radius[rays..]) {
            assert!((a / b - 1.0).abs() < 1e-6);
        }
        // In f32 the estimates are nearly the same, and a subset of them is checked.
        let single = Request { precision: Precision::F32, ..request };
        let single = ask(&model, &single, Question { checks: 5, ..QUESTION }).unwrap();
        assert_eq!(single.checks.len(), 5);
        let smallest = single.radius.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(single.checks.iter().any(|check| check.t == smallest));
        for (a, b) in single.radius.iter().zip(&trust.radius) {
            assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
        }
    }
}

#[test]
fn a_study_measures_what_is_true() {
    let model = one_unit(Exp, 1.0, 0.0);
    let request = Request::new(vec![0.0], 1);
    let study = Study::run(&model, &request, &[3, 1], Some(&[1.0, 0.1])).unwrap();
    assert_eq!((study.orders.clone(), study.radii.clone()), (vec![1, 3], vec![0.1, 1.0]));
    let truth = |order: usize, r: f64| {
        let p = |t: f64| 1.0 + t + if order == 3 { t * t / 2.0 + t * t * t / 6.0 } else { 0.0 };
        let (a, b) = ((p(r) - r.exp()).abs(), (p(-r) - (-r).exp()).abs());
        (a.max(b), (a + b) / 2.0)
    };
    assert_eq!(study.cells.len(), 4);
    for cell in &study.cells {
        let (largest, mean) = truth(cell.order, cell.radius);
        assert!((cell.largest - largest).abs() < 1e-14 && (cell.mean - mean).abs() < 1e-14, "{cell:?}");
        let estimate = cell.estimate.unwrap();
        assert!(estimate >= 0.9 * largest && estimate < 2.0 * largest, "{cell:?}");
    }
    assert_eq!(study.of_order(3).count(), 2);
    // Radii of its own reach from well inside to beyond the radius of convergence.
    let study = Study::run(&one_unit(Tanh, 1.0, 0.0), &request, &[2, 4, 8], None).unwrap();
    assert_eq!(study.radii.len(), 9);
    assert!(study.radii[0] < 0.1 && study.radii[8] > PI / 2.0);
    assert!(study.cells.last().unwrap().estimate.is_none());
    assert!(study.cells.iter().all(|cell| cell.largest.is_finite() && cell.mean <= cell.largest));
}

#[test]
fn what_cannot_be_asked() {
    let model = one_unit(Tanh, 1.0, 0.0);
    let request = Request::new(vec![0.0], 4);
    let refused = |request: Request, question: Question, part: &str| {
        let error = ask(&model, &request, question).unwrap_err();
        assert!(error.is_request() && error.to_string().contains(part), "{error}");
    };
    refused(Request { order: 29, ..request.clone() }, QUESTION, "1 to 28");
    refused(Request { order: 0, ..request.clone() }, QUESTION, "1 to 28");
    refused(Request { terms: Terms::Mixed(None), ..request.clone() }, QUESTION, "rays");
    refused(Request { method: Method::Hope, ..request.clone() }, QUESTION, "published rule");
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(request.clone(), Question { tolerance: wrong, ..QUESTION }, "tolerance");
        refused(request.clone(), Question { radius: Some(wrong), ..QUESTION }, "radius");
        assert!(Study::run(&model, &request, &[2], Some(&[wrong])).is_err());
    }
    assert!(Study::run(&model, &request, &[], None).is_err());
    assert!(Study::run(&model, &request, &[2], Some(&[])).is_err());
    assert!(Study::run(&model, &request, &[29], None).is_err());
    // A network without a value where a sample falls.
    let logarithm = one_unit(Log, 1.0, 1.0);
    assert!(matches!(Study::run(&logarithm, &request, &[2], Some(&[2.0])), Err(Error::NonFinite { .. })));
    let wide = Question { tolerance: 1e6, ..QUESTION };
    let line = one_unit(Pow { exponent: 1.0 }, 1.0, 0.0);
    assert!(ask(&line, &request, wide).unwrap().checks[0].measured.is_some());
}
