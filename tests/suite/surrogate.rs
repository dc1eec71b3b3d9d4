//! Surrogates on functions whose errors are known in closed form; principal directions against numpy.

use crate::common::{Truth, path};
use hope::activation::{Exp, Log, Pow, Relu, Sin};
use hope::backend::Place;
use hope::forward::Forward;
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::polynomial::Frame;
use hope::surrogate::{Principal, Surrogate};
use hope::{Error, Precision, Request, TaylorPolynomial, Terms, expand};
use proptest::prelude::*;

/// `exp(w · x)`.
fn exp(weights: &[f64]) -> Model {
    let mut b = Model::builder(&[weights.len()]);
    let x = b.input();
    let h = b.linear(x, &[1, weights.len()], weights.to_vec(), None).unwrap();
    let y = b.activation(h, Exp).unwrap();
    b.build(y).unwrap()
}

/// `(w · x)³ + second output sin`.
fn cubic_and_sine() -> Model {
    let mut b = Model::builder(&[2]);
    let x = b.input();
    let h = b.linear(x, &[1, 2], vec![1.0, -0.5], Some(vec![0.25])).unwrap();
    let cube = b.activation(h, Pow { exponent: 3.0 }).unwrap();
    let sine = b.activation(h, Sin).unwrap();
    let all = b.add(cube, sine).unwrap();
    let y = b.sub(all, sine).unwrap();
    b.build(y).unwrap()
}

fn polynomial(model: &Model, point: &[f64], basis: Option<Vec<f64>>, order: usize) -> TaylorPolynomial {
    let request =
        Request { terms: Terms::Mixed(basis.map(Into::into)), ..Request::new(point.to_vec(), order) };
    TaylorPolynomial::from_expansion(&expand(model, &request).unwrap(), &request, 0, 0).unwrap()
}

/// `e^z - Σ_{k≤n} z^k/k!`, from the terms that are left out.
fn rest(z: f64, n: i32) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for k in 1..60 {
        term *= z / f64::from(k);
        sum += if k > n { term } else { 0.0 };
    }
    sum
}

#[test]
fn a_polynomial_network_is_reproduced_at_any_radius() {
    let model = {
        let mut b = Model::builder(&[2]);
        let x = b.input();
        let h = b.linear(x, &[1, 2], vec![1.0, -0.5], Some(vec![0.25])).unwrap();
        let y = b.activation(h, Pow { exponent: 3.0 }).unwrap();
        b.build(y).unwrap()
    };
    let p = polynomial(&model, &[0.3, -1.0], None, 3);
    let surrogate = Surrogate::new(&p, &model, 0).unwrap();
    for radius in [1e-3, 1.0, 1e3] {
        let accuracy = surrogate.accuracy(radius, 400, 5).unwrap();
        let size = (1.2 * radius + 1.5).powi(3);
        assert!(accuracy.largest < 1e-13 * size, "{radius}: {accuracy:?}");
        assert!(accuracy.mean <= accuracy.rms && accuracy.rms <= accuracy.largest);
    }
    let reach = surrogate.reach(1e9, 1.0, 400, 5).unwrap();
    assert!(!reach.limited && reach.accuracy.radius == f64::from(1 << 20), "{reach:?}");
    // The same cubic with another function added and taken away again.
    let model = cubic_and_sine();
    let p = polynomial(&model, &[0.3, -1.0], None, 3);
    assert!(Surrogate::new(&p, &model, 0).unwrap().accuracy(2.0, 400, 5).unwrap().largest < 1e-12);
}

