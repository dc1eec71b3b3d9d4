//! Tables of cases, each run on every executor: a case added once is tested everywhere.
//!
//! `tests/fixtures/operators`: one small model per operator feature, coefficients along rays, gradients and second derivatives (`tests/fixtures/gradients`);
//! `tests/fixtures/rule`: networks with the published rule's and the true unmixed coefficients;
//! `tests/fixtures/reference`: trained networks. All truth is float64 and independent of this code.

use std::collections::BTreeSet;
use std::path::Path;

use hope::backend::Kind;
use hope::model::Model;
use hope::onnx::{self, ImportOptions};
use hope::rays::Directions;
use hope::{Device, Expansion, Method, Precision, Request, Terms, expand};
use ndarray::ArrayD;

use crate::common::{Truth, array, assert_orders, errors_by_order, fixtures, path, relative_error};
use crate::gpu_activations;
use crate::gpus::Adapter;
use crate::trials::Trials;

/// Where a case runs, and how exact it has to be there.
#[derive(Clone)]
pub struct Executor {
    pub name: String,
    pub device: Device,
    pub precision: Precision,
    /// Norm-wise relative error allowed for each order.
    pub tolerance: f64,
}

/// The CPU path in both precisions, and every adapter present.
pub fn executors(adapters: &[Adapter]) -> Vec<Executor> {
    let cpu = |name: &str, precision, tolerance| Executor {
        name: name.into(),
        device: Device::cpu(),
        precision,
        tolerance,
    };
    let mut all = vec![cpu("cpu-f64", Precision::F64, 1e-10), cpu("cpu-f32", Precision::F32, 1e-4)];
    all.extend(adapters.iter().map(|(name, engine)| Executor {
        name: name.clone(),
        device: Device::gpu(engine.clone()),
        precision: Precision::F32,
        tolerance: 1e-4,
    }));
    all
}

impl Executor {
    fn expand(&self, model: &Path, output: Option<&str>, request: Request) -> Expansion {
        let options = ImportOptions { output_name: output.map(str::to_string), ..ImportOptions::default() };
        let model = Model::from_onnx(model, &options).unwrap_or_else(|e| panic!("{e}"));
        let request = Request {
            precision: self.precision,
            device: self.device.clone(),
            memory: Some(1 << 30),
            ..request
        };
        expand(&model, &request).unwrap_or_else(|e| panic!("{e}"))
    }
}

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    for executor in executors(adapters) {
        // What is rounded has no derivatives, and is refused.
        for (case, truth) in gpu_activations::truth().into_iter().filter(|(case, _)| case != "quantize") {
            let executor = executor.clone();
            trials.add(format!("activation_gradient::{case}::{}", executor.name), move || {
                activation_gradient(&executor, &case, &truth);
                Ok(())
            });
        }
        let mut add = |kind: &str, file: &Path, run: fn(Executor, &Path)| {
            let case = file.file_stem().unwrap().to_string_lossy();
            let (executor, file) = (executor.clone(), file.to_path_buf());
            trials.add(format!("{kind}::{case}::{}", executor.name), move || {
                run(executor, &file);
                Ok(())
            });
        };
        for model in fixtures("operators", "onnx") {
            add("operator", &model, operator);
            add("gradient", &model, gradient);
            add("gradients", &model, gradient_batch);
        }
        for model in fixtures("rule", "onnx") {
            add("rule", &model, published_rule);
        }
        for truth in fixtures("reference", "npz") {
            add("reference", &truth, reference);
        }
    }
}

/// Files that hold GELU's or hard swish's constants rounded to f32; import recognises the function and uses its true
/// constants, which differ by 1e-8.
pub fn holds_rounded_constants(case: &str) -> bool {
    case.contains("gelu")
        || case.contains("pattern_hard_swish_hard_sigmoid")
        || case.contains("mixer")
        || case.contains("gated_block")
}

