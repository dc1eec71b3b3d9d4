//! Numbers at the edges, of small networks on every executor: where a function's domain ends, where something overflows on the way
//! to a result that doesn't, where 0 is divided by 0. Either what mathematics gives, or an error that names the layer; never another
//! finite number.
//!
//! Truth: closed forms, beside each case.
#![allow(clippy::excessive_precision)] // digits as mpmath prints them

use hope::activation::{Activation, Cos, Exp, Pow, Reciprocal, Sin, Sqrt};
use hope::model::{Constant, Model, ModelBuilder, NodeId};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Device, Precision, Request, Terms, expand};

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
    name: String,
    numbers: Numbers,
    model: fn() -> Model,
    point: Vec<f64>,
    /// The ray; without one the first input's.
    ray: Option<Vec<f64>>,
    order: usize,
    expected: Expected,
}

impl Edge {
    fn new(name: impl Into<String>, model: fn() -> Model, point: &[f64], expected: Expected) -> Self {
        let order = match &expected {
            Series(series) => series.len() - 1,
            Error(_) => 2,
        };
        let (name, point) = (name.into(), point.to_vec());
        Self { name, numbers: Numbers::Any, model, point, ray: None, order, expected }
    }

    fn only(self, numbers: Numbers) -> Self {
        Self { numbers, ..self }
    }

    fn order(self, order: usize) -> Self {
        Self { order, ..self }
    }

    fn along(self, ray: Vec<f64>) -> Self {
        Self { ray: Some(ray), ..self }
    }
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

/// Along the ray, and as the powers of one variable in its direction: by series in several variables, which may refuse more.
fn check(edge: &Edge, executor: &Executor) -> Result<(), String> {
    let model = (edge.model)();
    let mut ray = vec![0.0; model.inputs()];
    ray[0] = 1.0;
    let rows = edge.ray.clone().unwrap_or(ray);
    let along = Terms::Along(Directions::Shared { inputs: model.inputs(), rows: rows.clone() });
    let request = Request {
        terms: along,
        outputs: Some(vec![0]),
        precision: executor.precision,
        device: executor.device.clone(),
        memory: Some(1 << 28),
        ..Request::new(edge.point.clone(), edge.order)
    };
    match (expand(&model, &request), &edge.expected) {
        (Ok(found), Series(truth)) => {
            compare(found.value.iter().chain(&found.coefficients), truth, executor.tolerance)?;
        }
        (Ok(found), Error(_)) => {
            return Err(format!("{:?} {:?} instead of an error", found.value, found.coefficients));
        }
        (Err(error), Series(_)) => return Err(format!("an error instead of a series: {error}")),
        (Err(error), Error(parts)) => {
            let message = error.to_string();
            if let Some(part) = parts.iter().find(|part| !message.contains(**part)) {
                return Err(format!("'{message}' lacks '{part}'"));
            }
        }
    }
    gradient(edge, &model, &rows, &request, executor.tolerance)
        .map_err(|error| format!("gradient: {error}"))?;
    let mixed = expand(&model, &Request { terms: Terms::subspace(rows), ..request });
    match (mixed, &edge.expected) {
        // The polynomial is that of the series that are given.
        (Ok(found), Series(truth)) => compare(&found.coefficients, truth, executor.tolerance)
            .map_err(|error| format!("mixed terms: {error}")),
        (Ok(found), Error(_)) => {
            Err(format!("mixed terms: {:?} {:?} instead of an error", found.value, found.coefficients))
        }
        (Err(_), _) => Ok(()),
    }
}

/// The gradient's component along the ray: `v · g_k = (k + 1) c_{k+1}`. Of several inputs others may be infinite.
fn gradient(
    edge: &Edge,
    model: &Model,
    ray: &[f64],
    request: &Request,
    tolerance: f64,
) -> Result<(), String> {
    let directions = Directions::Shared { inputs: ray.len(), rows: ray.to_vec() };
    let terms = Terms::Gradient(Some(directions));
    match (expand(model, &Request { terms, ..request.clone() }), &edge.expected) {
        (Ok(found), Series(truth)) => {
            let rows = found.coefficients.chunks_exact(ray.len()).zip(1..);
            let along: Vec<f64> = rows
                .map(|(g, k)| g.iter().zip(ray).map(|(g, v)| g * v).sum::<f64>() / f64::from(k))
                .collect();
            compare(found.value.iter().chain(&along), truth, tolerance)
        }
        // What is beyond f32 is looked for in f64.
        (Ok(found), Error(_)) if edge.numbers == Numbers::F32 => {
            let terms = Terms::Gradient(Some(Directions::Shared { inputs: ray.len(), rows: ray.to_vec() }));
            let double =
                Request { terms, precision: Precision::F64, device: Device::cpu(), ..request.clone() };
            let truth = expand(model, &double).map_err(|error| error.to_string())?;
            compare(&found.coefficients, &truth.coefficients, 1e-12)
        }
        (Ok(found), Error(_)) => Err(format!("{:?} instead of an error", found.coefficients)),
        (Err(error), Series(_)) if ray.len() == 1 => Err(format!("an error instead of a series: {error}")),
        (Err(_), _) => Ok(()),
    }
}

fn compare<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    truth: &[f64],
    tolerance: f64,
) -> Result<(), String> {
    for (k, (found, truth)) in found.into_iter().zip(truth).enumerate() {
        let error = (found - truth).abs();
        if error.is_nan() || error > tolerance * truth.abs() {
            return Err(format!("order {k}: {found:e} instead of {truth:e}"));
        }
    }
    Ok(())
}

