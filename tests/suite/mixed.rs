//! Mixed terms: right in any units, whichever groups the variables are computed in. Truth: closed forms.

use std::collections::BTreeMap;

use hope::activation::{Exp, Relu, Sigmoid, Sin, Tanh};
use hope::model::Model;
use hope::monomials::{exponents, multinomial};
use hope::onnx::ImportOptions;
use hope::polynomial::TaylorPolynomial;
use hope::{Expansion, Job, MixedCost, Precision, Request, Terms, expand};
use proptest::prelude::*;

use crate::common::{dense, noise, path};

fn mixed(model: &Model, point: &[f64], order: usize) -> Expansion {
    expand(model, &Request { terms: Terms::Mixed(None), ..Request::new(point.to_vec(), order) }).unwrap()
}

/// Largest deviation in each degree, relative to the largest coefficient of that degree, after variable i is divided by `radii[i]`.
fn deviation(found: &[f64], truth: &[f64], exponents: &[u8], radii: &[f64]) -> f64 {
    let mut largest = BTreeMap::new();
    let mut worst = BTreeMap::new();
    for ((f, t), exponent) in found.iter().zip(truth).zip(exponents.chunks_exact(radii.len())) {
        let degree: u32 = exponent.iter().map(|&e| u32::from(e)).sum();
        let scale: f64 = exponent.iter().zip(radii).map(|(&e, r)| r.powi(i32::from(e))).product();
        let (size, off): (&mut f64, &mut f64) =
            (largest.entry(degree).or_default(), worst.entry(degree).or_default());
        *size = size.max((t * scale).abs());
        *off = off.max(((f - t) * scale).abs());
    }
    worst
        .into_iter()
        .map(|(degree, off)| if off == 0.0 { 0.0 } else { off / largest[&degree] })
        .fold(0.0, f64::max)
}

/// `f(w·x + b)` for a function whose Taylor coefficients at b are known: c_α = a_|α| multinomial(α) w^α.
fn ridge(weights: &[f64], a: &[f64]) -> Vec<f64> {
    exponents(weights.len(), a.len() - 1)
        .unwrap()
        .chunks_exact(weights.len())
        .map(|exponent| {
            let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
            let power: f64 = exponent.iter().zip(weights).map(|(&e, w)| w.powi(i32::from(e))).product();
            a[degree] * multinomial(exponent) * power
        })
        .collect()
}

fn exp_of(weights: &[f64]) -> Model {
    let mut b = Model::builder(&[weights.len()]);
    let h = b.linear(b.input(), &[1, weights.len()], weights.to_vec(), None).unwrap();
    let y = b.activation(h, Exp).unwrap();
    b.build(y).unwrap()
}

fn exp_series(order: usize) -> Vec<f64> {
    (0..=order).map(|k| (1..=k).map(|i| i as f64).product::<f64>().recip()).collect()
}

#[test]
fn units_of_the_inputs_do_not_matter() {
    for (units, order) in
        [(vec![0.01, 100.0], 8), (vec![1e-9, 1.0, 1e12], 5), (vec![1e-30, 1e30], 6), (vec![3.0; 4], 6)]
    {
        let found = mixed(&exp_of(&units), &vec![0.0; units.len()], order);
        let truth = ridge(&units, &exp_series(order));
        let radii: Vec<f64> = units.iter().map(|u| 1.0 / u).collect();
        let all = exponents(units.len(), order).unwrap();
        let off = deviation(&found.coefficients, &truth, &all, &radii);
        assert!(off < 1e-14, "{units:?}: {off:.1e}");
        // The comparison sees a small coefficient that is wrong.
        let mut wrong = found.coefficients.clone();
        wrong[1] *= 1.0 + 1e-8;
        assert!(deviation(&wrong, &truth, &all, &radii) > 1e-9);
    }
}

/// A file: y = exp(x1/100 + 100 x2).
#[test]
fn the_smallest_case_that_failed() {
    let file = path("tests/fixtures/cases/mixed_scaled_minimal/model.onnx");
    let model = Model::from_onnx(file, &ImportOptions::default()).unwrap();
    let found = mixed(&model, &[0.0, 0.0], 6);
    let truth = ridge(&[0.01, 100.0], &exp_series(6));
    assert!(deviation(&found.coefficients, &truth, &exponents(2, 6).unwrap(), &[100.0, 0.01]) < 1e-12);
    assert!(found.report.certificate.exact);
}

/// Two inputs of scales 0.003 and 170: the polynomial of order 8 predicts the network to 3e-7.
#[test]
fn a_network_with_inputs_in_different_units() {
    let file = path("tests/fixtures/cases/mixed_scaled_inputs/model.onnx");
    let model = Model::from_onnx(file, &ImportOptions::default()).unwrap();
    let points: ndarray::Array2<f64> =
        ndarray_npy::read_npy(path("tests/fixtures/cases/mixed_scaled_inputs/points.npy")).unwrap();
    let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0033, 173.4], 8) };
    let found = expand(&model, &request).unwrap();
    let polynomial = TaylorPolynomial::from_expansion(&found, &request, 0, 0).unwrap();
    // The network's own values, numpy.
    for (point, truth) in points.rows().into_iter().zip([0.45825323, -0.04094788]) {
        let value = polynomial.evaluate(point.as_slice().unwrap()).unwrap();
        assert!((value - truth).abs() < 3e-7, "{value} {truth}");
    }
}