/// Value and coefficients along rays, by the exact method; of every output of the model.
fn operator(executor: Executor, model: &Path) {
    let mut truth = Truth::open(&model.with_extension("npz"));
    let rounded = holds_rounded_constants(&model.file_stem().unwrap().to_string_lossy());
    let tolerance = if rounded { executor.tolerance.max(1e-6) } else { executor.tolerance };
    let names = onnx::output_names(model).unwrap();
    for (suffix, output) in [("", None), ("_second", names.get(1).map(String::as_str))] {
        let Some(along) = truth.find(&format!("along{suffix}")) else { continue };
        let directions = truth.get("directions");
        let (rays, inputs) = (directions.shape()[0], directions.shape()[1]);
        let order = along.shape()[2];
        let found = executor.expand(
            model,
            output,
            Request {
                terms: Terms::Along(Directions::Shared {
                    inputs,
                    rows: directions.iter().copied().collect(),
                }),
                ..Request::new(truth.values("points"), order)
            },
        );
        let value = relative_error(found.value.iter().copied(), truth.values(&format!("value{suffix}")));
        assert!(value <= tolerance, "value is off by {value:.2e}");
        let along: Vec<f64> = along.iter().copied().collect();
        let errors = errors_by_order(&found.coefficients, &along, order, order, rays);
        assert_orders("along", &errors, tolerance);
    }
}

/// Gradients along a ray and rows of the Hessian, of the sum of all outputs that the truth is of: see tests/fixtures/gradients/README.md.
fn gradient(executor: Executor, model: &Path) {
    const ORDER: usize = 4;
    let case = model.file_stem().unwrap().to_string_lossy();
    let tolerance =
        if holds_rounded_constants(&case) { executor.tolerance.max(1e-6) } else { executor.tolerance };
    let truth = array(&path(&format!("tests/fixtures/gradients/{case}.npy")));
    let mut along = Truth::open(&model.with_extension("npz"));
    let inputs = truth.shape()[1];
    let truth: Vec<&[f64]> = truth.as_slice().unwrap().chunks(inputs).collect();
    let point = along.values("points")[..inputs].to_vec();
    let rows = along.values("directions")[..inputs].to_vec();
    // As the truth sums outputs.
    let sum = |outputs: &mut dyn Iterator<Item = f64>| -> f64 {
        outputs.enumerate().map(|(o, y)| (1.0 + o as f64).cos() * y).sum()
    };
    // Alone, and on processors as the last of so many rays that those of an output share what they can.
    let many: &[usize] = if executor.name.starts_with("cpu") { &[1, 9] } else { &[1] };
    let mut outputs = 0;
    for &rays in many {
        let others: Vec<f64> = (1..rays).flat_map(|i| rows.iter().map(move |x| x / (1 + i) as f64)).collect();
        let rows = [&others[..], &rows].concat();
        let terms = Terms::Gradient(Some(Directions::Shared { inputs, rows }));
        let found = executor.expand(model, None, Request { terms, ..Request::new(point.clone(), ORDER) });
        let found = found.gradient().unwrap();
        outputs = found.shape()[1];
        for k in 0..ORDER {
            let g = (0..inputs).map(|i| sum(&mut (0..outputs).map(|o| found[[0, o, k, rays - 1, i]])));
            let error = relative_error(g, truth[k].iter().copied());
            assert!(error <= tolerance, "the gradient's coefficient {k} is off by {error:.2e}, {rays} rays");
        }
    }
    let largest = (0..inputs).rev().max_by(|&i, &j| truth[0][i].abs().total_cmp(&truth[0][j].abs())).unwrap();
    let terms = Terms::Hessian(Some(vec![largest, inputs / 2]));
    let found = executor.expand(model, None, Request { terms, ..Request::new(point, 2) });
    let found = found.hessian().unwrap();
    let row = |row: usize| {
        (0..inputs)
            .map(move |i| (row, i))
            .map(|(row, i)| sum(&mut (0..outputs).map(|o| found[[0, o, row, i]])))
    };
    let error = relative_error(row(0).chain(row(1)), truth[ORDER..].concat());
    assert!(error <= tolerance, "rows of the Hessian are off by {error:.2e}");
}

