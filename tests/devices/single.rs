//! What single precision does to a result: inputs in odd units, points that it rounds away, units within rounding of their kinks. Right, or said to
//! be beyond it; never a silent zero, and never the device's fault.
//!
//! Truth: closed forms.

use std::sync::Arc;

use hope::activation::{Relu, Tanh};
use hope::gpu::Prepared;
use hope::model::{Constant, Geometry, Model, ModelBuilder, NodeId};
use hope::monomials::multinomial;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Device, Error, Expansion, Precision, Request, Shortfall, Terms, Verification, expand};

use crate::cases::{Executor, executors};
use crate::common::{dense, noise, path, relative_error};
use crate::gpus::{self, Adapter};
use crate::trials::Trials;

type Test = fn(&Executor);

const TESTS: &[(&str, Test)] = &[
    ("odd_units_scaled_first", odd_units_scaled_first),
    ("odd_units_in_the_weights", odd_units_in_the_weights),
    ("odd_units_in_the_directions", odd_units_in_the_directions),
    ("odd_units_of_an_image", odd_units_of_an_image),
    ("odd_units_in_mixed_terms", odd_units_in_mixed_terms),
    ("kinks_in_odd_units", kinks_in_odd_units),
    ("pascals", pascals),
    ("smaller_than_f32", smaller_than_f32),
    ("a_large_layer_norm", a_large_layer_norm),
    ("points_that_f32_rounds_away", points_that_f32_rounds_away),
    ("a_unit_within_rounding_of_its_kink", a_unit_within_rounding_of_its_kink),
    ("many_units_within_rounding_of_their_kinks", many_units_within_rounding_of_their_kinks),
    ("coefficients_beyond_f64", coefficients_beyond_f64),
];

/// Units of inputs.
const UNITS: [f64; 7] = [1e-30, 1e-12, 1e-3, 1.0, 1e5, 1e12, 1e30];

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    for executor in executors(adapters) {
        for &(name, run) in TESTS {
            let executor = executor.clone();
            trials.add(format!("{name}::{}", executor.name), move || {
                run(&executor);
                Ok(())
            });
        }
    }
    trials.on_each(adapters, &[("recorded_along_directions_in_odd_units", recorded)]);
    trials.add("comparator::one_wrong_coefficient_is_seen", || {
        for unit in UNITS {
            for wrong in 0..=8 {
                let truth = units_truth(0.8, unit, 8);
                let mut found = truth.clone();
                found[wrong] *= 1.0 + 2e-4;
                assert!(off(&found, &truth, unit) > 1e-4, "{unit}, {wrong}");
                assert_eq!(off(&truth, &truth, unit), 0.0);
            }
        }
        Ok(())
    });
}

fn run(executor: &Executor, model: &Model, request: Request) -> hope::Result<Expansion> {
    let Executor { precision, device, .. } = executor;
    let request = Request { precision: *precision, device: device.clone(), verify: 3, ..request };
    expand(model, &request)
}

/// A result that was verified, and is fine.
fn right(executor: &Executor, model: &Model, request: Request) -> Expansion {
    let found = run(executor, model, request.clone()).unwrap_or_else(|e| panic!("{e}"));
    check(executor, &found, &request).unwrap_or_else(|e| panic!("{e}"));
    found
}

fn verification(found: &Expansion) -> Verification {
    found.report.verification.unwrap()
}

fn check(executor: &Executor, found: &Expansion, request: &Request) -> hope::Result<()> {
    let Executor { precision, device, .. } = executor;
    verification(found).check(&Request { precision: *precision, device: device.clone(), ..request.clone() })
}

/// Taylor coefficients of tanh at u, from y' = 1 - y².
fn tanh(u: f64, order: usize) -> Vec<f64> {
    let mut y = vec![u.tanh()];
    for k in 0..order {
        let square: f64 = (0..=k).map(|j| y[j] * y[k - j]).sum();
        y.push((if k == 0 { 1.0 - square } else { -square }) / (k + 1) as f64);
    }
    y
}

