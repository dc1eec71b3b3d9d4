//! Heat maps and interactions against independent float64 truth: `tests/truth/heatmap.py` and automatic differentiation.

use crate::common::{Truth, digit, path, relative_error};

use hope::attribution::{Agreement, Push, heatmap, interactions, measured, strongest};
use hope::forward::values;
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::plan::Method;
use hope::{Request, Result};

fn model(file: &str) -> Model {
    Model::from_onnx(path(file), &ImportOptions::default()).expect("a model")
}

fn cnn() -> Model {
    model("examples/mnist/mnist_cnn_tanh.onnx")
}

/// Points, their outputs and unmixed coefficients `[points, 10, 6, 784]`, by automatic differentiation.
fn reference() -> Truth {
    Truth::open(&path("tests/fixtures/reference/mnist_cnn_tanh.npz"))
}

fn order(n: usize) -> Request {
    Request::new(Vec::new(), n)
}

#[test]
fn maps_are_sums_of_powers_of_true_coefficients() -> Result<()> {
    let (model, mut truth) = (cnn(), reference());
    let (points, unmixed) = (truth.values("points"), truth.values("unmixed"));
    let rule = truth.values("published_rule_unmixed");
    for (method, c) in [(Method::Exact, &unmixed), (Method::Hope, &rule)] {
        for (point, output, delta) in [(0, 7, 0.5), (2, 3, -0.75)] {
            let x = &points[point * 784..][..784];
            let deltas = Push::By(delta).deltas(x)?;
            let map = heatmap(&model, x, output, &deltas, &Request { method, ..order(6) })?;
            let mut sum = vec![0.0; 784];
            for k in 1..=6 {
                let c = &c[((point * 10 + output) * 6 + k - 1) * 784..][..784];
                sum.iter_mut().zip(c).for_each(|(s, c)| *s += c * f64::powi(delta, k as i32));
                let found = map.predicted[(k - 1) * 784..][..784].iter().copied();
                let error = relative_error(found, sum.iter().copied());
                assert!(error < 1e-9, "{method:?}, order {k}: {error:e}");
            }
            let error = (map.value - truth.values("value")[point * 10 + output]).abs();
            assert!(error < 1e-10 && map.across_kinks == 0);
            assert_eq!(map.report.certificate.exact, method == Method::Exact);
        }
    }
    Ok(())
}

#[test]
fn changes_are_those_of_the_perturbed_network() -> Result<()> {
    let (model, x) = (cnn(), digit());
    let mut truth = Truth::open(&path("tests/fixtures/heatmap.npz"));
    let class = truth.values("class")[0] as usize;
    for (push, key) in [(Push::By(0.5), "pushed"), (Push::To(vec![0.0; 784]), "zeroed")] {
        let truth = truth.values(key);
        let deltas = push.deltas(&x)?;
        let found = measured(&model, &x, class, &deltas)?;
        let error = relative_error(found.iter().copied(), truth.iter().copied());
        assert!(error < 1e-10, "{key}: {error:e}");
        // The exact polynomials approach them with the order, the published rule doesn't.
        let error = |method, n: usize| -> Result<f64> {
            let map = heatmap(&model, &x, class, &deltas, &Request { method, ..order(n) })?;
            Ok(Agreement::new(&map.predicted[(n - 1) * 784..], &truth, 20).relative_error.expect("a norm"))
        };
        let (one, three, eight) =
            (error(Method::Exact, 1)?, error(Method::Exact, 3)?, error(Method::Exact, 8)?);
        assert!(three < 0.2 * one && eight < 2e-2 * three, "{key}: {one:e} {three:e} {eight:e}");
        let rule = error(Method::Hope, 8)?;
        assert!(rule > 0.5 * one, "{key}: published rule {rule:e}, order 1 {one:e}");
    }
    Ok(())
}

#[test]
fn pairs_are_mixed_second_derivatives() -> Result<()> {
    // By automatic differentiation: exponents and coefficients of discover_5d to degree 4.
    let model = model("tests/fixtures/reference/discover_5d.onnx");
    let mut truth = Truth::open(&path("tests/fixtures/reference/discover_5d.npz"));
    let (points, mixed, exponents) = (truth.values("points"), truth.values("mixed"), truth.exponents());
    let of = |alpha: &[u8]| exponents.chunks_exact(5).position(|e| e == alpha).expect("the term");
    let inputs = [3, 0, 4, 1];
    for point in 0..2 {
        let found = interactions(&model, &points[point * 5..][..5], 0, &inputs, &order(2))?;
        for (i, &a) in inputs.iter().enumerate() {
            for (j, &b) in inputs.iter().enumerate() {
                let mut alpha = [0u8; 5];
                alpha[a] += 1;
                alpha[b] += 1;
                let truth = mixed[point * 126 + of(&alpha)];
                assert!((found.matrix[i * 4 + j] - truth).abs() < 1e-9, "{a} {b}");
            }
        }
        assert_eq!(found.pairs.len(), 6);
        assert!(found.pairs.is_sorted_by(|p, q| p.coefficient.abs() >= q.coefficient.abs()));
        for pair in &found.pairs {
            let place = |input| inputs.iter().position(|&i| i == input).expect("an input");
            let [a, b] = pair.inputs;
            assert!(a < b);
            assert_eq!(pair.coefficient, found.matrix[place(a) * 4 + place(b)]);
        }
    }
    Ok(())
}

