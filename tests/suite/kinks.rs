//! Points on kinks: one-sided series that hold together along a ray, and a word only where the two sides differ.
//!
//! Truth: one-sided differences in float64 by another framework, closed forms, or by hand (`tests/fixtures/cases`).

use hope::activation::{
    Abs, Activation, Celu, Clip, Elu, HardSigmoid, HardSwish, LeakyRelu, Relu, Selu, Softsign,
};
use hope::model::{Geometry, Model};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Error, Expansion, Method, Precision, Request, Terms, expand};
use ndarray::{ArrayD, Axis};
use ndarray_npy::{NpzReader, read_npy};

use crate::common::path;

fn case(name: &str, file: &str) -> String {
    path(&format!("tests/fixtures/cases/{name}/{file}")).to_string_lossy().into_owned()
}

fn network(name: &str, file: &str) -> Model {
    Model::from_onnx(case(name, file), &ImportOptions::default()).unwrap()
}

fn numbers(name: &str, file: &str) -> Vec<f64> {
    let array: ArrayD<f64> = read_npy(case(name, file)).unwrap();
    array.into_iter().collect()
}

fn truth(name: &str, array: &str) -> ArrayD<f64> {
    NpzReader::new(std::fs::File::open(case(name, "truth.npz")).unwrap()).unwrap().by_name(array).unwrap()
}

fn along(model: &Model, point: &[f64], rays: &[f64], order: usize) -> Expansion {
    let rows = rays.to_vec();
    let directions = Directions::Shared { inputs: model.inputs(), rows };
    let request = Request { terms: Terms::Along(directions), ..Request::new(point.to_vec(), order) };
    expand(model, &request).unwrap()
}

/// Coefficients of order 1 of the first output.
fn slopes(expansion: &Expansion) -> Vec<f64> {
    let all = expansion.along().unwrap_or_else(|_| expansion.unmixed().unwrap());
    all.index_axis(Axis(2), 0).index_axis(Axis(1), 0).iter().copied().collect()
}

fn close(found: &[f64], truth: &[f64], tolerance: f64) {
    assert_eq!(found.len(), truth.len());
    for (i, (f, t)) in found.iter().zip(truth).enumerate() {
        assert!((f - t).abs() <= tolerance, "{i}: {f} instead of {t}");
    }
}

#[test]
fn ties_take_the_largest_ahead() {
    for name in ["kink_side_maxpool", "kink_side_reducemax", "kink_side_relu_cancel"] {
        let model = network(name, "model.onnx");
        let (point, rays) = (numbers(name, "points.npy"), numbers(name, "directions.npy"));
        let right: Vec<f64> = truth(name, "right").into_iter().collect();
        let left: Vec<f64> = truth(name, "left").into_iter().collect();
        let found = along(&model, &point, &rays, 2);
        close(&slopes(&found), &right, 1e-14);
        let shows = right.iter().zip(&left).filter(|(r, l)| r != l).count();
        assert_eq!(found.report.one_sided, shows, "{name}");
        // The other way along each ray is the other side.
        let back: Vec<f64> = rays.iter().map(|v| -v).collect();
        let behind: Vec<f64> = slopes(&along(&model, &point, &back, 2)).iter().map(|c| -c).collect();
        close(&behind, &left, 1e-14);
    }
}

/// 567 and 593 of 784 pixels were on neither side.
#[test]
fn flat_regions_of_digits() {
    let name = "kink_side_mnist";
    let model = network(name, "model.onnx");
    let points = numbers(name, "points.npy");
    let (right, left) = (truth(name, "right"), truth(name, "left"));
    for precision in [Precision::F64, Precision::F32] {
        let request = Request { precision, ..Request::new(points.clone(), 1) };
        let found = expand(&model, &request).unwrap();
        let slopes = found.unmixed().unwrap();
        let (tolerance, scale) = if precision == Precision::F64 { (1e-6, 1.0) } else { (1e-5, 3.0) };
        close(slopes.as_slice().unwrap(), right.as_slice().unwrap(), tolerance * scale);
        if precision == Precision::F64 {
            let pairs = right.iter().zip(&left).collect::<Vec<_>>();
            let differ = |point: usize, pixel: usize| {
                (0..10).any(|class| {
                    let (r, l) = pairs[(point * 10 + class) * 784 + pixel];
                    (r - l).abs() > 1e-6
                })
            };
            let kinks = found.kinks().unwrap();
            for point in 0..2 {
                for pixel in 0..784 {
                    assert_eq!(kinks[[point, pixel]] == 0.0, differ(point, pixel), "{point} {pixel}");
                }
            }
            assert!(found.report.certificate.exact);
            assert!(
                found.report.certificate.reason.contains("one-sided"),
                "{}",
                found.report.certificate.reason
            );
        }
    }
}

