//! The engine as a whole: cutting the work changes nothing, claims hold, errors say what is wrong.

use std::ops::ControlFlow;

use crate::common::{self, Truth, dense, least, noise, path, relative_error};
use hope::activation::{Activation, Exp, LeakyRelu, Log, Relu, Sigmoid, Sin, Tanh};
use hope::model::{Geometry, Model};
use hope::onnx::ImportOptions;
use hope::plan::{Kernels, Plan, Rays, Target};
use hope::rays::Directions;
use hope::{Error, Expansion, Job, Method, Precision, Request, Terms, expand};
use proptest::prelude::*;

/// A multilayer perceptron.
fn mlp(inputs: usize, hidden: &[usize], outputs: usize, activation: impl Into<Activation> + Copy) -> Model {
    let mut b = Model::builder(&[inputs]);
    let mut x = b.input();
    for (i, &width) in hidden.iter().enumerate() {
        x = dense(&mut b, x, width, 10 * i as u64);
        x = b.activation(x, activation).unwrap();
    }
    let y = dense(&mut b, x, outputs, 999);
    b.build(y).unwrap()
}

/// Convolution, pooling and a residual branch.
fn cnn() -> Model {
    let mut b = Model::builder(&[2, 6, 6]);
    let x = b.input();
    let same =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Default::default() };
    let halves = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let h = b.conv(x, &[4, 2, 3, 3], noise(1, 72), Some(noise(2, 4)), 1, &same).unwrap();
    let h = b.activation(h, Tanh).unwrap();
    let g = b.conv(h, &[4, 4, 3, 3], noise(3, 144), None, 1, &same).unwrap();
    let g = b.activation(g, Sin).unwrap();
    let h = b.add(g, h).unwrap();
    let h = b.average_pool(h, &halves, true).unwrap();
    let h = b.max_pool(h, &Geometry { kernel: vec![2, 2], ..Default::default() }).unwrap();
    let h = b.reshape(h, &[16]).unwrap();
    let y = dense(&mut b, h, 3, 5);
    b.build(y).unwrap()
}