/// The series of tanh(0.9 x / unit) - 0.5 tanh(0.7 x / unit) at x = at · unit, c_k of the input itself.
fn units_truth(at: f64, unit: f64, order: usize) -> Vec<f64> {
    let (first, second) = (tanh(0.9 * at, order), tanh(0.7 * at, order));
    let c = |k: usize| first[k] * 0.9f64.powi(k as i32) - 0.5 * second[k] * 0.7f64.powi(k as i32);
    (0..=order).map(|k| c(k) * unit.powi(-(k as i32))).collect()
}

/// Largest relative error of a coefficient, in the unit.
fn off(found: &[f64], truth: &[f64], unit: f64) -> f64 {
    let scaled = |c: f64, k: usize| c * unit.powi(k as i32);
    let each = found.iter().zip(truth).enumerate();
    each.map(|(k, (f, t))| (scaled(f - t, k) / scaled(*t, k)).abs()).fold(0.0, f64::max)
}

/// The value and the orders of the only output along the only ray.
fn series(found: &Expansion) -> Vec<f64> {
    found.value.iter().chain(&found.coefficients).copied().collect()
}

/// The network of [`units_truth`] on what `enter` makes of the input: a value of two units, 0.9 and 0.7 times the input in its unit.
fn network(inputs: &[usize], enter: impl FnOnce(&mut ModelBuilder, NodeId) -> NodeId) -> Model {
    let mut b = Model::builder(inputs);
    let x = b.input();
    let h = enter(&mut b, x);
    let h = b.activation(h, Tanh).unwrap();
    let y = b.linear(h, &[1, 2], vec![1.0, -0.5], None).unwrap();
    b.build(y).unwrap()
}

fn scaled_first(unit: f64) -> Model {
    network(&[1], |b, x| {
        let h = b.affine(x, Some(Constant { shape: &[1], values: &[1.0 / unit] }), None).unwrap();
        b.linear(h, &[2, 1], vec![0.9, 0.7], None).unwrap()
    })
}

fn in_the_weights(unit: f64) -> Model {
    network(&[1], |b, x| b.linear(x, &[2, 1], vec![0.9 / unit, 0.7 / unit], None).unwrap())
}

fn odd_units(executor: &Executor, model: fn(f64) -> Model) {
    for unit in UNITS {
        // In f64, c_8 of the unit 1e-30 is 1e240.
        let found = right(executor, &model(unit), Request::new(vec![0.8 * unit], 8));
        let off = off(&series(&found), &units_truth(0.8, unit, 8), unit);
        assert!(off <= executor.tolerance, "unit {unit:e}: {off:e}");
    }
}

fn odd_units_scaled_first(executor: &Executor) {
    odd_units(executor, scaled_first);
}

fn odd_units_in_the_weights(executor: &Executor) {
    odd_units(executor, in_the_weights);
}

/// The network has a scale of 1; the rays are as short or long as the unit.
fn odd_units_in_the_directions(executor: &Executor) {
    let model = in_the_weights(1.0);
    for unit in UNITS {
        let length = 1.0 / unit;
        for directions in [
            Directions::Shared { inputs: 1, rows: vec![length] },
            Directions::PerPoint { inputs: 1, rays: 1, rows: vec![length] },
        ] {
            let request = Request { terms: Terms::Along(directions), ..Request::new(vec![0.8], 8) };
            let found = right(executor, &model, request);
            let off = off(&series(&found), &units_truth(0.8, unit, 8), unit);
            assert!(off <= executor.tolerance, "unit {unit:e}: {off:e}");
        }
    }
}

