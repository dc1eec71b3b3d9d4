//! Quantised networks: values as ONNX Runtime has them, no derivatives of their steps, and those of the network without its rounding.
//!
//! Truth: tests/truth/quantised_networks.py.

use hope::forward::values;
use hope::model::{Model, Smoothing};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::trust::StandIn;
use hope::{Error, Precision, Request, Terms, expand};

use crate::common::{Truth, path};

const NAMES: [&str; 5] = ["qdq", "per_axis", "operators", "dynamic", "integers"];

fn model(name: &str) -> Model {
    Model::from_onnx(path(&format!("tests/fixtures/quantised/{name}.onnx")), &ImportOptions::default())
        .unwrap()
}

fn truth(name: &str) -> Truth {
    Truth::open(&path(&format!("tests/fixtures/quantised/{name}.npz")))
}

fn without_rounding(model: &Model) -> Model {
    model.smooth(&"quantize=identity".parse().unwrap()).unwrap()
}

fn off(found: &[f64], truth: &[f64]) -> f64 {
    assert_eq!(found.len(), truth.len());
    let size = truth.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    found.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs())) / size
}

#[test]
fn values_are_those_of_the_quantised_network() {
    for name in NAMES {
        let (mut truth, model) = (truth(name), model(name));
        let found = values(&model, truth.values("x"), None).unwrap();
        let off = off(&found, &truth.values("value"));
        assert!(off < 1e-6, "{name}: {off:.1e}");
    }
}

#[test]
fn steps_have_no_derivatives() {
    for name in NAMES {
        let (mut truth, model) = (truth(name), model(name));
        let points = truth.values("x");
        for terms in [Terms::Unmixed, Terms::Gradient(None)] {
            let error = expand(&model, &Request { terms, ..Request::new(points.clone(), 1) }).unwrap_err();
            assert!(matches!(error, Error::Node { .. }), "{error:?}");
            assert!(error.to_string().contains("--smooth quantize=identity"), "{error}");
        }
    }
}

#[test]
fn without_their_rounding_they_have_a_series() {
    for name in NAMES {
        let (mut truth, model) = (truth(name), model(name));
        let stand_in = without_rounding(&model);
        assert!(stand_in.quantized().is_none());
        let (points, direction, c) = (truth.values("x"), truth.values("direction"), truth.values("c"));
        let (count, outputs) = (points.len() / model.inputs(), model.outputs());
        for (precision, tolerance) in [(Precision::F64, 1e-10), (Precision::F32, 1e-4)] {
            let rays = Directions::Shared { inputs: model.inputs(), rows: direction.clone() };
            let request = Request { terms: Terms::Along(rays), precision, ..Request::new(points.clone(), 3) };
            let found = expand(&stand_in, &request).unwrap();
            let (value, along) = (found.value(), found.along().unwrap());
            for k in 0..=3 {
                let of = |b: usize, o: usize| if k == 0 { value[[b, o]] } else { along[[b, o, k - 1, 0]] };
                let places = || (0..count).flat_map(|b| (0..outputs).map(move |o| (b, o)));
                let ours: Vec<f64> = places().map(|(b, o)| of(b, o)).collect();
                let theirs: Vec<f64> = places().map(|(b, o)| c[(b * 4 + k) * outputs + o]).collect();
                let off = off(&ours, &theirs);
                assert!(off < tolerance, "{name}, order {k}, {precision:?}: {off:.1e}");
            }
        }
    }
}

/// It differs by as much as the fixtures say, and the record says by how much.
#[test]
fn how_far_the_stand_in_is_from_the_network() {
    for name in NAMES {
        let (mut truth, model) = (truth(name), model(name));
        let (points, value, c) = (truth.values("x"), truth.values("value"), truth.values("c"));
        let outputs = model.outputs();
        let most = value
            .iter()
            .enumerate()
            .fold(0.0, |most: f64, (i, y)| most.max((y - c[i / outputs * 4 * outputs + i % outputs]).abs()));
        let request = Request::new(points, 1);
        let found = StandIn::measure(&model, &without_rounding(&model), &request, 0.1, 10).unwrap();
        assert!((found.at - most).abs() < 1e-6, "{name}: {} instead of {most}", found.at);
    }
}

/// What a quantised network clips may be rounded off as other clips are.
#[test]
fn rules_go_together() {
    let rules: Smoothing = "clip=softplus:50, quantize=identity".parse().unwrap();
    assert!(rules.quantize && rules.clip == Some(50.0));
    assert_eq!(rules.to_string(), "clip=softplus:50,quantize=identity");
    let stand_in = model("qdq").smooth(&rules).unwrap();
    assert_eq!(hope::Kinks::of(&stand_in), hope::Kinks::None);
    assert_eq!(Smoothing::of(&model("qdq"), 20.0).to_string(), "clip=softplus:20,quantize=identity");
    for wrong in ["quantize=identity:3", "quantize=softplus:3", "quantize=identity,quantize=identity"] {
        assert!(wrong.parse::<Smoothing>().is_err(), "{wrong}");
    }
    let plain =
        Model::from_onnx(path("tests/fixtures/operators/gemm.onnx"), &ImportOptions::default()).unwrap();
    let nothing = plain.smooth(&"quantize=identity".parse().unwrap()).unwrap_err();
    assert!(nothing.to_string().contains("there is no quantize"), "{nothing}");
}
