//! Every elementwise function against mpmath, orders 0 to 12, from -8 to 8.

use std::collections::BTreeSet;

use crate::common::{self, Truth};
use hope::activation::Activation;
use hope::scalar::Scalar;
use ndarray::ArrayD;

/// A name as in the fixture, `pow(2.5)`, to a function.
fn parse(name: &str) -> Activation {
    let (name, parameters) = name.split_once('(').unwrap_or((name, ""));
    let parameters: Vec<f64> = parameters
        .trim_end_matches(')')
        .split(',')
        .filter(|p| !p.is_empty())
        .map(|p| p.parse().unwrap())
        .collect();
    Activation::named(name, &parameters).unwrap_or_else(|| panic!("no function {name}"))
}

fn table() -> (Vec<f64>, Vec<(String, ArrayD<f64>)>) {
    let file = std::fs::File::open(common::path("tests/fixtures/activations.npz")).unwrap();
    let mut npz = ndarray_npy::NpzReader::new(file).unwrap();
    let names = npz.names().unwrap();
    let mut truth = Truth::open(&common::path("tests/fixtures/activations.npz"));
    let points = truth.values("points");
    let functions = names.into_iter().filter(|n| n != "points").map(|n| (n.clone(), truth.get(&n))).collect();
    (points, functions)
}

/// Norm-wise over the points per order, and for each point relative to the largest coefficient there.
fn worst<T: Scalar>(function: Activation, points: &[f64], truth: &ArrayD<f64>) -> (f64, f64) {
    let orders = truth.shape()[1];
    let (mut found, mut wanted) = (vec![Vec::new(); orders], vec![Vec::new(); orders]);
    let mut pointwise = 0.0f64;
    for (i, &x) in points.iter().enumerate() {
        let row: Vec<f64> = (0..orders).map(|k| truth[[i, k]]).collect();
        if row.iter().any(|c| c.is_nan()) {
            continue; // at a kink or outside the domain
        }
        let mut a = vec![T::of(0.0); orders];
        function.taylor(&[T::of(x)], &mut a);
        let scale = row.iter().fold(0.0f64, |m, c| m.max(c.abs()));
        for k in 0..orders {
            pointwise = pointwise.max((a[k].f64() - row[k]).abs() / scale);
            found[k].push(a[k].f64());
            wanted[k].push(row[k]);
        }
    }
    let normwise = (0..orders)
        .map(|k| common::relative_error(found[k].iter().copied(), wanted[k].iter().copied()))
        .fold(0.0, f64::max);
    (normwise, pointwise)
}

