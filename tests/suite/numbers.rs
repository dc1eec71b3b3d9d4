//! Import keeps what the specification says of numbers at the edges: `tests/devices/edges.rs` has what executors do with them.

use hope::activation::Sin;
use hope::forward::values;
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Precision, Request, Terms, expand};

use crate::common::path;
use crate::onnx_encode;

fn load(file: &str) -> Result<Model, hope::Error> {
    Model::from_onnx(path("tests/fixtures/cases").join(file), &ImportOptions::default())
}

/// Constants that leave a function's domain: the node that did it is named, whatever is made of them afterwards.
#[test]
fn constants_that_are_no_numbers_are_refused_where_they_begin() {
    for file in ["mean0", "cmax", "crmax"] {
        let error = load(&format!("silent_nan_hidden/{file}.onnx")).unwrap_err().to_string();
        assert!(error.contains("'l' (Log)") && error.contains("not a number"), "{file}: {error}");
    }
}

/// Files name outputs that only training has; what reads them is refused, nothing else.
#[test]
fn outputs_that_nothing_reads_are_no_obstacle() {
    let model = load("bn_unused_outputs/model.onnx").unwrap();
    assert_eq!(model.input_shape(), model.output_shape());
    let normalised = |outputs: &[&str]| {
        let graph = [
            onnx_encode::node("Relu", &["x"], outputs),
            onnx_encode::node("Neg", &[outputs.last().copied().unwrap_or_default()], &["y"]),
        ];
        Model::from_onnx_bytes(onnx_encode::file(&graph.concat()), &ImportOptions::default())
    };
    assert!(normalised(&["r"]).is_ok());
    let error = normalised(&["r", "s"]).unwrap_err().to_string();
    assert!(error.contains("2 outputs, 1 are supported"), "{error}");
}

/// The specification's Min(max, Max(x, min)), of constants and of what depends on the input.
#[test]
fn bounds_the_wrong_way_round_give_the_upper_one() {
    let model = load("clip_min_above_max/model.onnx").unwrap();
    assert_eq!(values(&model, &[-3.0, -0.5, 0.0, 3.0], None).unwrap(), [-0.5; 4]);
}

/// Single precision, beyond the orders of shaders: `binomial(65, 30) 0.2^35`.
#[test]
fn large_whole_powers_keep_their_orders_in_f32() {
    let model = load("pow_whole_exponent_above_64/pow65_f32.onnx").unwrap();
    let request = Request { precision: Precision::F32, ..Request::new(vec![0.2], 30) };
    let found = expand(&model, &request).unwrap().coefficients[29];
    let binomial = (0..30).map(|j| f64::from(65 - j) / f64::from(j + 1)).product::<f64>();
    let truth = binomial * 0.2f64.powi(35);
    assert!((found / truth - 1.0).abs() < 1e-5, "{found:e} instead of {truth:e}");
}

/// A point where 0 is divided by 0 among others, in the midst of a batch, with chunks of its own: the others stay what they are.
#[test]
fn orders_that_get_lost_at_one_point_leave_the_others_alone() {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let sine = b.activation(x, Sin).unwrap();
    let y = b.div(sine, x).unwrap();
    let model = b.build(y).unwrap();
    let points = vec![0.5, 0.0, -1.5, 0.0];
    let together = expand(&model, &Request::new(points.clone(), 4)).unwrap();
    for (i, point) in points.into_iter().enumerate() {
        let alone = expand(&model, &Request::new(vec![point], 4)).unwrap();
        assert_eq!(together.value[i], alone.value[0]);
        for (a, b) in together.coefficients[4 * i..][..4].iter().zip(&alone.coefficients) {
            assert!((a - b).abs() <= 1e-14, "point {i}: {a} {b}");
        }
    }
}

/// At (0, 0) the quotient x / y has another limit along each ray: no value, and an error that names it.
#[test]
fn a_limit_that_depends_on_the_ray_is_none() {
    let mut b = Model::builder(&[2]);
    let x = b.input();
    let first = b.slice(x, 0, 0, 1, 1).unwrap();
    let second = b.slice(x, 0, 1, 1, 1).unwrap();
    b.name("quotient");
    let y = b.div(first, second).unwrap();
    let model = b.build(y).unwrap();
    let along = |rows: &[f64]| {
        let rays = Terms::Along(Directions::Shared { inputs: 2, rows: rows.to_vec() });
        expand(&model, &Request { terms: rays, ..Request::new(vec![0.0, 0.0], 2) })
    };
    assert_eq!(along(&[1.0, 2.0]).unwrap().value, [0.5]);
    let error = along(&[1.0, 2.0, 2.0, 1.0]).unwrap_err().to_string();
    assert!(error.contains("quotient"), "{error}");
}