/// Pixels through the windows of a convolutional network, where the device has them: each of its own in all of the sum.
fn odd_units_of_an_image(executor: &Executor) {
    for unit in [1e-12, 1.0, 255.0, 1e12] {
        let model = network(&[1, 8, 8], |b, x| {
            let point = Geometry { kernel: vec![1, 1], ..Default::default() };
            let h = b.conv(x, &[1, 1, 1, 1], vec![1.0 / unit], None, 1, &point).unwrap();
            let h = b.reshape(h, &[64]).unwrap();
            let weights = [0.9, 0.7].map(|w| vec![w; 64]).concat();
            b.linear(h, &[2, 64], weights, None).unwrap()
        });
        let found = right(executor, &model, Request::new(vec![0.8 / 64.0 * unit; 64], 6));
        let truth = units_truth(0.8, unit, 6);
        for pixel in [0, 13, 63] {
            let along = found.coefficients.iter().skip(pixel).step_by(64).copied();
            let found: Vec<f64> = [found.value[0]].into_iter().chain(along).collect();
            let off = off(&found, &truth, unit);
            assert!(off <= executor.tolerance, "unit {unit:e}, pixel {pixel}: {off:e}");
        }
    }
}

/// tanh(0.6 x / a - 0.3 y / b) in variables of units a and b: `c_ij = t_k binomial(k, i) 0.6^i (-0.3)^j a^-i b^-j`, k = i + j.
fn odd_units_in_mixed_terms(executor: &Executor) {
    const ORDER: usize = 5;
    for (a, b) in [(1.0, 1.0), (1e-15, 1e15), (1e20, 1e12), (1e-20, 1e-3)] {
        let mut builder = Model::builder(&[2]);
        let h = builder.linear(builder.input(), &[1, 2], vec![0.6 / a, -0.3 / b], None).unwrap();
        let y = builder.activation(h, Tanh).unwrap();
        let model = builder.build(y).unwrap();
        let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.5 * a, -0.4 * b], ORDER) };
        let found = right(executor, &model, request);
        let t = tanh(0.6 * 0.5 + 0.3 * 0.4, ORDER);
        for (exponent, c) in found.exponents.chunks_exact(2).zip(&found.coefficients) {
            let [i, j] = [i32::from(exponent[0]), i32::from(exponent[1])];
            let truth = t[(i + j) as usize] * multinomial(exponent) * 0.6f64.powi(i) * (-0.3f64).powi(j);
            let found = c * a.powi(i) * b.powi(j);
            assert!((found / truth - 1.0).abs() <= executor.tolerance, "{exponent:?}: {found} {truth}");
        }
    }
}

/// tanh(relu(x / unit)): the kink is where x is.
fn kinks_in_odd_units(executor: &Executor) {
    for unit in UNITS {
        let mut b = Model::builder(&[1]);
        let h = b.linear(b.input(), &[1, 1], vec![1.0 / unit], None).unwrap();
        let h = b.activation(h, Relu).unwrap();
        let y = b.activation(h, Tanh).unwrap();
        let found = right(executor, &b.build(y).unwrap(), Request::new(vec![0.8 * unit], 3));
        assert!((found.kinks[0] / (0.8 * unit) - 1.0).abs() < 1e-6, "{unit:e}: {}", found.kinks[0]);
    }
}