#[test]
fn kinks_that_cancel_are_not_reported() {
    for (file, slope) in [("softplus.onnx", 0.5), ("identity.onnx", 1.0), ("maxmin.onnx", 1.0)] {
        let model = network("kinks_neither_side", file);
        for order in [1, 2, 3, 6] {
            let found = expand(&model, &Request::new(vec![0.0], order)).unwrap();
            close(&slopes(&found), &[slope], 1e-14);
            assert_eq!(found.report.one_sided, 0, "{file} {order}");
            assert!(found.kinks().unwrap()[[0, 0]] > 0.0);
        }
        let mixed = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0], 2) };
        assert!(expand(&model, &mixed).unwrap().report.certificate.exact, "{file}");
    }
    let network = |file| network("false_kink_shifted_softmax", file);
    let [shifted, plain] = ["shifted_softmax.onnx", "softmax.onnx"].map(network);
    let found = expand(&shifted, &Request::new(vec![1.0, 1.0, 0.0], 4)).unwrap();
    let truth = expand(&plain, &Request::new(vec![1.0, 1.0, 0.0], 4)).unwrap();
    close(&found.coefficients, &truth.coefficients, 1e-14);
    assert_eq!(found.report.one_sided, 0);
}

#[test]
fn a_network_without_biases_at_zero() {
    let model = network("kinks_neither_side", "biasfree_relu.onnx");
    let found = expand(&model, &Request::new(vec![0.0; 4], 1)).unwrap();
    // One-sided differences, numpy.
    close(&slopes(&found), &[2.544568, 0.014686, 0.806685, -0.121549], 1e-6);
    assert_eq!(found.kinks().unwrap().iter().filter(|t| **t == 0.0).count(), 4);

    // No polynomial of several variables holds there, nor does the published rule's answer, on any side.
    let mixed = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0; 4], 2) };
    let rule = Request { method: Method::Hope, ..Request::new(vec![0.0; 4], 1) };
    for request in [mixed, rule] {
        let certificate = expand(&model, &request).unwrap().report.certificate;
        assert!(!certificate.exact && certificate.reason.contains("'r' (Relu)"), "{}", certificate.reason);
    }
    let away = Request { method: Method::Hope, ..Request::new(vec![0.3, -0.2, 0.5, 0.1], 1) };
    assert!(expand(&model, &away).unwrap().report.certificate.exact);
}

/// One-sided coefficients at kinks, by hand: of the branch below, of that above.
#[test]
fn every_function_with_kinks_has_two_branches() {
    let e = |n: usize| (1..=n).map(|k| k as f64).product::<f64>().recip();
    let exponential = |scale: f64, rate: f64| {
        let mut c: Vec<f64> = (0..5).map(|k| scale * rate.powi(k as i32) * e(k)).collect();
        c[0] = 0.0;
        c
    };
    let line = |value: f64, slope: f64| vec![value, slope, 0.0, 0.0, 0.0];
    let table: Vec<(Activation, f64, Vec<f64>, Vec<f64>)> = vec![
        (Relu.into(), 0.0, line(0.0, 0.0), line(0.0, 1.0)),
        (Abs.into(), 0.0, line(0.0, -1.0), line(0.0, 1.0)),
        (LeakyRelu { alpha: 0.25 }.into(), 0.0, line(0.0, 0.25), line(0.0, 1.0)),
        (Clip { min: -0.5, max: 6.0 }.into(), -0.5, line(-0.5, 0.0), line(-0.5, 1.0)),
        (Clip { min: -0.5, max: 6.0 }.into(), 6.0, line(6.0, 1.0), line(6.0, 0.0)),
        (Clip { min: 1.0, max: 1.0 }.into(), 1.0, line(1.0, 0.0), line(1.0, 0.0)),
        (Elu { alpha: 2.0 }.into(), 0.0, exponential(2.0, 1.0), line(0.0, 1.0)),
        (Celu { alpha: 2.0 }.into(), 0.0, exponential(2.0, 0.5), line(0.0, 1.0)),
        (Selu { alpha: 2.0, gamma: 3.0 }.into(), 0.0, exponential(6.0, 1.0), line(0.0, 3.0)),
        (HardSigmoid { alpha: 0.25, beta: 0.5 }.into(), -2.0, line(0.0, 0.0), line(0.0, 0.25)),
        (HardSigmoid { alpha: 0.25, beta: 0.5 }.into(), 2.0, line(1.0, 0.25), line(1.0, 0.0)),
        (HardSigmoid { alpha: -0.25, beta: 0.5 }.into(), 2.0, line(0.0, -0.25), line(0.0, 0.0)),
        (HardSwish.into(), -3.0, line(0.0, 0.0), vec![0.0, -0.5, 1.0 / 6.0, 0.0, 0.0]),
        (HardSwish.into(), 3.0, vec![3.0, 1.5, 1.0 / 6.0, 0.0, 0.0], line(3.0, 1.0)),
        (Softsign.into(), 0.0, vec![0.0, 1.0, 1.0, 1.0, 1.0], vec![0.0, 1.0, -1.0, 1.0, -1.0]),
    ];
    for name in Activation::NAMES {
        let kinked = Activation::named(name, &[]).is_some_and(|function| !function.kinks().is_empty());
        assert!(!kinked || table.iter().any(|(f, ..)| f.name() == *name), "{name} is missing");
    }
    for (function, kink, below, above) in table {
        assert!(function.kinks().contains(&kink), "{function}");
        let mut b = Model::builder(&[1]);
        let y = b.activation(b.input(), function).unwrap();
        let model = b.build(y).unwrap();
        for precision in [Precision::F64, Precision::F32] {
            // Up to t² and -t² of a ray whose first order is zero.
            for (ray, branch) in [(1.0, &above), (-1.0, &below)] {
                let directions = Directions::Shared { inputs: 1, rows: vec![ray] };
                let terms = Terms::Along(directions);
                let request = Request { terms, precision, ..Request::new(vec![kink], 4) };
                let found = expand(&model, &request).unwrap();
                close(&found.value, &branch[..1], 1e-6);
                let truth: Vec<f64> = (1..5).map(|k| branch[k] * ray.powi(k as i32)).collect();
                close(&found.coefficients, &truth, 1e-6);
                assert_eq!(found.report.one_sided, usize::from(below != above), "{function} at {kink}");
            }
        }
    }
}

