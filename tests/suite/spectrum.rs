//! Eigenvalues of Hessians. Truth: numpy's of second derivatives by PyTorch in float64, and closed forms.

use hope::activation::{Pow, Tanh};
use hope::attribution::spectrum;
use hope::model::{Constant, Model};
use hope::onnx::ImportOptions;
use hope::{Error, Precision, Request};

use crate::common::{Truth, dense, digit, noise, path};

fn off(found: &[f64], truth: &[f64]) -> f64 {
    let size = truth.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    found.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs())) / size
}

#[test]
fn all_eigenvalues_of_a_digit() {
    let mut truth = Truth::open(&path("tests/fixtures/spectrum.npz"));
    let (eigenvalues, vectors) = (truth.values("eigenvalues"), truth.values("eigenvectors"));
    let class = Truth::open(&path("tests/fixtures/attribution.npz")).values("class")[0] as usize;
    let model = path("examples/mnist/mnist_cnn_tanh.onnx");
    let model = Model::from_onnx(model, &ImportOptions::default()).unwrap();
    for (precision, tolerance) in [(Precision::F64, 1e-10), (Precision::F32, 1e-4)] {
        let request = Request { precision, ..Request::new(vec![], 2) };
        let found = spectrum(&model, &digit(), class, None, &request).unwrap();
        assert_eq!((found.eigenvalues.len(), found.products), (784, None));
        // By absolute value they may change places.
        let sorted = |values: &[f64]| {
            let mut values = values.to_vec();
            values.sort_by(f64::total_cmp);
            values
        };
        let off = off(&sorted(&found.eigenvalues), &sorted(&eigenvalues));
        assert!(off < tolerance, "{precision:?}: {off:.1e}");
        assert!(found.eigenvalues.is_sorted_by(|a, b| a.abs() >= b.abs()));
        for (v, truth) in found.eigenvectors.chunks(784).zip(vectors.chunks(784)) {
            let product: f64 = v.iter().zip(truth).map(|(a, b)| a * b).sum();
            assert!((product.abs() - 1.0).abs() < tolerance, "{product}");
        }
        assert!(found.residuals.iter().all(|r| *r < tolerance * eigenvalues[0].abs()));
    }
}

/// Σ d_i x_i² / 2 of many inputs, as d has them.
fn diagonal(d: &[f64]) -> Model {
    let n = d.len();
    let mut b = Model::builder(&[n]);
    let squares = b.activation(b.input(), Pow { exponent: 2.0 }).unwrap();
    let scale: Vec<f64> = d.iter().map(|d| d / 2.0).collect();
    let y = b.affine(squares, Some(Constant { shape: &[n], values: &scale }), None).unwrap();
    let y = b.reduce(y, &[0], true, false).unwrap();
    b.build(y).unwrap()
}

#[test]
fn the_largest_of_many_inputs_by_products() {
    // Two equal ones, one of the other sign, and a tail.
    let n = 3000;
    let mut d: Vec<f64> = noise(5, n).into_iter().map(|x| 0.5 * x).collect();
    (d[17], d[1700], d[2999], d[4]) = (3.0, 3.0, -2.0, 1.0);
    let model = diagonal(&d);
    let found = spectrum(&model, &vec![0.1; n], 0, Some(4), &Request::new(vec![], 2)).unwrap();
    assert!(off(&found.eigenvalues, &[3.0, 3.0, -2.0, 1.0]) < 1e-9, "{:?}", found.eigenvalues);
    assert!(found.products.is_some_and(|products| products < 160), "{:?}", found.products);
    let v: Vec<&[f64]> = found.eigenvectors.chunks(n).collect();
    assert!((v[2][2999] - 1.0).abs() < 1e-9 && (v[3][4] - 1.0).abs() < 1e-9);
    // The two span what they have to.
    for i in [17, 1700] {
        assert!((v[0][i].hypot(v[1][i]) - 1.0).abs() < 1e-9);
    }
    assert!(found.residuals.iter().all(|r| *r < 1e-9));
    // The same all around.
    let found =
        spectrum(&diagonal(&vec![2.0; n]), &vec![0.1; n], 0, Some(3), &Request::new(vec![], 2)).unwrap();
    assert!(off(&found.eigenvalues, &[2.0; 3]) < 1e-10);
}

#[test]
fn a_network_of_many_inputs_and_a_rank() {
    // tanh of 6 sums: the Hessian is Wᵀ diag(a_o σ''(z_o)) W, of rank 6.
    let n = 1500;
    let mut b = Model::builder(&[n]);
    let x = b.input();
    let h = dense(&mut b, x, 6, 3);
    let h = b.activation(h, Tanh).unwrap();
    let y = dense(&mut b, h, 1, 4);
    let model = b.build(y).unwrap();
    let point = noise(9, n);
    for (precision, tolerance) in [(Precision::F64, 1e-9), (Precision::F32, 1e-3)] {
        let request = Request { precision, ..Request::new(vec![], 2) };
        let found = spectrum(&model, &point, 0, Some(6), &request).unwrap();
        // By sums over the rank: trace and sum of squares.
        let scale = (n as f64).sqrt().recip();
        let (w, bias) = (noise(3, 6 * n), noise(4, 6));
        let a: Vec<f64> = noise(4, 6).into_iter().map(|a| a / 6f64.sqrt()).collect();
        let rows: Vec<Vec<f64>> = w.chunks(n).map(|row| row.iter().map(|w| w * scale).collect()).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let bend: Vec<f64> = (0..6)
            .map(|o| {
                let t = (dot(&rows[o], &point) + bias[o]).tanh();
                -2.0 * a[o] * t * (1.0 - t * t)
            })
            .collect();
        let trace: f64 = (0..6).map(|o| bend[o] * dot(&rows[o], &rows[o])).sum();
        let squares: f64 = (0..6)
            .flat_map(|o| (0..6).map(move |q| (o, q)))
            .map(|(o, q)| bend[o] * bend[q] * dot(&rows[o], &rows[q]).powi(2))
            .sum();
        let sum: f64 = found.eigenvalues.iter().sum();
        let square: f64 = found.eigenvalues.iter().map(|l| l * l).sum();
        assert!((sum - trace).abs() < tolerance * squares.sqrt(), "{sum} {trace}");
        assert!((square - squares).abs() < tolerance * squares, "{square} {squares}");
    }
}

#[test]
fn what_makes_no_sense_says_what_to_do() {
    let model = diagonal(&[1.0, 2.0]);
    for count in [0, 3] {
        let error = spectrum(&model, &[0.0; 2], 0, Some(count), &Request::new(vec![], 2)).unwrap_err();
        assert!(
            matches!(&error, Error::OutOfRange { .. }) && error.to_string().contains("1 to 2"),
            "{error}"
        );
    }
    let tight = Request { memory: Some(1000), ..Request::new(vec![], 2) };
    let error = spectrum(&diagonal(&vec![1.0; 2000]), &vec![0.0; 2000], 0, None, &tight).unwrap_err();
    assert!(matches!(error, Error::Memory { .. }), "{error}");
    assert_eq!(
        spectrum(&model, &[0.0; 2], 0, None, &Request::new(vec![], 2)).unwrap().eigenvalues,
        [2.0, 1.0]
    );
}