fn case(file: &str) -> Model {
    let file = path("tests/fixtures/cases").join(file);
    Model::from_onnx(file, &ImportOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// c_8 in pascals is 4e-43.
fn pascals(executor: &Executor) {
    let found =
        right(executor, &case("gpu_underflow_false_alarm/pascal.onnx"), Request::new(vec![81060.0], 12));
    // mpmath, `truth.py` beside the case: c_k 101325^k, k = 8..12.
    let first = |w: f32| f64::from(w) * 81060.0 / 101325.0;
    let (a, b) = (tanh(first(0.9), 12), tanh(first(-0.7), 12));
    for k in 1..=12 {
        let power = |w: f32| f64::from(w).powi(k as i32);
        let truth = a[k] * power(0.9) + 0.5 * b[k] * power(-0.7);
        let found = found.coefficients[k - 1] * 101325f64.powi(k as i32);
        assert!((found / truth - 1.0).abs() <= executor.tolerance, "{k}: {found:e} {truth:e}");
    }
}

/// Saturated units leave 4e-49, e^-200: zero in f32.
fn smaller_than_f32(executor: &Executor) {
    for (file, point) in [("saturated_mlp", vec![300.0, 400.0]), ("softmax", vec![200.0, 0.0, 0.0])] {
        let request = Request::new(point, 3);
        let model = case(&format!("gpu_underflow_false_alarm/{file}.onnx"));
        let found = run(executor, &model, request.clone()).unwrap();
        match executor.precision {
            Precision::F64 => check(executor, &found, &request).unwrap(),
            Precision::F32 => {
                let lacks = verification(&found).shortfall;
                assert!(matches!(lacks, Some(Shortfall::Underflow { order: 1, .. })), "{file}: {lacks:?}");
                let error = check(executor, &found, &request).unwrap_err();
                assert!(matches!(error, Error::Shortfall { order: 1, .. }), "{error}");
                assert!(error.to_string().contains("--precision f64"), "{error}");
            }
        }
    }
}

/// The value is ±1, and the second order 1e-40.
fn a_large_layer_norm(executor: &Executor) {
    let mut b = Model::builder(&[3]);
    let y = b.normalize(b.input(), 1, 0.0).unwrap();
    let model = b.build(y).unwrap();
    let request = Request::new(vec![1e20, 2e20, 4e20], 2);
    let found = run(executor, &model, request.clone()).unwrap();
    assert!((found.value[0] + 1.0690449676496976).abs() < 1e-6, "{:?}", found.value);
    match check(executor, &found, &request) {
        Ok(()) => {
            // mpmath, as in edges.rs; 9.8e-42 has few digits in f32, but enough to pass.
            let c = found.coefficients[3] * 1e40;
            let tolerance = if executor.precision == Precision::F64 { 1e-10 } else { 1e-3 };
            assert!((c / 0.098177599069870 - 1.0).abs() <= tolerance, "{c}");
        }
        Err(error) => {
            assert!(matches!(error, Error::Shortfall { .. }), "{error}");
            assert_eq!(executor.precision, Precision::F32);
        }
    }
}

/// A network that subtracts 1.7e9 from a time stamp.
fn points_that_f32_rounds_away(executor: &Executor) {
    let model = case("f32_large_offset/model.onnx");
    match (executor.precision, run(executor, &model, Request::new(vec![1700033333.3], 3))) {
        (Precision::F64, found) => assert!(found.is_ok()),
        (Precision::F32, found) => {
            let error = found.unwrap_err();
            assert!(matches!(error, Error::Rounded { point: 0, input: 0, .. }), "{error}");
            let message = error.to_string();
            assert!(message.contains("1700033333.3") && message.contains("--precision f64"), "{message}");
        }
    }
    // Two that differ, and are the same in f32; and two that it can hold.
    let found = run(executor, &model, Request::new(vec![1700000000.0, 1700000050.0], 3));
    match executor.precision {
        Precision::F64 => assert!(found.is_ok()),
        Precision::F32 => assert!(matches!(found, Err(Error::Rounded { point: 1, .. })), "{found:?}"),
    }
    // But as `x scale - 17000` its digits cancel all the same.
    let request = Request::new(vec![1700000000.0, 1700033280.0], 3);
    let found = run(executor, &model, request.clone()).unwrap();
    match check(executor, &found, &request) {
        Ok(()) => {
            let truth = expand(&model, &request).unwrap();
            let error = relative_error(found.coefficients, truth.coefficients);
            assert!(error <= 1e-3, "{error:e}");
        }
        Err(error) => {
            assert!(matches!(error, Error::Shortfall { .. }), "{error}");
            assert_eq!(executor.precision, Precision::F32);
        }
    }
    // What a network doesn't notice is no matter.
    right(executor, &in_the_weights(1e12), Request::new(vec![1700033333.3], 3));
}

/// relu(x - 0.1 - 1e-10) + 5 x at 0.1: below the kink in f64, on it in f32.
fn a_unit_within_rounding_of_its_kink(executor: &Executor) {
    let mut b = Model::builder(&[1]);
    let h = b.linear(b.input(), &[2, 1], vec![1.0, 5.0], Some(vec![-0.1 - 1e-10, 0.0])).unwrap();
    let h = b.activation(h, Relu).unwrap();
    let y = b.linear(h, &[1, 2], vec![1.0, 1.0], None).unwrap();
    let model = b.build(y).unwrap();
    let request = Request::new(vec![0.1], 2);
    let found = right(executor, &model, request);
    let (slope, verification) = (found.coefficients[0], verification(&found));
    if (slope - 5.0).abs() < 1e-5 {
        assert_eq!(verification.undecided, 0);
    } else {
        assert!((slope - 6.0).abs() < 1e-5, "{slope}");
        assert_eq!(executor.precision, Precision::F32);
        assert_eq!((verification.undecided, verification.rays), (3, 3));
        assert!(verification.deviation < 1e-6, "the value is certain: {verification:?}");
    }
}

/// relu(W x + b) with b = -W x but for 1e-9: each unit may land on either side.
fn many_units_within_rounding_of_their_kinks(executor: &Executor) {
    const UNITS: usize = 300;
    let (weight, point, gap) = (noise(1, UNITS * 6), noise(2, 6), noise(3, UNITS));
    let products = weight.chunks_exact(6).map(|row| row.iter().zip(&point).map(|(w, x)| w * x).sum::<f64>());
    let bias = products.zip(&gap).map(|(product, gap)| 1e-9 * gap - product).collect();
    let mut b = Model::builder(&[6]);
    let h = b.linear(b.input(), &[UNITS, 6], weight, Some(bias)).unwrap();
    let h = b.activation(h, Relu).unwrap();
    let h = dense(&mut b, h, 20, 4);
    let h = b.activation(h, Relu).unwrap();
    let y = dense(&mut b, h, 3, 6);
    let model = b.build(y).unwrap();
    let agree = |request: Request, undecided: &[usize]| {
        let verification = verification(&right(executor, &model, request));
        match executor.precision {
            Precision::F64 => assert_eq!(verification.undecided, 0),
            Precision::F32 => assert!(undecided.contains(&verification.undecided), "{verification:?}"),
        }
    };
    agree(Request::new(point.clone(), 2), &[3]);
    // In gradients the branch of a unit counts whether a ray moves it or not; of order 1 they have no ray. Those of a unit that lies on its kink in
    // f32 are looked for in f64, where these lie beside theirs.
    let ray = Directions::Shared { inputs: 6, rows: vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0] };
    for (order, directions) in [(1, None), (2, Some(ray))] {
        agree(Request { terms: Terms::Gradient(directions), ..Request::new(point.clone(), order) }, &[0, 3]);
    }
}

/// c_12 of the unit 1e-30 is 1e360.
fn coefficients_beyond_f64(executor: &Executor) {
    let error = run(executor, &in_the_weights(1e-30), Request::new(vec![0.8e-30], 12)).unwrap_err();
    assert!(matches!(error, Error::NonFinite { order: 10 | 11, .. }), "{error}");
}

/// A host scales its directions itself.
fn recorded(engine: &Arc<hope::gpu::Engine>) {
    let (unit, order) = (1e12, 6);
    let directions = Directions::Shared { inputs: 1, rows: vec![unit] };
    let prepared =
        pollster::block_on(Prepared::exact(engine, &scaled_first(unit), order, 1, &directions)).unwrap();
    let found = gpus::embedded(engine, &[0.8 * unit], prepared.output_bytes(), |encoder, input, output| {
        prepared.record(encoder, input, output);
    });
    let found: Vec<f64> = found.into_iter().map(f64::from).collect();
    let off = off(&found, &units_truth(0.8, 1.0, order), 1.0);
    assert!(off <= 1e-4, "{off:e}");
    assert_eq!(Device::gpu(engine.clone()).name(), engine.info().name);
}