/// The derivative of a function σ along the line, Σ (k + 1) a_{k+1} t^k, where σ = Σ a_k t^k: against multi-precision arithmetic.
fn activation_gradient(executor: &Executor, case: &str, truth: &ArrayD<f64>) {
    const ORDER: usize = 8;
    let all = Truth::open(&gpu_activations::fixture()).values("points");
    // NaN: at a kink or outside the domain.
    let defined: Vec<usize> =
        (0..all.len()).filter(|&i| (0..=ORDER).all(|k| !truth[[i, k]].is_nan())).collect();
    let mut b = Model::builder(&[1]);
    let y = b.activation(b.input(), gpu_activations::parse(case)).unwrap();
    let model = b.build(y).unwrap();
    let request = Request {
        terms: Terms::Gradient(Some(Directions::Shared { inputs: 1, rows: vec![1.0] })),
        precision: executor.precision,
        device: executor.device.clone(),
        ..Request::new(defined.iter().map(|&i| all[i]).collect::<Vec<f64>>(), ORDER)
    };
    let found = expand(&model, &request).unwrap();
    let expected: Vec<f64> =
        defined.iter().flat_map(|&i| (1..=ORDER).map(move |k| k as f64 * truth[[i, k]])).collect();
    let errors = errors_by_order(&found.coefficients, &expected, ORDER, ORDER, 1);
    assert_orders("the derivative", &errors, executor.tolerance);
}

/// Gradients of all points along all rays: their components along the rays are known from the truth; the others are those of the f64 reference.
fn gradient_batch(executor: Executor, model: &Path) {
    let mut truth = Truth::open(&model.with_extension("npz"));
    let rounded = holds_rounded_constants(&model.file_stem().unwrap().to_string_lossy());
    let tolerance = if rounded { executor.tolerance.max(1e-6) } else { executor.tolerance };
    let along = truth.get("along");
    let &[points, outputs, orders, rays] = along.shape() else { panic!("{:?}", along.shape()) };
    let directions = truth.get("directions");
    let (order, inputs) = (orders.min(4), directions.shape()[1]);
    let rows: Vec<f64> = directions.iter().copied().collect();
    let request = || Request {
        terms: Terms::Gradient(Some(Directions::Shared { inputs, rows: rows.clone() })),
        ..Request::new(truth_points(model), order)
    };
    let found = executor.expand(model, None, request());
    let gradients = found.gradient().unwrap();
    let mut projected = Vec::new();
    let mut expected = Vec::new();
    for (b, o, k, r) in tuples(points, outputs, order, rays) {
        let ray = &rows[r * inputs..][..inputs];
        projected.push((0..inputs).map(|i| gradients[[b, o, k, r, i]] * ray[i]).sum::<f64>());
        expected.push((k + 1) as f64 * along[[b, o, k, r]]);
    }
    let errors = errors_by_order(&projected, &expected, order, order, rays);
    assert_orders("along the rays", &errors, tolerance);
    let reference = Executor { precision: Precision::F64, device: Device::cpu(), ..executor.clone() };
    let reference = reference.expand(model, None, request());
    let errors = errors_by_order(&found.coefficients, &reference.coefficients, order, order, rays * inputs);
    assert_orders("all components", &errors, executor.tolerance);
}

/// All tuples of points, outputs, orders and rays.
fn tuples(b: usize, m: usize, n: usize, r: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..b * m * n * r).map(move |i| (i / (m * n * r), i / (n * r) % m, i / r % n, i % r))
}