/// Layers of every kind that series in several variables take another way through.
fn network(inputs: usize) -> Model {
    let mut b = Model::builder(&[inputs]);
    let x = b.input();
    let h = dense(&mut b, x, 6, 1);
    let h = b.activation(h, Tanh).unwrap();
    let g = dense(&mut b, h, 6, 3);
    let gate = b.activation(g, Sigmoid).unwrap();
    let h = b.mul(h, gate).unwrap();
    let h = b.softmax(h, 0, false).unwrap();
    let k = dense(&mut b, h, 6, 5);
    let n = b.normalize(k, 1, 1e-3).unwrap();
    let s = b.activation(n, Sin).unwrap();
    let h = b.add(s, k).unwrap();
    let e = b.activation(k, Exp).unwrap();
    let h = b.div(h, e).unwrap();
    let h = b.softmax(h, 0, true).unwrap();
    let h = b.activation(h, Relu).unwrap();
    let h = b.sub(h, k).unwrap();
    let y = dense(&mut b, h, 2, 7);
    b.build(y).unwrap()
}

/// Along every ray the polynomial is the series along it, which the tests of rays compare with truth.
fn along_rays(model: &Model, point: &[f64], order: usize, precision: Precision, tolerance: f64) {
    let variables = point.len();
    let request = Request { terms: Terms::Mixed(None), precision, ..Request::new(point.to_vec(), order) };
    let found = expand(model, &request).unwrap();
    let all = exponents(variables, order).unwrap();
    let rays = 5;
    let rows = noise(77, rays * variables);
    let directions = hope::rays::Directions::Shared { inputs: variables, rows: rows.clone() };
    let along =
        expand(model, &Request { terms: Terms::Along(directions), ..Request::new(point.to_vec(), order) })
            .unwrap();
    let terms = all.len() / variables;
    for output in 0..model.outputs() {
        for ray in 0..rays {
            let t = &rows[ray * variables..][..variables];
            let mut series = vec![0.0; order + 1];
            for (exponent, c) in all.chunks_exact(variables).zip(&found.coefficients[output * terms..]) {
                let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
                series[degree] +=
                    c * exponent.iter().zip(t).map(|(&e, t)| t.powi(i32::from(e))).product::<f64>();
            }
            for k in 1..=order {
                let truth = along.coefficients[(output * order + k - 1) * rays + ray];
                let scale = (1..=order)
                    .map(|k| along.coefficients[(output * order + k - 1) * rays + ray].abs())
                    .fold(0.0, f64::max);
                assert!(
                    (series[k] - truth).abs() < tolerance * scale,
                    "output {output}, order {k}: {} {truth}",
                    series[k]
                );
            }
        }
    }
}

#[test]
fn every_kind_of_layer() {
    for (inputs, order) in [(1, 6), (2, 5), (3, 4), (7, 3), (20, 2), (4, 1)] {
        let model = network(inputs);
        along_rays(&model, &noise(9, inputs), order, Precision::F64, 1e-11);
        along_rays(&model, &noise(9, inputs), order, Precision::F32, 1e-3);
    }
}

/// Many variables go in groups where memory is short: to the bit the same.
#[test]
fn groups_of_variables_change_nothing() {
    let model = network(90);
    let point = noise(4, 90);
    let whole = mixed(&model, &point, 2);
    for memory in [16 << 20, 4 << 20, 2 << 20] {
        let request =
            Request { terms: Terms::Mixed(None), memory: Some(memory), ..Request::new(point.clone(), 2) };
        let parts = expand(&model, &request).unwrap();
        assert!(parts.coefficients == whole.coefficients, "{memory}");
    }
}

fn by_rows(model: &Model, request: &Request) -> bool {
    let cost = MixedCost::of(model, request).unwrap();
    assert!(!cost.by_rows || cost.rows.is_some());
    assert_eq!(Job::new(model, request).unwrap().plan().is_gradient(), cost.by_rows);
    cost.by_rows
}

