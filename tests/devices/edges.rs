//! Numbers at the edges, of small networks on every executor: where a function's domain ends, where something overflows on the way
//! to a result that doesn't, where 0 is divided by 0. Either what mathematics gives, or an error that names the layer; never another
//! finite number.
//!
//! Truth: closed forms, beside each case.

use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{Precision, Request, expand};

use crate::cases::{Executor, executors};
use crate::common::path;
use crate::gpus::Adapter;
use crate::trials::Trials;

/// What has to come out, of one output and one input.
enum Expected {
    /// The value, then the coefficients of order 1 and up.
    Series(Vec<f64>),
    /// An error whose message has all of these.
    Error(&'static [&'static str]),
}
use Expected::{Error, Series};

/// Numbers that a case needs: those beyond f32 only exist in f64.
#[derive(Clone, Copy, PartialEq)]
enum Numbers {
    Any,
    F64,
    F32,
}

struct Edge {
    name: &'static str,
    numbers: Numbers,
    model: fn() -> Model,
    point: Vec<f64>,
    order: usize,
    expected: Expected,
}

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    for executor in executors(adapters) {
        for edge in edges() {
            let wanted = match edge.numbers {
                Numbers::Any => true,
                Numbers::F64 => executor.precision == Precision::F64,
                Numbers::F32 => executor.precision == Precision::F32,
            };
            if wanted {
                let executor = executor.clone();
                trials.add(format!("{}::{}", edge.name, executor.name), move || {
                    check(&edge, &executor).map_err(Into::into)
                });
            }
        }
    }
}

fn check(edge: &Edge, executor: &Executor) -> Result<(), String> {
    let request = Request {
        precision: executor.precision,
        device: executor.device.clone(),
        memory: Some(1 << 28),
        ..Request::new(edge.point.clone(), edge.order)
    };
    match (expand(&(edge.model)(), &request), &edge.expected) {
        (Ok(found), Series(truth)) => {
            let model = (edge.model)();
            let series = |o: usize| {
                let coefficient = move |k: usize| (o * edge.order + k) * model.inputs();
                let coefficients = (0..edge.order).map(coefficient);
                let mut series = vec![found.value[o]];
                series.extend(coefficients.map(|at| found.coefficients[at]));
                series
            };
            let found = series(0);
            for (k, (found, truth)) in found.iter().zip(truth).enumerate() {
                let error = (found - truth).abs();
                if error.is_nan() || error > executor.tolerance * truth.abs() {
                    return Err(format!("order {k}: {found:e} instead of {truth:e}"));
                }
            }
            Ok(())
        }
        (Ok(found), Error(_)) => {
            Err(format!("{:?} {:?} instead of an error", found.value, found.coefficients))
        }
        (Err(error), Series(_)) => Err(format!("an error instead of a series: {error}")),
        (Err(error), Error(parts)) => {
            let message = error.to_string();
            match parts.iter().find(|part| !message.contains(**part)) {
                Some(part) => Err(format!("'{message}' lacks '{part}'")),
                None => Ok(()),
            }
        }
    }
}

fn case(file: &str) -> Model {
    let file = path("tests/fixtures/cases").join(file);
    Model::from_onnx(file, &ImportOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn edges() -> Vec<Edge> {
    not_a_number()
}

/// The logarithm of a negative number, then something that a comparison could take for a number.
fn not_a_number() -> Vec<Edge> {
    let models: [(&'static str, fn() -> Model); 3] = [
        ("nan_before_relu", || case("silent_nan_hidden/nan_Relu.onnx")),
        ("nan_before_max", || case("silent_nan_hidden/nan_Max.onnx")),
        ("nan_before_min", || case("silent_nan_hidden/nan_Min.onnx")),
    ];
    models
        .into_iter()
        .map(|(name, model)| Edge {
            name,
            numbers: Numbers::Any,
            model,
            point: vec![-1.0, -2.0],
            order: 2,
            expected: Error(&["'l' (Log)", "order 0"]),
        })
        .collect()
}
