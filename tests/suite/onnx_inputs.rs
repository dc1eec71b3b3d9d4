//! What a model is a function of: sizes that the file leaves open, axes that are no batch, one of several inputs, several together, inner
//! tensors. Truth: closed forms.

use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{Expansion, Request, Result, Terms, expand};
use ndarray::{ArrayD, IxDyn, arr1, arr2};

use crate::common::path;

fn load(name: &str, options: &ImportOptions) -> Result<Model> {
    Model::from_onnx(path("tests/fixtures/inputs").join(name).with_extension("onnx"), options)
}

fn of_points(points: &[usize]) -> ImportOptions {
    ImportOptions { points: Some(points.to_vec()), ..ImportOptions::default() }
}

fn of_shape(shape: &[usize]) -> ImportOptions {
    ImportOptions { shape: Some(shape.to_vec()), ..ImportOptions::default() }
}

fn number(x: f64) -> ArrayD<f64> {
    ArrayD::from_elem(IxDyn(&[]), x)
}

fn unmixed(model: &Model, point: &[f64]) -> Expansion {
    expand(model, &Request::new(point.to_vec(), 2)).unwrap_or_else(|e| panic!("{e}"))
}

fn close(found: &[f64], truth: &[f64]) {
    assert_eq!(found.len(), truth.len());
    for (a, b) in found.iter().zip(truth) {
        assert!((a - b).abs() <= 1e-14 * b.abs().max(1.0), "{found:?} instead of {truth:?}");
    }
}

/// Of Σ x²: 2 x, then ones.
fn is_sum_of_squares(model: &Model, shape: &[usize]) {
    assert_eq!(model.input_shape(), shape);
    let point: Vec<f64> = (0..model.inputs()).map(|i| 0.5 + i as f64).collect();
    let found = unmixed(model, &point);
    close(&found.value, &[point.iter().map(|x| x * x).sum()]);
    let first = point.iter().map(|x| 2.0 * x);
    close(&found.coefficients, &first.chain(point.iter().map(|_| 1.0)).collect::<Vec<_>>());
}

#[test]
fn open_sizes_are_those_of_the_points() {
    for name in ["open", "open_minus_one"] {
        is_sum_of_squares(&load(name, &of_points(&[7, 5])).unwrap(), &[5]);
        is_sum_of_squares(&load(name, &of_shape(&[1, 4])).unwrap(), &[4]);
    }
    let image = |options| load("open_image", &options);
    is_sum_of_squares(&image(of_points(&[9, 2, 3, 4])).unwrap(), &[2, 3, 4]);
    is_sum_of_squares(&image(of_points(&[9, 1, 2, 3, 4])).unwrap(), &[2, 3, 4]);
    is_sum_of_squares(&image(of_shape(&[1, 2, 2, 1])).unwrap(), &[2, 2, 1]);
    // Two open sizes of flat points, or none at all.
    for options in [of_points(&[9, 24]), ImportOptions::default()] {
        let error = image(options).unwrap_err().to_string();
        assert!(error.contains("axis 2 ('height')") && error.contains("--shape 1,2,16,16"), "{error}");
    }
    let error = image(of_shape(&[1, 3, 2, 2])).unwrap_err().to_string();
    assert!(error.contains("['batch', 2, 'height', 'width']"), "{error}");
}

#[test]
fn a_vector_has_no_batch() {
    let model = load("vector", &ImportOptions::default()).unwrap();
    assert_eq!(model.input_shape(), [3]);
    let found = unmixed(&model, &[2.0, 3.0, 0.5]);
    close(&found.value, &[6.0 + 0.5f64.sin()]);
    close(&found.coefficients, &[3.0, 2.0, 0.5f64.cos(), 0.0, 0.0, -0.5f64.sin() / 2.0]);
}

/// A batch of 1 in the file is no axis of points and results, though it is none of samples.
#[test]
fn a_batch_of_one_is_left_out() {
    let model = hope::onnx::ImportOptions::default();
    let model =
        Model::from_onnx(path("tests/fixtures/operators/batch_one_mixed_along_axis_0.onnx"), &model).unwrap();
    assert_eq!((model.input_shape(), model.output_shape()), (&[4][..], &[4][..]));
    assert!(model.nodes().iter().skip(1).all(|node| node.kind != "Input"), "the batch leaves no trace");
}

/// Many elements from few bytes.
#[test]
fn a_number_for_a_huge_input_is_refused() {
    let fixed = vec![("mask".into(), number(1.0))];
    let options = ImportOptions {
        fixed,
        inputs: vec!["embedded".into()],
        shape: Some(vec![1, 1 << 29, 3]),
        ..ImportOptions::default()
    };
    let error = load("tokens", &options).unwrap_err().to_string();
    assert!(error.contains("'mask'") && error.contains("out of proportion"), "{error}");
}

/// Steps on axis 0 are no batch of samples.
#[test]
fn a_sequence_may_come_first() {
    let error = load("sequence", &ImportOptions::default()).unwrap_err().to_string();
    assert!(error.contains("--shape 16,1,1"), "{error}");
    let model = load("sequence", &of_shape(&[3, 1, 1])).unwrap();
    let found = unmixed(&model, &[4.0, 2.0, 1.0]);
    close(&found.value, &[9.0]);
    close(&found.coefficients, &[1.5, 3.0, 6.0, 0.0625, 0.25, 1.0]);
}