#[test]
fn agree_with_high_precision_values() {
    let (points, functions) = table();
    let mut failures = Vec::new();
    for (name, truth) in &functions {
        let function = parse(name);
        let (normwise, pointwise) = worst::<f64>(function, &points, truth);
        let (normwise32, pointwise32) = worst::<f32>(function, &points, truth);
        println!("{name:24} f64 {normwise:.1e} {pointwise:.1e}   f32 {normwise32:.1e} {pointwise32:.1e}");
        if normwise > 1e-12 || pointwise > 1e-12 || normwise32 > 1e-5 || pointwise32 > 1e-5 {
            failures.push(name);
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn cover_every_function() {
    let (_, functions) = table();
    let tested: BTreeSet<&str> = functions.iter().map(|(name, _)| parse(name).name()).collect();
    let all: BTreeSet<&str> = Activation::NAMES.iter().copied().collect();
    assert_eq!(tested, all);
}

/// Where the truth has no derivatives but has them on both sides, the function has a kink or a pole.
#[test]
fn kinks_are_those_of_the_truth() {
    let (points, functions) = table();
    for (name, truth) in functions {
        let function = parse(&name);
        let defined = |i: usize| (0..truth.shape()[1]).all(|k| !truth[[i, k]].is_nan());
        let pole = |x: f64| {
            let mut a = [0.0];
            function.taylor(&[x], &mut a);
            !a[0].is_finite()
        };
        let between = 1..points.len() - 1;
        let gaps = between.filter(|&i| !defined(i) && defined(i - 1) && defined(i + 1));
        let kinks: Vec<f64> = gaps.map(|i| points[i]).filter(|&x| !pole(x)).collect();
        assert_eq!(function.kinks(), kinks, "{name}");
        assert!(kinks.len() <= 4, "{name}: shaders take four");
    }
}

#[test]
fn a_wrong_coefficient_is_seen() {
    let (points, functions) = table();
    for (name, truth) in functions {
        let defined = |&i: &usize| !truth[[i, 0]].is_nan();
        let i = (0..points.len()).filter(|&i| [0.25, 1.25].contains(&points[i])).rfind(defined).unwrap();
        let scale = (0..13).fold(0.0f64, |m, k| m.max(truth[[i, k]].abs()));
        let mut wrong = truth.clone();
        wrong[[i, 7]] += 1e-9 * scale;
        assert!(worst::<f64>(parse(&name), &points, &wrong).1 > 1e-12, "{name}");
    }
}

/// The first three coefficients at a point.
fn taylor(name: &str, x: f64) -> [f64; 3] {
    let mut a = [0.0; 3];
    parse(name).taylor(&[x], &mut a);
    a
}

#[test]
fn inverses_and_hyperbolic_functions_hold_at_special_points() {
    let close = |name: &str, x: f64, truth: [f64; 3]| {
        let found = taylor(name, x);
        for (k, (found, truth)) in found.into_iter().zip(truth).enumerate() {
            let error = (found - truth).abs();
            assert!(error <= 4e-16 * truth.abs(), "{name} at {x:e}, order {k}: {found:e}, not {truth:e}");
        }
    };
    // Small arguments keep their digits; c_2 is ±x³-like times a factor, from the functions' series at 0.
    for x in [1e-20, -1e-20, 1e-9] {
        close("sinh", x, [x, 1.0, x / 2.0]);
        close("tan", x, [x, 1.0, x]);
        close("asinh", x, [x, 1.0, -x / 2.0]);
        close("atanh", x, [x, 1.0, x]);
        close("asin", x, [x, 1.0, x / 2.0]);
    }
    close("cosh", 0.0, [1.0, 0.0, 0.5]);
    close("acos", 0.0, [std::f64::consts::FRAC_PI_2, -1.0, 0.0]);
    // Large ones don't overflow where the result doesn't.
    let ln_2 = std::f64::consts::LN_2;
    close("asinh", 1e300, [1e300f64.ln() + ln_2, 1e-300, 0.0]);
    close("asinh", -1e300, [-1e300f64.ln() - ln_2, 1e-300, 0.0]);
    close("acosh", 1e300, [1e300f64.ln() + ln_2, 1e-300, 0.0]);
    assert!(taylor("sinh", 710.0).iter().all(|a| a.is_finite()), "e^710 / 2 is a number");
    assert!(taylor("cosh", -710.0).iter().all(|a| a.is_finite()));
    // At the ends of the domain the value is finite, and no derivative is.
    for (name, x, value) in [
        ("asin", 1.0, std::f64::consts::FRAC_PI_2),
        ("asin", -1.0, -std::f64::consts::FRAC_PI_2),
        ("acos", 1.0, 0.0),
        ("acosh", 1.0, 0.0),
    ] {
        let [a, b, _] = taylor(name, x);
        assert!((a - value).abs() < 1e-15 && !b.is_finite(), "{name} at {x}: {a}, {b}");
    }
    for x in [1.0, -1.0] {
        assert!(taylor("atanh", x).iter().all(|a| !a.is_finite()));
    }
    // Outside of it there is no value, nor a derivative that could be taken for one.
    for (name, x) in
        [("asin", 1.5), ("acos", -1.5), ("acosh", 0.5), ("acosh", -3.0), ("atanh", 1.5), ("atanh", -2.0)]
    {
        assert!(taylor(name, x)[0].is_nan(), "{name} at {x}");
    }
}