fn run(model: &Model, request: &Request) -> Expansion {
    expand(model, request).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn cutting_the_work_changes_nothing() {
    let model = cnn();
    for method in [Method::Exact, Method::Hope] {
        let request = Request { method, memory: Some(1 << 30), ..Request::new(noise(7, 11 * 72), 4) };
        let whole = run(&model, &request);
        let least = least(&model, &request);
        for memory in [least, least + 40_000, least * 2, least * 5] {
            let parts = run(&model, &Request { memory: Some(memory), ..request.clone() });
            // A product of other shape may round differently.
            assert!(relative_error(parts.coefficients, whole.coefficients.clone()) < 1e-13, "{method:?}");
            assert!(relative_error(parts.value, whole.value.clone()) < 1e-14);
            assert_eq!(parts.kinks.len(), whole.kinks.len());
        }
        for point in [0, 10] {
            let points = request.points[point * 72..][..72].to_vec();
            let alone = run(&model, &Request { points: points.into(), ..request.clone() });
            let size = alone.coefficients.len();
            let same = whole.coefficients[point * size..][..size].to_vec();
            assert!(relative_error(alone.coefficients, same) < 1e-13);
        }
    }
}

#[test]
fn memory_is_estimated_and_bounded() {
    let model = cnn();
    let request = Request::new(noise(7, 500 * 72), 4);
    for memory in [1 << 21, 1 << 23, 1 << 25] {
        let request = Request { memory: Some(memory), ..request.clone() };
        let job = Job::new(&model, &request).unwrap();
        assert!(job.bytes() <= memory, "{} of {memory}", job.bytes());
    }
    let error = expand(&model, &Request { memory: Some(1000), ..request }).unwrap_err();
    assert!(error.to_string().contains("raise --memory"), "{error}");
}

#[test]
fn unmixed_along_and_mixed_agree() {
    let model = mlp(3, &[8, 8], 2, Tanh);
    let points = noise(3, 6);
    let unmixed = run(&model, &Request::new(points.clone(), 6));
    let rows: Vec<f64> = (0..9).map(|i| f64::from(i % 4 == 0)).collect();
    let along = |directions| Request { terms: Terms::Along(directions), ..Request::new(points.clone(), 6) };
    let shared = run(&model, &along(Directions::Shared { inputs: 3, rows: rows.clone() }));
    assert!(relative_error(shared.coefficients, unmixed.coefficients.clone()) < 1e-14);
    let twice = [rows.clone(), rows].concat();
    let own = run(&model, &along(Directions::PerPoint { inputs: 3, rays: 3, rows: twice }));
    assert!(relative_error(own.coefficients, unmixed.coefficients.clone()) < 1e-14);
    let mixed = run(&model, &Request { terms: Terms::Mixed(None), ..Request::new(points, 6) });
    for (term, exponent) in mixed.exponents.chunks_exact(3).enumerate() {
        let degree: u8 = exponent.iter().sum();
        let Some(input) = exponent.iter().position(|&e| e == degree && degree > 0) else { continue };
        for row in 0..4 {
            let c = mixed.coefficients[row * mixed.shape[2] + term];
            let pure = unmixed.coefficients[(row * 6 + usize::from(degree) - 1) * 3 + input];
            assert!((c - pure).abs() < 1e-11, "{exponent:?}: {c} {pure}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The polynomial of mixed coefficients, along any direction, is the series along that direction.
    #[test]
    fn mixed_terms_reproduce_any_ray(
        t in prop::collection::vec(-1.0f64..1.0, 3),
        subspace in prop::collection::vec(-1.0f64..1.0, 12),
        seed in 0u64..100,
    ) {
        let (order, d) = (5usize, 3usize);
        let model = mlp(4, &[6, 5], 2, Sin);
        let mut request = Request::new(noise(seed, 4), order);
        request.terms = Terms::subspace(&subspace);
        let mixed = run(&model, &request);
        let direction: Vec<f64> = (0..4).map(|i| (0..d).map(|j| t[j] * subspace[j * 4 + i]).sum()).collect();
        request.terms = Terms::Along(Directions::Shared { inputs: 4, rows: direction });
        let along = run(&model, &request);
        let terms = mixed.shape[2];
        for output in 0..2 {
            let mut polynomial = vec![0.0; order + 1];
            for (exponent, c) in mixed.exponents.chunks_exact(d).zip(&mixed.coefficients[output * terms..]) {
                let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
                let power: f64 = exponent.iter().zip(&t).map(|(&e, t)| t.powi(i32::from(e))).product();
                polynomial[degree] += c * power;
            }
            let series = &along.coefficients[output * order..][..order];
            for (k, (p, s)) in polynomial[1..].iter().zip(series).enumerate() {
                prop_assert!((p - s).abs() < 1e-10, "order {}: {} {}", k + 1, p, s);
            }
        }
    }

    /// The Taylor polynomial predicts the network nearby, to its remainder.
    #[test]
    fn the_polynomial_predicts_the_network(seed in 0u64..1000, radius in 0.01f64..0.05) {
        let model = mlp(3, &[7, 7], 2, Tanh);
        let (point, direction) = (noise(seed, 3), noise(seed + 1, 3));
        let order = 8;
        let mut request = Request::new(point.clone(), order);
        request.terms = Terms::Along(Directions::Shared { inputs: 3, rows: direction.clone() });
        let series = run(&model, &request);
        let there: Vec<f64> = point.iter().zip(&direction).map(|(p, d)| p + radius * d).collect();
        let truth = run(&model, &Request::new(there, 1)).value;
        for output in 0..2 {
            let c = &series.coefficients[output * order..][..order];
            let predicted = c.iter().rev().fold(0.0, |sum, c| (sum + c) * radius) + series.value[output];
            prop_assert!((predicted - truth[output]).abs() < 1e-9);
        }
    }
}

#[test]
fn kink_distances_are_where_the_gradient_jumps() {
    let model = mlp(2, &[6, 6], 1, LeakyRelu { alpha: 0.3 });
    let point = vec![0.2, -0.1];
    let found = run(&model, &Request::new(point.clone(), 3));
    assert!(
        found.report.certificate.reason.contains("piecewise linear"),
        "{}",
        found.report.certificate.reason
    );
    assert!(found.coefficients[2..].iter().all(|&c| c == 0.0), "orders from 2 are zero");
    for input in 0..2 {
        let t = found.kinks[input];
        assert!(t.is_finite() && t > 0.0);
        let slope = |t: f64| {
            let mut p = point.clone();
            p[input] += t;
            run(&model, &Request::new(p, 1)).coefficients[input]
        };
        // The nearest kink is at t or -t.
        assert_eq!(slope(0.999 * t), slope(0.0));
        assert_eq!(slope(-0.999 * t), slope(0.0));
        assert!(slope(1.001 * t) != slope(0.0) || slope(-1.001 * t) != slope(0.0));
    }
    let (smallest, _) = found.report.kink_distance.unwrap();
    assert!((smallest - found.kinks[0].min(found.kinks[1])).abs() < 1e-6);
}

#[test]
fn max_pooling_has_kinks_where_another_input_takes_over() {
    let mut b = Model::builder(&[1, 3]);
    let x = b.input();
    let y = b.max_pool(x, &Geometry { kernel: vec![3], ..Default::default() }).unwrap();
    let model = b.build(y).unwrap();
    let found = run(&model, &Request::new(vec![1.0, 0.25, 0.5], 2));
    assert_eq!(found.coefficients, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(found.kinks, [0.5, 0.75, 0.5]);
}

#[test]
fn the_rule_visits_each_layer_once() {
    let steps = |blocks: usize| {
        let mut b = Model::builder(&[4]);
        let mut x = b.input();
        for i in 0..blocks {
            let h = dense(&mut b, x, 4, i as u64);
            let h = b.activation(h, Tanh).unwrap();
            x = b.add(x, h).unwrap();
        }
        let model = b.build(x).unwrap();
        Plan::hope(&model, 3, &Target::Input, Kernels::Portable).unwrap().steps.len()
    };
    assert_eq!(steps(200) - steps(100), steps(100) - steps(0));
}

#[test]
fn a_plan_stores_no_order_that_is_zero() {
    let model = cnn();
    let plan = Plan::exact(&model, 5, Rays::Unit, Kernels::Portable).unwrap();
    let degrees: Vec<usize> = plan.values.iter().map(|v| v.degree).collect();
    assert_eq!(degrees[..3], [1, 1, 5], "input and first convolution are linear in t");
    let relu = Plan::exact(&mlp(3, &[4, 4], 2, Relu), 5, Rays::Any, Kernels::Portable).unwrap();
    assert!(relu.values.iter().all(|v| v.degree <= 1));
    insta::assert_snapshot!(plan);
    insta::assert_snapshot!(Plan::hope(&model, 3, &Target::Input, Kernels::Portable).unwrap());
}

#[test]
fn operators_without_a_rule_are_named() {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let h = dense(&mut b, x, 3, 1);
    b.name("attention");
    let y = b.softmax(h, 0, false).unwrap();
    let model = b.build(y).unwrap();
    let request = Request { method: Method::Hope, ..Request::new(noise(1, 3), 2) };
    let error = expand(&model, &request).unwrap_err().to_string();
    for part in ["attention", "Softmax", "--method exact", "--logits"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(run(&model.logits().unwrap(), &request).shape, [1, 3, 2, 3]);
    assert!(mlp(2, &[], 1, Tanh).logits().unwrap_err().to_string().contains("--logits"));
}

#[test]
fn numbers_that_are_not_finite_are_errors() {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    b.name("the logarithm");
    let h = b.activation(x, Log).unwrap();
    b.name("the exponential");
    let y = b.activation(h, Exp).unwrap();
    let model = b.build(y).unwrap();
    let error = expand(&model, &Request::new(vec![1.0, -1.0], 2)).unwrap_err();
    assert!(
        matches!(&error, Error::NonFinite { layer, order: 0, point: 1, .. } if layer == "the logarithm"),
        "{error}"
    );

    let mut b = Model::builder(&[1]);
    let x = b.input();
    b.name("overflow");
    let y = b.activation(x, hope::activation::Reciprocal).unwrap();
    let model = b.build(y).unwrap();
    let request = Request { precision: Precision::F32, ..Request::new(vec![1e-6], 10) };
    let error = expand(&model, &request).unwrap_err();
    assert!(matches!(&error, Error::NonFinite { layer, order: 6, .. } if layer == "overflow"), "{error}");
    assert!(error.to_string().contains("f64"), "{error}");
}

#[test]
fn requests_are_checked() {
    let model = mlp(3, &[4], 2, Tanh);
    let good = Request::new(noise(1, 6), 2);
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        expand(&model, &request).unwrap_err().to_string()
    };
    type Change<'a> = &'a dyn Fn(&mut Request);
    let cases: [(Change, &str); 9] = [
        (&|r| r.points = vec![1.0; 4].into(), "3 numbers per point"),
        (&|r| r.points = vec![].into(), "3 numbers per point"),
        (&|r| r.points[4] = f64::NAN, "point 1"),
        (&|r| r.order = 0, "1 to 30"),
        (&|r| r.order = 31, "1 to 30"),
        (&|r| r.outputs = Some(vec![2]), "no output 2"),
        (&|r| r.outputs = Some(vec![]), "no outputs"),
        (&|r| r.terms = Terms::Along(Directions::Shared { inputs: 3, rows: vec![1.0; 4] }), "rows of 3"),
        (&|r| r.terms = Terms::subspace(vec![f64::INFINITY; 3]), "not finite"),
    ];
    for (change, message) in cases {
        let error = refused(change);
        assert!(error.contains(message), "{error}");
    }
    let along = Terms::Along(Directions::Unit { inputs: 3 });
    let error = refused(&|r| (r.terms, r.method) = (along.clone(), Method::Hope));
    assert!(error.contains("--method exact"), "{error}");
}

#[test]
fn outputs_are_selected_in_the_order_given() {
    let model = mlp(3, &[5], 4, Tanh);
    for method in [Method::Exact, Method::Hope] {
        let request = Request { method, ..Request::new(noise(1, 6), 3) };
        let all = run(&model, &request);
        let some = run(&model, &Request { outputs: Some(vec![3, 1]), ..request });
        let row = |output: usize, point: usize| all.coefficients[(point * 4 + output) * 9..][..9].to_vec();
        let wanted = [row(3, 0), row(1, 0), row(3, 1), row(1, 1)].concat();
        assert!(relative_error(some.coefficients, wanted) < 1e-15);
        assert_eq!(some.value, [all.value[3], all.value[1], all.value[7], all.value[5]]);
    }
}

#[test]
fn verification_sees_a_wrong_method_and_passes_a_right_one() {
    let model = mlp(4, &[8, 8], 2, Tanh);
    for (precision, allowed) in [(Precision::F64, 1e-11), (Precision::F32, 1e-4)] {
        for terms in [Terms::Unmixed, Terms::Along(Directions::Unit { inputs: 4 }), Terms::Mixed(None)] {
            let request = Request { precision, verify: 5, terms, ..Request::new(noise(2, 12), 4) };
            let found = run(&model, &request).report.verification.unwrap();
            assert_eq!(found.rays, 5);
            assert!(found.deviation < allowed, "{}", found.deviation);
        }
    }
    for terms in [Terms::Unmixed, Terms::Mixed(None)] {
        let request = Request { method: Method::Hope, verify: 5, terms, ..Request::new(noise(2, 12), 4) };
        let found = run(&model, &request).report.verification.unwrap();
        assert!(found.deviation < 1e-11, "{}", found.deviation);
        assert!(found.deviation_from_exact.unwrap() > 0.1, "two hidden layers: the rule is approximate");
    }
}

#[test]
fn a_saturated_softmax_keeps_its_digits() {
    // softmax(a x, 0) = sigmoid(± a x), whose series is tested against mpmath.
    for (precision, slope, tolerance) in [(Precision::F64, 45.0, 1e-12), (Precision::F32, 25.0, 1e-5)] {
        let mut b = Model::builder(&[1]);
        let x = b.input();
        let h = b.linear(x, &[2, 1], vec![slope, 0.0], None).unwrap();
        let y = b.softmax(h, 0, false).unwrap();
        let model = b.build(y).unwrap();
        let found = run(&model, &Request { precision, ..Request::new(vec![1.0], 6) });
        let mut sigmoid = [0.0; 7];
        Activation::from(Sigmoid).taylor(&[slope], &mut sigmoid);
        for k in 1..=6 {
            let truth = sigmoid[k] * slope.powi(k as i32);
            assert!((found.coefficients[k - 1] / truth - 1.0).abs() < tolerance, "order {k}");
            assert!((found.coefficients[6 + k - 1] / -truth - 1.0).abs() < tolerance, "order {k}");
        }
    }
}

#[test]
fn a_run_can_be_stopped() {
    let model = cnn();
    let request = Request { memory: Some(1 << 22), ..Request::new(noise(7, 200 * 72), 4) };
    struct Nothing;
    impl hope::Sink for Nothing {
        fn batch(&mut self, _: &hope::Batch) -> std::io::Result<()> {
            Ok(())
        }
    }
    let job = Job::new(&model, &request).unwrap();
    let result = job.run(&mut Nothing, &|progress| match progress.done {
        0..10 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert!(matches!(result, Err(Error::Interrupted)));
}

#[test]
fn the_highest_order_is_right() {
    // exp(2x): c_k = 2^k / k!.
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let h = b.linear(x, &[1, 1], vec![2.0], None).unwrap();
    let y = b.activation(h, Exp).unwrap();
    let model = b.build(y).unwrap();
    for method in [Method::Exact, Method::Hope] {
        let found = run(&model, &Request { method, ..Request::new(vec![0.0], 30) });
        let mut wanted = 1.0;
        for (k, c) in (1..=30).zip(&found.coefficients) {
            wanted *= 2.0 / f64::from(k);
            assert!((c / wanted - 1.0).abs() < 1e-12, "order {k}");
        }
    }
}

#[test]
fn a_comparator_that_never_fails_would_be_seen() {
    let mut truth = Truth::open(&path("tests/fixtures/reference/discover_2d.npz"));
    let model = path("tests/fixtures/reference/discover_2d.onnx");
    let model = Model::from_onnx(model, &ImportOptions::default()).unwrap();
    let found = run(&model, &Request::new(truth.values("points"), 6));
    let wanted = truth.values("unmixed");
    let good = common::errors_by_order(&found.coefficients, &wanted, 6, 6, 2);
    common::assert_orders("unmixed", &good, 1e-10);
    for k in 0..6 {
        let mut wrong = found.coefficients.clone();
        wrong[k * 2] += 1e-6 * wrong[k * 2].abs();
        let errors = common::errors_by_order(&wrong, &wanted, 6, 6, 2);
        assert!(errors[k] > 1e-10 && errors.iter().enumerate().all(|(j, e)| j == k || *e <= 1e-10));
        assert!(std::panic::catch_unwind(|| common::assert_orders("unmixed", &errors, 1e-10)).is_err());
    }
}