#[test]
fn errors_of_exp_are_the_known_ones() {
    let model = exp(&[1.0]);
    for (order, radius) in [(1, 0.5), (1, 2.0), (4, 1.0), (8, 3.0)] {
        let p = polynomial(&model, &[0.0], None, order as usize);
        let accuracy = Surrogate::new(&p, &model, 0).unwrap().accuracy(radius, 40_000, 1).unwrap();
        assert!((accuracy.largest / rest(radius, order) - 1.0).abs() < 1e-5, "{order} {radius}");
        let variance = (2.0 * radius).sinh() / (2.0 * radius) - (radius.sinh() / radius).powi(2);
        assert!((accuracy.spread / variance.sqrt() - 1.0).abs() < 0.02, "{order} {radius}");
        if order == 1 {
            // e^x ≥ 1 + x: the mean over [-r, r] is sinh(r)/r - 1.
            let mean = radius.sinh() / radius - 1.0;
            assert!((accuracy.mean / mean - 1.0).abs() < 0.03, "{}: {mean}", accuracy.mean);
        }
    }
}

#[test]
fn distances_are_those_of_the_subspace() {
    // exp(w · x) along s1 = (2, 0, 0), s2 = (0, 0, 1): exp(w·x0) exp(2 w1 t1 + w3 t2); worst at t along (2 w1, w3).
    let (weights, at) = ([0.4, 5.0, -0.6], [0.1, 0.2, 0.3]);
    let model = exp(&weights);
    let p = polynomial(&model, &at, Some(vec![2.0, 0.0, 0.0, 0.0, 0.0, 1.0]), 3);
    let factor = (0.04f64 + 1.0 - 0.18).exp();
    let slope = 0.8f64.hypot(0.6);
    let surrogate = Surrogate::new(&p, &model, 0).unwrap();
    let accuracy = surrogate.accuracy(0.7, 8000, 1).unwrap();
    assert!((accuracy.largest / (factor * rest(slope * 0.7, 3)) - 1.0).abs() < 1e-4, "{accuracy:?}");
    // Another frame for the same polynomial is another function of x.
    let turned = p.clone().with_frame(Frame::new(at.to_vec(), vec![2.0, 0.0, 0.0, 0.0, 0.0, 2.0]).unwrap());
    let turned = turned.unwrap();
    assert!(Surrogate::new(&turned, &model, 0).unwrap().accuracy(0.7, 100, 1).unwrap().largest > 0.1);
}

#[test]
fn the_reach_is_where_the_error_meets_the_tolerance() {
    let model = exp(&[1.0]);
    let p = polynomial(&model, &[0.0], None, 4);
    let surrogate = Surrogate::new(&p, &model, 0).unwrap();
    for tolerance in [1e-6, 1e-3, 1.0] {
        // From far below, near, and far above.
        for start in [1e-4, 0.5, 50.0] {
            let reach = surrogate.reach(tolerance, start, 100, 3).unwrap();
            let radius = reach.accuracy.radius;
            assert!(reach.limited && reach.accuracy.largest <= tolerance);
            assert!(rest(radius, 4) <= tolerance * (1.0 + 1e-6), "{tolerance} {start}: {radius}");
            assert!(rest(radius * 1.004, 4) > tolerance, "{tolerance} {start}: {radius}");
        }
    }
}

#[test]
fn beyond_a_pole_no_error_is_small() {
    // log(1 + x) has no value below -1: the start is beyond, where the network is not finite.
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let h = b.linear(x, &[1, 1], vec![1.0], Some(vec![1.0])).unwrap();
    let y = b.activation(h, Log).unwrap();
    let model = b.build(y).unwrap();
    let p = polynomial(&model, &[0.0], None, 6);
    let surrogate = Surrogate::new(&p, &model, 0).unwrap();
    assert!(matches!(surrogate.accuracy(2.0, 100, 1), Err(Error::NonFinite { .. })));
    let radius = surrogate.reach(1e-3, 4.0, 400, 1).unwrap().accuracy.radius;
    let error = |r: f64| -(-r).ln_1p() - (1..=6).map(|k| r.powi(k) / f64::from(k)).sum::<f64>();
    assert!(error(radius) <= 1e-3 && error(radius * 1.004) > 1e-3, "{radius}");
}

