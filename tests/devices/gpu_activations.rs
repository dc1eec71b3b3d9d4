//! Each activation's shader, as the engine puts it together, on every adapter present: its Taylor coefficients to order 12 against
//! those of multi-precision arithmetic (`truth/activations.py`), and far from 0.

use std::collections::BTreeSet;
use std::sync::Arc;

use hope::activation::Activation;
use hope::forward::Forward;
use hope::gpu::Engine;
use hope::model::Model;
use hope::rays::Directions;
use hope::{Device, Precision, Request, Terms, expand};
use libtest_mimic::Failed;
use ndarray::ArrayD;

use crate::common::{self, Truth};
use crate::gpus::Adapter;
use crate::trials::Trials;

/// Orders of the fixture.
const ORDER: usize = 12;

/// Norm-wise relative error allowed for each order of an activation.
const TOLERANCE: f64 = 1e-5;

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    trials.add("every_activation_has_a_shader", || {
        every_activation_has_a_shader();
        Ok(())
    });
    for (name, engine) in adapters {
        for (case, truth) in truth() {
            let engine = engine.clone();
            trials.add(format!("{case}::{name}"), move || check(&case, &truth, &engine));
        }
    }
}

fn every_activation_has_a_shader() {
    let files: BTreeSet<String> = std::fs::read_dir(common::path("shaders/activations"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names: BTreeSet<String> = Activation::NAMES.iter().map(|name| format!("{name}.wgsl")).collect();
    assert_eq!(files, names);
}

/// Taylor coefficients of all functions.
pub fn fixture() -> std::path::PathBuf {
    common::path("tests/fixtures/activations.npz")
}

/// Its functions, with `[points, orders from 0]`.
pub fn truth() -> Vec<(String, Arc<ArrayD<f64>>)> {
    let file = std::fs::File::open(fixture()).unwrap();
    let names = ndarray_npy::NpzReader::new(file).unwrap().names().unwrap();
    let mut truth = Truth::open(&fixture());
    let cases = names.into_iter().filter(|name| name != "points");
    cases.map(|name| (name.clone(), truth.get(&name).into())).collect()
}

/// A name as in the fixture, `pow(2.5)`, to a function.
pub fn parse(case: &str) -> Activation {
    let (name, parameters) = case.split_once('(').unwrap_or((case, ""));
    let parameters = parameters.trim_end_matches(')').split(',').filter(|p| !p.is_empty());
    Activation::named(name, &parameters.map(|p| p.parse().unwrap()).collect::<Vec<_>>()).unwrap()
}

/// Coefficients at each of some arguments: those of a layer of the function alone, all of whose inputs grow alike.
fn coefficients(function: Activation, arguments: Vec<f64>, engine: &Arc<Engine>) -> Vec<Vec<f64>> {
    let units = arguments.len();
    let mut b = Model::builder(&[units]);
    let x = b.input();
    let y = b.activation(x, function).unwrap();
    let model = b.build(y).unwrap();
    let request = Request {
        terms: Terms::Along(Directions::Shared { inputs: units, rows: vec![1.0; units] }),
        device: Device::gpu(engine.clone()),
        precision: Precision::F32,
        ..Request::new(arguments, ORDER)
    };
    if model.quantized().is_some() {
        // Values are all that it has.
        let values = Forward::new(&model, None, &request.place()).unwrap().run(&request.points[..]).unwrap();
        return values.into_iter().map(|value| [vec![value], vec![0.0; ORDER]].concat()).collect();
    }
    let expansion = expand(&model, &request).unwrap();
    let series = expansion.coefficients.chunks_exact(ORDER);
    expansion
        .value
        .iter()
        .zip(series)
        .map(|(&value, series)| [vec![value], series.to_vec()].concat())
        .collect()
}

fn check(case: &str, truth: &ArrayD<f64>, engine: &Arc<Engine>) -> Result<(), Failed> {
    let points = Truth::open(&fixture()).values("points");
    let function = parse(case);
    // NaN: at a kink or outside the domain.
    let defined: Vec<usize> =
        (0..points.len()).filter(|&i| (0..=ORDER).all(|k| !truth[[i, k]].is_nan())).collect();
    let found = coefficients(function, defined.iter().map(|&i| points[i]).collect(), engine);
    let mut worst = 0.0f64;
    for k in 0..=ORDER {
        let error =
            common::relative_error(found.iter().map(|c| c[k]), defined.iter().map(|&i| truth[[i, k]]));
        worst = worst.max(error);
        if error > TOLERANCE {
            return Err(format!("order {k} is off by {error:.1e}").into());
        }
    }
    println!("{case:22} {worst:.1e}, {}", engine.info().name);

    let far: &[f64] = match case {
        // f32 cannot hold it.
        "exp" | "pow(3)" | "pow(2.5)" | "pow(-2)" | "pow(-0.5)" | "sinh" | "cosh" => &[-80.0, 80.0],
        // Towards the ends of the domain.
        "asin" | "acos" | "atanh" => &[-0.98, -1e-4, 1e-4, 0.98],
        "acosh" => &[1.02, 1e3, 1e15, 1e30],
        // Beyond, the argument is not known to a period's fraction.
        "tan" => &[-1e3, 1e3],
        _ => &[-1e3, 1e3, -1e15, 1e15, -1e30, 1e30],
    };
    let outside = |x: f64| x < 0.0 && matches!(function.name(), "log" | "sqrt" | "pow");
    // Points that f32 has.
    let far: Vec<f64> = far.iter().copied().filter(|&x| !outside(x)).map(|x| f64::from(x as f32)).collect();
    for (x, found) in far.iter().zip(coefficients(function, far.clone(), engine)) {
        check_far(function, *x, found[0])?;
    }
    Ok(())
}

/// Far from 0 everything is finite, or else there is no expansion; and the value is the CPU path's.
fn check_far(function: Activation, x: f64, found: f64) -> Result<(), Failed> {
    let mut truth = [0.0];
    function.taylor(&[x], &mut truth);
    let trigonometric = matches!(function.name(), "sin" | "cos");
    let right = match trigonometric && x.abs() > 1e4 {
        true => found.abs() <= 1.0,
        false => (found - truth[0]).abs() <= 1e-5 * truth[0].abs().max(1e-5),
    };
    if right { Ok(()) } else { Err(format!("at {x}: {found} instead of {}", truth[0]).into()) }
}