/// The first coefficient that isn't zero decides, also if it isn't the first one.
#[test]
fn parabolas_and_cubics_through_a_kink() {
    // relu(x²) = x², relu(-x²) = 0, relu(x³) = x³ ahead, 0 behind.
    for (exponent, sign, ahead, one_sided) in
        [(2, 1.0, 1.0, 0), (2, -1.0, 0.0, 0), (3, 1.0, 1.0, 1), (3, -1.0, 0.0, 1)]
    {
        let mut b = Model::builder(&[1]);
        let x = b.input();
        let mut power = x;
        for _ in 1..exponent {
            power = b.mul(power, x).unwrap();
        }
        let power = b.scale(power, sign).unwrap();
        let y = b.activation(power, Relu).unwrap();
        let model = b.build(y).unwrap();
        let found = expand(&model, &Request::new(vec![0.0], 4)).unwrap();
        let mut truth = vec![0.0; 4];
        truth[exponent - 1] = ahead;
        close(&found.coefficients, &truth, 1e-14);
        assert_eq!(found.report.one_sided, one_sided, "{exponent} {sign}");
    }
}

#[test]
fn kinks_do_not_depend_on_how_the_work_is_cut() -> Result<(), Error> {
    let mut b = Model::builder(&[1, 8, 8]);
    let same =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Default::default() };
    let weight: Vec<f64> = (0..18).map(|i| f64::from(i % 5) - 2.0).collect();
    let h = b.conv(b.input(), &[2, 1, 3, 3], weight, None, 1, &same)?;
    let h = b.activation(h, Relu)?;
    let y = b.max_pool(h, &Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() })?;
    let model = b.build(y)?;
    // Flat halves.
    let point: Vec<f64> = (0..128).map(|i| if i % 16 < 8 { 0.0 } else { 1.0 }).collect();
    let whole = expand(&model, &Request::new(point.clone(), 3))?;
    assert!(whole.report.one_sided > 0);
    let request = Request::new(point.clone(), 3);
    let least = crate::common::least(&model, &request);
    for memory in [least, 2 * least] {
        let parts = expand(&model, &Request { memory: Some(memory), ..request.clone() })?;
        assert_eq!((&parts.coefficients, &parts.kinks), (&whole.coefficients, &whole.kinks));
    }
    // Along unit vectors given as any rays.
    let mut rays = vec![0.0; 64 * 64];
    (0..64).for_each(|i| rays[65 * i] = 1.0);
    for (i, point) in point.chunks(64).enumerate() {
        let found = along(&model, point, &rays, 3);
        close(
            &found.coefficients,
            &whole.coefficients[i * found.coefficients.len()..][..found.coefficients.len()],
            1e-13,
        );
        assert_eq!(found.kinks, whole.kinks[64 * i..64 * (i + 1)]);
    }
    Ok(())
}

#[test]
fn a_root_of_zero_is_one_sided() {
    // √(x²) = |x|, √(x²) √(x²) = x², and x^1.5, which isn't for x < 0.
    let model = |square: bool, exponent: f64| {
        let mut b = Model::builder(&[1]);
        let x = if square { b.mul(b.input(), b.input()).unwrap() } else { b.input() };
        let h = b.activation(x, hope::activation::Pow { exponent }).unwrap();
        (b, h)
    };
    let along = |b: hope::model::ModelBuilder, y| {
        let model = b.build(y).unwrap();
        let found = expand(&model, &Request::new(vec![0.0], 1)).unwrap();
        (found.coefficients[0], found.report.one_sided)
    };
    let (b, y) = model(true, 0.5);
    assert_eq!(along(b, y), (1.0, 1));
    let (mut b, h) = model(true, 0.5);
    let y = b.mul(h, h).unwrap();
    assert_eq!(along(b, y), (0.0, 0));
    let (b, y) = model(false, 1.5);
    assert_eq!(along(b, y), (0.0, 1));
}