/// Terms of order 2 come of second derivatives where that is cheaper: the same as those of series of order 3, in inputs and in a subspace.
#[test]
fn terms_of_order_two_by_rows_of_the_hessian() {
    let mut b = Model::builder(&[60]);
    let x = b.input();
    let h = dense(&mut b, x, 9, 1);
    let h = b.activation(h, Tanh).unwrap();
    let k = dense(&mut b, h, 9, 5);
    let n = b.normalize(k, 1, 1e-3).unwrap();
    let h = b.mul(n, h).unwrap();
    let h = b.softmax(h, 0, false).unwrap();
    let y = dense(&mut b, h, 3, 7);
    let model = b.build(y).unwrap();
    let points = noise(3, 2 * 60);
    for (terms, variables) in [(Terms::Mixed(None), 60), (Terms::subspace(noise(8, 30 * 60)), 30)] {
        let request = Request { terms, outputs: Some(vec![2, 0]), ..Request::new(points.clone(), 2) };
        let series = Request { order: 3, ..request.clone() };
        assert!(by_rows(&model, &request));
        assert!(!Job::new(&model, &series).unwrap().plan().is_gradient());
        let truth = expand(&model, &series).unwrap();
        let count = exponents(variables, 2).unwrap().len() / variables;
        for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 1e-5)] {
            let request = Request { precision, verify: 5, ..request.clone() };
            let found = expand(&model, &request).unwrap();
            assert!(found.report.certificate.exact);
            assert!(found.report.verification.unwrap().deviation < 10.0 * tolerance);
            assert_eq!(found.coefficients.len(), 2 * 2 * count);
            let all = truth.exponents.len() / variables;
            let rows = found.coefficients.chunks_exact(count).zip(truth.coefficients.chunks_exact(all));
            for (found, truth) in rows {
                let units = vec![1.0; variables];
                let off = deviation(found, &truth[..count], &exponents(variables, 2).unwrap(), &units);
                assert!(off < tolerance, "{variables}, {precision:?}: {off:.1e}");
            }
        }
    }
    // A polynomial of them.
    let request = Request { terms: Terms::Mixed(None), ..Request::new(points, 2) };
    let polynomial =
        TaylorPolynomial::from_expansion(&expand(&model, &request).unwrap(), &request, 1, 2).unwrap();
    let near: Vec<f64> = request.points[60..].iter().map(|x| x + 1e-4).collect();
    let value = hope::forward::values(&model, &near, None).unwrap()[2];
    assert!((polynomial.evaluate(&near).unwrap() - value).abs() < 1e-9);
}

/// Kinks and quotients keep to series, and so does f32 where it has no room for the Hessian.
#[test]
fn what_rows_do_not_give() {
    let model = |relu: bool, unit: f64| {
        let mut b = Model::builder(&[40]);
        let weight: Vec<f64> = noise(1, 8 * 40).into_iter().map(|w| w * unit).collect();
        let h = b.linear(b.input(), &[8, 40], weight, Some(noise(2, 8))).unwrap();
        let h = if relu { b.activation(h, Relu).unwrap() } else { b.activation(h, Tanh).unwrap() };
        let h = dense(&mut b, h, 8, 3);
        let h = b.activation(h, Sin).unwrap();
        let y = dense(&mut b, h, 1, 5);
        b.build(y).unwrap()
    };
    let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0; 40], 2) };
    let single = Request { precision: Precision::F32, ..request.clone() };
    assert!(by_rows(&model(false, 1.0), &request) && by_rows(&model(false, 1.0), &single));
    assert!(MixedCost::of(&model(true, 1.0), &request).unwrap().rows.is_none());
    assert!(by_rows(&model(false, 1e-20), &request) && !by_rows(&model(false, 1e-20), &single));
    let found = expand(&model(false, 1e-20), &single).unwrap();
    let truth = expand(&model(false, 1e-20), &request).unwrap();
    let all = exponents(40, 2).unwrap();
    assert!(deviation(&found.coefficients, &truth.coefficients, &all, &[1e20; 40]) < 1e-5);
    // Many outputs, few variables.
    let many = network(3);
    assert!(!by_rows(&many, &Request { points: vec![0.0; 3].into(), ..request }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Stretching an input divides each coefficient by the factor's powers, to rounding.
    #[test]
    fn rescaling_an_input_rescales_coefficients(which in 0usize..3, exponent in -60i32..60, order in 1usize..6) {
        let factor = 2f64.powi(exponent);
        let build = |factor: f64| {
            let mut b = Model::builder(&[3]);
            let mut weight = noise(1, 12);
            (0..4).for_each(|row| weight[3 * row + which] *= factor);
            let h = b.linear(b.input(), &[4, 3], weight, Some(noise(2, 4))).unwrap();
            let h = b.activation(h, Tanh).unwrap();
            let y = dense(&mut b, h, 1, 5);
            b.build(y).unwrap()
        };
        let plain = mixed(&build(1.0), &[0.0; 3], order);
        let scaled = mixed(&build(factor), &[0.0; 3], order);
        for ((p, s), exponent) in plain.coefficients.iter().zip(&scaled.coefficients).zip(exponents(3, order).unwrap().chunks_exact(3)) {
            let factor = factor.powi(i32::from(exponent[which]));
            prop_assert!((p * factor - s).abs() <= 1e-13 * s.abs(), "{} {}", p * factor, s);
        }
    }
}