/// The published rule's coefficients, the true ones, and whether the certificate tells which is which.
fn published_rule(executor: Executor, model: &Path) {
    let mut truth = Truth::open(&model.with_extension("npz"));
    let unmixed = truth.get("unmixed");
    let (order, inputs) = (unmixed.shape()[2], unmixed.shape()[3]);
    let request = || Request::new(truth_points(model), order);
    let run = |request: Request| executor.expand(model, None, request);
    let by_rule = run(Request { method: Method::Hope, ..request() });
    let exact = run(request());
    for (what, found, key) in [("rule", &by_rule, "unmixed_rule"), ("exact", &exact, "unmixed")] {
        let errors = errors_by_order(&found.coefficients, &truth.values(key), order, order, inputs);
        assert_orders(what, &errors, executor.tolerance);
        let value = relative_error(found.value.iter().copied(), truth.values("value"));
        assert!(value <= executor.tolerance, "{what}: value is off by {value:.2e}");
    }
    let is_exact = truth.flag("exact");
    let certificate = &by_rule.report.certificate;
    assert_eq!(certificate.exact, is_exact, "{}", certificate.reason);
    assert!(exact.report.certificate.exact);
    mixed(&executor, model, &mut truth, "mixed", Method::Exact);
    mixed(&executor, model, &mut truth, "mixed_rule", Method::Hope);
}

fn truth_points(model: &Path) -> Vec<f64> {
    Truth::open(&model.with_extension("npz")).values("points")
}

/// Mixed coefficients, where the fixture has them; those of order 2 alone, too, which may come of second derivatives.
fn mixed(executor: &Executor, model: &Path, truth: &mut Truth, key: &str, method: Method) {
    let Some(wanted) = truth.find(key) else { return };
    let all = truth.exponents();
    let terms = wanted.shape()[2];
    let variables = all.len() / terms;
    let degree = all.chunks_exact(variables).map(|e| e.iter().sum::<u8>()).max().unwrap();
    let wanted: Vec<f64> = wanted.iter().copied().collect();
    for order in BTreeSet::from([degree, degree.min(2)]) {
        let request = Request {
            terms: Terms::Mixed(None),
            method,
            ..Request::new(truth.values("points"), order.into())
        };
        let found = executor.expand(model, None, request);
        // By degree: those of an order come first.
        assert_eq!(found.exponents, all[..found.exponents.len()]);
        for k in 0..=order {
            let of_degree = |data: &[f64], terms: usize| -> Vec<f64> {
                let rows = data.chunks_exact(terms);
                let picked = rows.flat_map(|row| row.iter().zip(all.chunks_exact(variables)));
                picked.filter(|(_, e)| e.iter().sum::<u8>() == k).map(|(c, _)| *c).collect()
            };
            let found = of_degree(&found.coefficients, found.exponents.len() / variables);
            let error = relative_error(found, of_degree(&wanted, terms));
            assert!(error <= executor.tolerance, "{key}: degree {k} of {order} is off by {error:.2e}");
        }
    }
}

/// Trained networks: unmixed and mixed coefficients, and the published rule's.
fn reference(executor: Executor, truth_file: &Path) {
    let mut truth = Truth::open(truth_file);
    let beside = truth_file.with_extension("onnx");
    let name = beside.file_name().unwrap().to_str().unwrap();
    let model = if beside.exists() { beside.clone() } else { path("examples/mnist").join(name) };
    let unmixed = truth.get("unmixed");
    let (order, inputs) = (unmixed.shape()[2], unmixed.shape()[3]);
    // Software drivers are slow: one digit has to do there.
    let first = |values: Vec<f64>| match (executor.device.kind(), inputs) {
        (Kind::Processor, _) | (_, ..100) => values,
        _ => values[..values.len() / 4].to_vec(),
    };
    for (method, key) in [(Method::Exact, "unmixed"), (Method::Hope, "published_rule_unmixed")] {
        let request = Request { method, ..Request::new(first(truth.values("points")), order) };
        let found = executor.expand(&model, None, request);
        let value = relative_error(found.value.iter().copied(), first(truth.values("value")));
        assert!(value <= executor.tolerance, "value is off by {value:.2e}");
        let errors = errors_by_order(&found.coefficients, &first(truth.values(key)), order, order, inputs);
        assert_orders(key, &errors, executor.tolerance);
    }
    mixed(&executor, &model, &mut truth, "mixed", Method::Exact);
}