#[test]
fn a_stand_in_is_compared_with_the_network() {
    // relu(x) near its kink; the polynomial is that of softplus with β = 10: off by ln 2 / 10 at 0.
    let relu = {
        let mut b = Model::builder(&[1]);
        let x = b.input();
        let y = b.activation(x, Relu).unwrap();
        b.build(y).unwrap()
    };
    let p = polynomial(&relu.smooth(&"relu=softplus:10".parse().unwrap()).unwrap(), &[0.0], None, 4);
    let surrogate = Surrogate::new(&p, &relu, 0).unwrap();
    let off = 2f64.ln() / 10.0;
    assert!((surrogate.error_at_centre().unwrap() - off).abs() < 1e-12);
    assert!((surrogate.accuracy(0.01, 100, 1).unwrap().largest - off).abs() < 1e-3);
    let error = surrogate.reach(off / 2.0, 0.1, 100, 1).unwrap_err().to_string();
    assert!(error.contains("at the point itself"), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let model = exp(&[1.0, 2.0]);
    let p = polynomial(&model, &[0.0, 0.0], None, 2);
    let message = |result: Result<Surrogate, Error>| result.map(drop).unwrap_err().to_string();
    assert!(message(Surrogate::new(&p, &model, 1)).contains("there is no output 1"));
    assert!(message(Surrogate::new(&p, &exp(&[1.0]), 0)).contains("2 inputs, the network has 1"));
    let surrogate = Surrogate::new(&p, &model, 0).unwrap();
    for (radius, samples) in [(0.0, 10), (-1.0, 10), (f64::NAN, 10), (f64::INFINITY, 10), (1.0, 3)] {
        assert!(surrogate.accuracy(radius, samples, 1).is_err_and(|error| error.is_request()));
    }
    for (tolerance, start) in [(0.0, 1.0), (f64::NAN, 1.0), (1.0, 0.0), (1.0, f64::INFINITY)] {
        assert!(surrogate.reach(tolerance, start, 10, 1).is_err_and(|error| error.is_request()));
    }
    assert!(matches!(surrogate.accuracy(1e4, 100, 1), Err(Error::NonFinite { .. })), "e^22360 is no number");
}

fn run(model: &Model, points: &[f64], precision: Precision) -> Vec<f64> {
    let place = Place { precision, ..Place::default() };
    Forward::new(model, None, &place).unwrap().run(points).unwrap()
}

#[test]
fn the_forward_pass_gives_the_values_of_the_references() {
    for name in ["discover_2d", "discover_5d"] {
        let model = Model::from_onnx(
            path(&format!("tests/fixtures/reference/{name}.onnx")),
            &ImportOptions::default(),
        );
        let model = model.unwrap();
        let mut truth = Truth::open(&path(&format!("tests/fixtures/reference/{name}.npz")));
        let (points, value) = (truth.get("points"), truth.get("value"));
        let (points, value) = (points.as_slice().unwrap(), value.as_slice().unwrap());
        // Many: they go to all cores in several pieces.
        let many = points.repeat(100);
        for (found, truth) in run(&model, &many, Precision::F64).iter().zip(value.repeat(100)) {
            assert!((found - truth).abs() < 1e-12, "{name}");
        }
        for (found, truth) in run(&model, points, Precision::F32).iter().zip(value) {
            assert!((found - truth).abs() < 1e-5, "{name}");
        }
    }
    let place = Place::default();
    let network = Forward::new(&exp(&[1.0, 1.0]), None, &place).unwrap();
    assert!(network.run(&[1.0, 2.0, 3.0]).is_err() && network.run(&[]).is_err());
    assert!(matches!(network.run(&[0.0, 0.0, 800.0, 0.0]), Err(Error::NonFinite { point: 1, .. })));
    assert!(Forward::new(&exp(&[1.0]), Some(&[1]), &place).is_err());
    assert!(matches!(
        Forward::new(&exp(&[1.0]), None, &Place { memory: Some(8), ..place }),
        Err(Error::Memory { .. })
    ));
}

/// numpy.linalg.eigh(numpy.cov(data.T)), signs turned so that the largest component is positive.
#[test]
fn principal_directions_are_those_of_numpy() {
    let data = [1.5, 2.0, -0.5, 0.0, 1.0, 3.0, -2.0, 0.5, 1.0, 4.0, -1.0, 0.25, 2.5, 2.25, -3.0];
    let variances = [7.655837300868164, 3.462098422594331, 0.7070642765375048];
    let directions = [
        [0.7248426270059989, 0.08640931745003666, -0.6834739175219935],
        [0.5924694975917351, -0.5844446256419675, 0.554440595538979],
        [0.3515438244350755, 0.8068196263205546, 0.4748252626867292],
    ];
    for dimensions in 1..=3 {
        let found = Principal::of(&data, 3, dimensions).unwrap();
        assert_eq!(found.directions.len(), 3 * dimensions);
        for (f, t) in found.directions.iter().zip(directions.concat()) {
            assert!((f - t).abs() < 1e-12);
        }
        for (f, t) in found.variances.iter().zip(variances) {
            assert!((f / t - 1.0).abs() < 1e-12);
        }
        assert!((found.total - variances.iter().sum::<f64>()).abs() < 1e-12);
        assert!((found.mean[2] - 0.15).abs() < 1e-15 && found.samples == 5);
    }
    // Wider than long: two samples vary in one direction, from one to the other.
    let found = Principal::of(&[1.0, 1.0, 1.0, 1.0, 4.0, 5.0, 1.0, 1.0], 4, 1).unwrap();
    for (f, t) in found.directions.iter().zip([0.6, 0.8, 0.0, 0.0]) {
        assert!((f - t).abs() < 1e-12);
    }
    assert!((found.variances[0] - 12.5).abs() < 1e-12 && (found.explained()[0] - 1.0).abs() < 1e-12);
}

#[test]
fn data_that_have_no_such_directions() {
    let cases: [(&[f64], usize, usize, &str); 8] = [
        (&[1.0, 2.0, 3.0], 2, 1, "no rows of 2"),
        (&[], 2, 1, "no rows"),
        (&[1.0, f64::NAN], 2, 1, "sample 0 has NaN at input 1"),
        (&[1.0, 2.0], 2, 1, "1 samples vary in 0 directions only"),
        (&[0.1, 0.7, 0.1, 0.7, 0.1, 0.7], 2, 1, "vary in 0 directions"),
        (&[1e9, 2.0, 1e9 + 1.0, 2.0, 1e9 + 2.0, 2.0], 2, 2, "vary in 1 direction only"),
        (&[0.0, 0.0, 1.0, 2.0, 2.0, 4.0], 2, 2, "vary in 1 direction only, 2 are asked for"),
        (&[0.0, 0.0, 1.0, 2.0], 2, 0, "at least 1"),
    ];
    for (data, inputs, dimensions, part) in cases {
        let error = Principal::of(data, inputs, dimensions).unwrap_err().to_string();
        assert!(error.contains(part), "no '{part}' in: {error}");
    }
}

proptest! {
    #[test]
    fn principal_directions_are_orthonormal_and_share_the_variance(
        data in proptest::collection::vec(-10.0f64..10.0, 4 * 6),
        wide in proptest::bool::ANY,
    ) {
        let inputs = if wide { 6 } else { 4 };
        let dimensions = 3;
        let found = Principal::of(&data, inputs, dimensions).unwrap();
        let rows: Vec<&[f64]> = found.directions.chunks_exact(inputs).collect();
        for i in 0..dimensions {
            for j in 0..dimensions {
                let product: f64 = rows[i].iter().zip(rows[j]).map(|(a, b)| a * b).sum();
                prop_assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
            // The variance of the data along the direction is what it says.
            let along: Vec<f64> = data
                .chunks_exact(inputs)
                .map(|row| row.iter().zip(rows[i]).map(|(x, v)| x * v).sum())
                .collect();
            let mean = along.iter().sum::<f64>() / along.len() as f64;
            let variance = along.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (along.len() - 1) as f64;
            prop_assert!((variance - found.variances[i]).abs() < 1e-9 * found.total);
        }
        prop_assert!(found.variances.windows(2).all(|pair| pair[0] >= pair[1]));
        prop_assert!(found.variances.iter().sum::<f64>() <= found.total * (1.0 + 1e-12));
    }
}