fn case(file: &str) -> Model {
    let file = path("tests/fixtures/cases").join(file);
    Model::from_onnx(file, &ImportOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn edges() -> Vec<Edge> {
    [not_a_number(), sizes(), powers(), zero_by_zero(), bounds()].into_iter().flatten().collect()
}

/// The logarithm of a negative number, then something that a comparison could take for a number.
fn not_a_number() -> Vec<Edge> {
    let expected = || Error(&["'l' (Log)", "order 0"]);
    let point = [-1.0, -2.0];
    vec![
        Edge::new("nan_before_relu", || case("silent_nan_hidden/nan_Relu.onnx"), &point, expected()),
        Edge::new("nan_before_max", || case("silent_nan_hidden/nan_Max.onnx"), &point, expected()),
        Edge::new("nan_before_min", || case("silent_nan_hidden/nan_Min.onnx"), &point, expected()),
    ]
}

/// A model of so many inputs.
fn built(inputs: usize, build: impl FnOnce(&mut ModelBuilder, NodeId) -> hope::Result<NodeId>) -> Model {
    let mut b = Model::builder(&[inputs]);
    let x = b.input();
    let y = build(&mut b, x).unwrap();
    b.build(y).unwrap()
}

fn function(b: &mut ModelBuilder, x: NodeId, f: impl Into<Activation>) -> hope::Result<NodeId> {
    b.activation(x, f)
}

/// x / sqrt(mean x²), as exporters spell it out.
fn decomposed_rms() -> Model {
    built(2, |b, x| {
        let square = b.mul(x, x)?;
        let mean = b.reduce(square, &[0], true, true)?;
        let root = function(b, mean, Sqrt)?;
        b.div(x, root)
    })
}

/// `x / (s + s x)`.
fn quotient_by(b: &mut ModelBuilder, x: NodeId, size: f64) -> hope::Result<NodeId> {
    let size = [size];
    let number = || Some(Constant { shape: &[], values: &size });
    let denominator = b.affine(x, number(), number())?;
    b.div(x, denominator)
}

/// Squares and exponentials overflow and vanish where results don't.
fn sizes() -> Vec<Edge> {
    let norm = || built(3, |b, x| b.normalize(x, 1, 0.0));
    // mpmath: the first unit of (1, 2, 4), along the first input. Scaling both leaves the series as it is.
    let series = || {
        Series(vec![
            -1.0690449676496975387,
            0.2290810644963637583,
            0.098177599069870182129,
            0.030388304474007437326,
            0.0058439047065398917934,
        ])
    };
    let mut edges = Vec::new();
    for (size, numbers) in
        [(1e160, Numbers::F64), (1e-170, Numbers::F64), (1e20, Numbers::Any), (1e-25, Numbers::Any)]
    {
        let edge =
            Edge::new(format!("layer_norm_of_{size:e}"), norm, &[size, 2.0 * size, 4.0 * size], series());
        edges.push(edge.along(vec![size, 0.0, 0.0]).only(numbers));
        // mpmath: (1, 2) along the first input.
        let expected = Series(vec![0.63245553203367586640, 0.50596442562694069312, -0.15178932768808220794]);
        let error = || Error(&["not finite"]);
        let expected = match (size, numbers) {
            (_, Numbers::F64) => error(),
            _ => expected,
        };
        let edge =
            Edge::new(format!("decomposed_rms_of_{size:e}"), decomposed_rms, &[size, 2.0 * size], expected);
        edges.push(edge.along(vec![size, 0.0]).only(Numbers::F64));
        if numbers == Numbers::Any {
            let edge = Edge::new(
                format!("decomposed_rms_of_{size:e}_f32"),
                decomposed_rms,
                &[size, 2.0 * size],
                error(),
            );
            edges.push(edge.along(vec![size, 0.0]).only(Numbers::F32));
        }
    }
    // Its square has few digits left.
    let lost =
        Edge::new("decomposed_rms_of_digits_lost", decomposed_rms, &[1e-160, 2e-160], Error(&["not finite"]));
    edges.push(lost.along(vec![1e-160, 0.0]).only(Numbers::F64));
    let file = || case("silent_layernorm_overflow/ln.onnx");
    edges.push(
        Edge::new("silent_layernorm_overflow", file, &[1e160, -1e160], Series(vec![1.0]))
            .order(1)
            .only(Numbers::F64),
    );
    edges.push(
        Edge::new("silent_layernorm_overflow_f32", file, &[1e20, -1e20], Series(vec![1.0]))
            .order(1)
            .only(Numbers::F32),
    );
    let softmax = || built(2, |b, x| b.softmax(x, 0, false));
    edges.push(Edge::new("softmax_saturated", softmax, &[1e30, -1e30], Series(vec![1.0, 0.0, 0.0])));
    let logs = || built(2, |b, x| b.softmax(x, 0, true));
    edges.push(Edge::new("log_softmax_saturated", logs, &[-1e30, 1e30], Series(vec![-2e30, 1.0, 0.0])));
    // x / (s + s x) at 1 is 1/(2 s): by denominators that overflow, and that have lost digits.
    for (size, numbers) in
        [(1.2e308, Numbers::F64), (5e-324, Numbers::F64), (2.4e38, Numbers::F32), (1e-39, Numbers::F32)]
    {
        let quotient: fn() -> Model = match (size, numbers) {
            (1.2e308, _) => || built(1, |b, x| quotient_by(b, x, 1.2e308)),
            (5e-324, _) => || built(1, |b, x| quotient_by(b, x, 5e-324)),
            (2.4e38, _) => || built(1, |b, x| quotient_by(b, x, 2.4e38)),
            _ => || built(1, |b, x| quotient_by(b, x, 1e-39)),
        };
        edges.push(
            Edge::new(format!("quotient_by_{size:e}"), quotient, &[1.0], Error(&["order 0"])).only(numbers),
        );
    }
    // 1 / e^1000 is no 0 in f64, 1 / e^100 none in f32.
    let inverse = || {
        built(1, |b, x| {
            let e = function(b, x, Exp)?;
            function(b, e, Reciprocal)
        })
    };
    edges.push(Edge::new("reciprocal_of_overflow", inverse, &[1000.0], Error(&["(exp)", "overflows"])));
    let quotient = || {
        built(1, |b, x| {
            let e = function(b, x, Exp)?;
            b.div(x, e)
        })
    };
    edges.push(Edge::new("quotient_by_overflow", quotient, &[1000.0], Error(&["(exp)", "overflows"])));
    edges
}

/// `binomial(n, k) x^(n-k)`, k = 0..order.
fn binomials(n: usize, x: f64, order: usize) -> Expected {
    let binomial = |k: usize| (0..k).map(|j| (n - j) as f64 / (j + 1) as f64).product::<f64>();
    Series((0..=order).map(|k| binomial(k) * x.powi((n - k) as i32)).collect())
}

/// Whole exponents are polynomials; fractional ones have as many orders at 0 as are finite.
fn powers() -> Vec<Edge> {
    let zeros = |order: usize| Series(vec![0.0; order + 1]);
    let pow65 = || case("pow_whole_exponent_above_64/pow65.onnx");
    let pow100 = || case("pow_whole_exponent_above_64/pow100.onnx");
    let pow2_5 = || case("fractional_power_at_zero/pow2_5.onnx");
    let pow1_5 = || case("fractional_power_at_zero/pow1_5.onnx");
    let inverse_cube = || built(1, |b, x| function(b, x, Pow { exponent: -3.0 }));
    let inverse_65 = || built(1, |b, x| function(b, x, Pow { exponent: -65.0 }));
    let large = || built(1, |b, x| function(b, x, Pow { exponent: 5e9 }));
    let sqrt = || built(1, |b, x| function(b, x, Sqrt));
    let size = || {
        built(1, |b, x| {
            let square = b.mul(x, x)?;
            function(b, square, Sqrt)
        })
    };
    // binomial(-p, k) x^(-p-k)
    let negative = |p: usize, x: f64, order: usize| {
        let binomial = |k: usize| (0..k).map(|j| -((p + j) as f64) / (j + 1) as f64).product::<f64>();
        Series((0..=order).map(|k| binomial(k) * x.powi(-((p + k) as i32))).collect())
    };
    vec![
        Edge::new("pow65_at_0", pow65, &[0.0], zeros(5)),
        Edge::new("pow100_at_0", pow100, &[0.0], zeros(16)),
        Edge::new("pow65", pow65, &[0.5], binomials(65, 0.5, 16)),
        Edge::new("pow65_of_negative", pow65, &[-0.5], binomials(65, -0.5, 16)),
        Edge::new("pow65_at_0.2", pow65, &[0.2], binomials(65, 0.2, 30)).only(Numbers::F64),
        Edge::new("pow100", pow100, &[1.1], binomials(100, 1.1, 16)),
        Edge::new("pow_of_billions_at_0", large, &[0.0], zeros(16)),
        Edge::new("pow-3_of_negative", inverse_cube, &[-0.7], negative(3, -0.7, 8)),
        Edge::new("pow-65_of_negative", inverse_65, &[-1.1], negative(65, -1.1, 8)),
        Edge::new("pow2.5_at_0", pow2_5, &[0.0], zeros(2)),
        Edge::new("pow2.5_at_0_to_order_3", pow2_5, &[0.0], Error(&["order 3", "order at most 2"])).order(3),
        Edge::new("pow1.5_at_0", pow1_5, &[0.0], zeros(1)),
        Edge::new("pow1.5_at_0_to_order_2", pow1_5, &[0.0], Error(&["order 2", "order at most 1"])),
        Edge::new("pow1.5_at_0_towards_negative", pow1_5, &[0.0], Error(&["order 1"])).along(vec![-1.0]),
        Edge::new("sqrt_at_0", sqrt, &[0.0], Error(&["order 1"])).order(1),
        // |t| for t > 0
        Edge::new("sqrt_of_square_at_0", size, &[0.0], Series(vec![0.0, 1.0])),
        Edge::new("sqrt_of_square_at_0_to_order_4", size, &[0.0], Series(vec![0.0, 1.0, 0.0, 0.0, 0.0])),
    ]
}

/// Quotients of two series that both begin with zeros.
fn zero_by_zero() -> Vec<Edge> {
    let itself = || built(1, |b, x| b.div(x, x));
    let sinc = || {
        built(1, |b, x| {
            let sine = function(b, x, Sin)?;
            b.div(sine, x)
        })
    };
    let versed = || {
        built(1, |b, x| {
            let cosine = function(b, x, Cos)?;
            let one = b.affine(cosine, None, Some(Constant { shape: &[], values: &[-1.0] }))?;
            let square = b.mul(x, x)?;
            b.div(one, square)
        })
    };
    let pole = || {
        built(1, |b, x| {
            let cosine = function(b, x, Cos)?;
            b.div(cosine, x)
        })
    };
    let mut edges = Vec::new();
    for order in 1..=4 {
        let cut = |series: &[f64]| Series(series[..=order].to_vec());
        edges.push(Edge::new(
            format!("x_by_x_to_order_{order}"),
            itself,
            &[0.0],
            cut(&[1.0, 0.0, 0.0, 0.0, 0.0]),
        ));
        let series = [1.0, 0.0, -1.0 / 6.0, 0.0, 1.0 / 120.0];
        edges.push(Edge::new(format!("sin_x_by_x_to_order_{order}"), sinc, &[0.0], cut(&series)));
        let series = [-0.5, 0.0, 1.0 / 24.0, 0.0, -1.0 / 720.0];
        edges.push(Edge::new(
            format!("cos_x_less_1_by_x_squared_to_order_{order}"),
            versed,
            &[0.0],
            cut(&series),
        ));
    }
    edges.push(Edge::new("pole", pole, &[0.0], Error(&["(Divide)", "order 0"])));
    edges
}

/// The specification's Min(max, Max(x, min)).
fn bounds() -> Vec<Edge> {
    let file = || case("clip_min_above_max/model.onnx");
    let mut edges: Vec<Edge> = [-3.0, -0.5, 0.0, 3.0]
        .map(|x| Edge::new(format!("clip_min_above_max_at_{x}"), file, &[x; 4], Series(vec![-0.5, 0.0, 0.0])))
        .into();
    // The larger of x² and a y far from it, which a difference would round away; of equals the one that grows.
    let larger = || {
        built(2, |b, x| {
            let (x, y) = (b.slice(x, 0, 0, 1, 1)?, b.slice(x, 0, 1, 1, 1)?);
            let square = b.mul(x, x)?;
            b.maximum(square, y)
        })
    };
    for y in [-1e20, -1e8, 1.0] {
        edges.push(Edge::new(format!("maximum_with_{y:e}"), larger, &[1.0, y], Series(vec![1.0, 2.0, 1.0])));
    }
    edges.push(Edge::new("maximum_is_large", larger, &[1.0, 1e20], Series(vec![1e20, 0.0, 0.0])));
    edges
}