#[test]
fn pairs_of_pixels_agree_with_differences() -> Result<()> {
    let mut truth = Truth::open(&path("tests/fixtures/heatmap.npz"));
    let pixels: Vec<usize> = truth.values("pixels").iter().map(|&p| p as usize).collect();
    let class = truth.values("class")[0] as usize;
    let found = interactions(&cnn(), &digit(), class, &pixels, &order(2))?;
    let off_diagonal = (0..36).filter(|i| i % 7 != 0).map(|i| found.matrix[i]);
    let error = relative_error(off_diagonal, truth.values("pairs"));
    assert!(error < 1e-5, "{error:e}");
    Ok(())
}

#[test]
fn the_coarse_pass_finds_the_largest_coefficients() -> Result<()> {
    let (model, mut truth) = (cnn(), reference());
    let (points, c) = (truth.values("points"), truth.values("unmixed"));
    let found = strongest(&model, &points[..784], 7, 30, 0.5, &order(2))?;
    let first = &c[7 * 6 * 784..][..2 * 784];
    let score = |i: usize| (0.5 * first[i]).abs() + (0.25 * first[784 + i]).abs();
    let weakest = score(found[29]);
    assert!(found.is_sorted_by(|&i, &j| score(i) >= score(j)));
    assert_eq!((0..784).filter(|&i| score(i) >= weakest).count(), 30);
    Ok(())
}

#[test]
fn values_are_the_networks() -> Result<()> {
    let mut truth = reference();
    let found = values(&cnn(), truth.values("points"), None)?;
    assert!(relative_error(found, truth.values("value")) < 1e-12);
    let some = values(&cnn(), &truth.values("points")[..784], Some(&[3, 1]))?;
    let all = truth.values("value");
    assert!(relative_error(some, [all[3], all[1]]) < 1e-12);
    Ok(())
}

#[test]
fn kinks_on_the_way_are_counted() -> Result<()> {
    let model = model("examples/mnist/mnist_cnn_relu_bn.onnx");
    let x = digit();
    // The network is linear between its kinks: where none is met, the prediction of order 1 is right.
    let counts = |delta| -> Result<(usize, usize)> {
        let deltas = Push::By(delta).deltas(&x)?;
        let map = heatmap(&model, &x, 3, &deltas, &order(1))?;
        let truth = measured(&model, &x, 3, &deltas)?;
        let off = map.predicted.iter().zip(truth).filter(|(p, t)| (*p - t).abs() > 1e-9).count();
        Ok((off, map.across_kinks))
    };
    let ((near, at_once), (far, on_the_way)) = (counts(1e-6)?, counts(0.5)?);
    assert!(near <= at_once && far <= on_the_way, "{near} {at_once} {far} {on_the_way}");
    assert!(far > 100 && on_the_way > at_once);
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (model, x) = (cnn(), digit());
    let message = |result: Result<Vec<f64>>| result.expect_err("an error").to_string();
    assert!(message(Push::By(0.0).deltas(&x)).contains("no input is changed"));
    assert!(message(Push::By(f64::NAN).deltas(&x)).contains("not finite"));
    assert!(message(Push::To(vec![0.0; 3]).deltas(&x)).contains("3 numbers"));
    assert!(message(Push::To(x.clone()).deltas(&x)).contains("no input is changed"));
    assert!(message(measured(&model, &x, 10, &[0.1; 784])).contains("output 10"));
    assert!(measured(&model, &x[..5], 1, &[0.1; 5]).is_err());
    assert!(heatmap(&model, &x, 1, &[0.1; 5], &order(2)).is_err());
    assert!(heatmap(&model, &x, 1, &[1e200; 784], &order(3)).is_err(), "overflow");
    let pairs =
        |inputs: &[usize]| interactions(&model, &x, 1, inputs, &order(2)).err().map(|e| e.to_string());
    assert!(pairs(&[1]).is_some_and(|e| e.contains("two inputs")));
    assert!(pairs(&[1, 784]).is_some_and(|e| e.contains("no input 784")));
    assert!(pairs(&[1, 2, 1]).is_some_and(|e| e.contains("named twice")));
    assert!(strongest(&model, &x, 1, 785, 0.5, &order(2)).is_err());
    assert!(strongest(&model, &x, 1, 5, 0.0, &order(2)).is_err());
}