/// As a batch of two samples it would mix them; as one sample it is a function of six numbers.
#[test]
fn a_fixed_axis_may_be_no_batch() {
    let error = load("rows", &ImportOptions::default()).unwrap_err().to_string();
    assert!(error.contains("axis 0, which is the batch"), "{error}");
    for options in [of_shape(&[2, 3]), of_points(&[5, 2, 3]), of_points(&[5, 6])] {
        let model = load("rows", &options).unwrap();
        assert_eq!(model.inputs(), 6);
        let found = unmixed(&model, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        close(&found.value, &[4.0, 10.0, 18.0]);
    }
}

#[test]
fn one_of_two_inputs_and_both() {
    let error = load("two", &ImportOptions::default()).unwrap_err().to_string();
    assert!(error.contains("'a', 'b'") && error.contains("--fix") && error.contains("--input"), "{error}");
    let (e1, e2) = (0.1f64.exp(), 0.2f64.exp());

    let fixed = vec![("b".into(), arr1(&[0.1, 0.2]).into_dyn())];
    let of_a = load("two", &ImportOptions { fixed, ..ImportOptions::default() }).unwrap();
    let found = unmixed(&of_a, &[3.0, 4.0]);
    close(&found.value, &[3.0 * e1 + 4.0 * e2]);
    close(&found.coefficients, &[e1, e2, 0.0, 0.0]);

    let fixed = vec![("a".into(), number(3.0))];
    let of_b = load("two", &ImportOptions { fixed, ..ImportOptions::default() }).unwrap();
    close(&unmixed(&of_b, &[0.1, 0.2]).coefficients, &[3.0 * e1, 3.0 * e2, 1.5 * e1, 1.5 * e2]);

    let inputs = vec!["b".into(), "a".into()];
    let both = load("two", &ImportOptions { inputs, ..ImportOptions::default() }).unwrap();
    assert_eq!(both.input_shape(), [4]);
    let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.1, 0.2, 3.0, 4.0], 2) };
    let found = expand(&both, &request).unwrap();
    let term = |exponents: [u8; 4]| {
        let at = found.exponents.chunks(4).position(|e| e == exponents).unwrap();
        found.coefficients[at]
    };
    close(&[term([1, 0, 1, 0]), term([0, 1, 0, 1]), term([1, 0, 0, 1])], &[e1, e2, 0.0]);
    close(&[term([2, 0, 0, 0]), term([0, 0, 1, 0])], &[1.5 * e1, e1]);
}

#[test]
fn tokens_are_expanded_at_their_embeddings() {
    let error = load("tokens", &ImportOptions { inputs: vec!["ids".into()], ..ImportOptions::default() });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("'ids'") && error.contains("integers") && error.contains("--fix"), "{error}");
    let options = ImportOptions {
        inputs: vec!["embedded".into()],
        fixed: vec![("mask".into(), arr2(&[[1.0, 1.0, 0.0, 1.0]]).into_dyn())],
        points: Some(vec![1, 4, 3]),
        ..ImportOptions::default()
    };
    let model = load("tokens", &options).unwrap();
    assert_eq!(model.input_shape(), [4, 3]);
    let point: Vec<f64> = (0..12).map(f64::from).collect();
    let found = unmixed(&model, &point);
    // The third token is masked.
    let sums = [0.0 + 3.0 + 9.0, 1.0 + 4.0 + 10.0, 2.0 + 5.0 + 11.0];
    close(&found.value, &sums.map(|s| s * s));
    let first: Vec<f64> = (0..12).map(|i| if i % 3 == 0 && i != 6 { 2.0 * sums[0] } else { 0.0 }).collect();
    close(&found.coefficients[..12], &first);

    // A number for all; its size by the axis's name.
    let options = ImportOptions { fixed: vec![("mask".into(), number(1.0))], ..options };
    let all = load("tokens", &options).unwrap();
    close(&unmixed(&all, &point).value, &[18.0, 22.0, 26.0].map(|s| s * s));

    // Of the mask, with the tokens fixed.
    let ids = ("ids".into(), arr1(&[3.0, 0.0]).into_dyn());
    let options = ImportOptions { fixed: vec![ids], points: Some(vec![1, 2]), ..ImportOptions::default() };
    let of_mask = load("tokens", &options).unwrap();
    close(&unmixed(&of_mask, &[1.0, 1.0]).value, &[2.25f64, 2.75, 3.25].map(|s| s * s));
}

#[test]
fn what_does_not_fit_is_refused() {
    let fixed = |name: &str, array: ArrayD<f64>| ImportOptions {
        fixed: vec![(name.into(), array)],
        points: Some(vec![1, 2]),
        ..ImportOptions::default()
    };
    let inputs = |names: &[&str]| ImportOptions {
        inputs: names.iter().map(|n| n.to_string()).collect(),
        ..Default::default()
    };
    for (model, options, part) in [
        ("two", fixed("c", number(1.0)), "'a', 'b'"),
        ("two", fixed("b", arr1(&[1.0, 2.0, 3.0]).into_dyn()), "['batch', 2]"),
        ("unnamed", fixed("b", number(1.0)), "the size of axis 1 ('')"),
        ("tokens", fixed("ids", arr1(&[0.5, 1.0]).into_dyn()), "integers"),
        ("tokens", fixed("ids", arr1(&[9.0, 1.0]).into_dyn()), "index 9"),
        ("two", inputs(&["a", "nothing"]), "no input or inner tensor 'nothing'"),
        ("two", inputs(&["e"]), "--shape"),
        ("two", inputs(&["a"]), "also depends on the input 'b'"),
    ] {
        let error = load(model, &options).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
