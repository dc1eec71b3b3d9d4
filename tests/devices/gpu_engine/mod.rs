//! The GPU engine on every adapter: limits, embedding, several engines, errors, the network of the paper.

mod embedding;
mod faults;
mod limits;

use std::sync::Arc;

use hope::activation::{Log, Reciprocal, Sin};
use hope::gpu::{Choice, Engine, wgpu};
use hope::model::{Geometry, Model, NodeId};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{
    Device, Error, Expansion, Job, Method, Operator, Precision, Request, Terms, expand, expand_async,
};

use crate::common::{Truth, assert_orders, errors_by_order, least, path, relative_error};
use crate::gpus::{Adapter, opened};
use crate::trials::{Case, Trials};

const CASES: &[(&str, Case)] = &[
    ("paper_network", paper_network),
    ("limits_of_webgpu", limits::limits_of_webgpu),
    ("limits_of_downlevel_devices", limits::limits_of_downlevel_devices),
    ("tiny_limits_give_the_same_results", limits::tiny_limits_give_the_same_results),
    ("a_weight_larger_than_a_binding", limits::a_weight_larger_than_a_binding),
    ("a_long_softmax_and_normalisation", limits::a_long_softmax_and_normalisation),
    ("differential_operators", differential_operators),
    ("gradients_from_checkpoints", gradients_from_checkpoints),
    ("times_of_kernels", times_of_kernels),
    ("awaited_among_other_tasks", awaited_among_other_tasks),
    ("recorded_into_a_hosts_encoder", embedding::recorded_into_a_hosts_encoder),
    ("gradients_recorded", embedding::gradients_recorded),
    ("mixed_terms_recorded", embedding::mixed_terms_recorded),
    ("a_plain_forward_pass", embedding::a_plain_forward_pass),
    ("two_engines_at_once", two_engines_at_once),
    ("a_thousand_expansions", a_thousand_expansions),
    ("dropped_in_mid_flight", embedding::dropped_in_mid_flight),
    ("a_lost_device_is_replaced_once", a_lost_device_is_replaced_once),
    ("each_fault_at_each_place", faults::each_fault_at_each_place),
    ("a_wrong_result_would_be_seen", faults::a_wrong_result_would_be_seen),
    ("errors_name_the_layer", errors_name_the_layer),
    ("loops_that_a_driver_would_cut_are_refused", limits::loops_that_a_driver_would_cut_are_refused),
    ("orders_and_precision_are_checked", orders_and_precision_are_checked),
];

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    trials.on_each(adapters, CASES);
}

fn on(engine: &Arc<Engine>, request: Request) -> Request {
    Request {
        device: Device::gpu(engine.clone()),
        precision: Precision::F32,
        memory: Some(1 << 30),
        ..request
    }
}

fn run(model: &Model, request: &Request) -> Expansion {
    expand(model, request).unwrap_or_else(|e| panic!("{e}"))
}

/// Where memory is short, a backward pass computes values of the forward pass again: the same numbers.
fn gradients_from_checkpoints(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[40]);
    let h = (0..30).fold(b.input(), |h, layer| {
        let h = b
            .linear(h, &[40, 40], noise(layer, 1600).iter().map(|w| w / 8.0).collect::<Vec<_>>(), None)
            .unwrap();
        b.activation(h, Sin).unwrap()
    });
    let y = b.linear(h, &[3, 40], noise(50, 120), None).unwrap();
    let model = b.build(y).unwrap();
    let directions = Directions::Shared { inputs: 40, rows: noise(51, 80) };
    let terms = Terms::Gradient(Some(directions));
    let ample = on(engine, Request { terms, ..Request::new(noise(52, 80), 4) });
    let little = Request { memory: Some(least(&model, &ample)), ..ample.clone() };
    assert!(Job::new(&model, &little).unwrap().plan().checkpoints > 1);
    let (found, truth) = (run(&model, &little), run(&model, &ample));
    assert!(relative_error(found.coefficients, truth.coefficients) < 1e-6);
}

fn noise(seed: u64, count: usize) -> Vec<f64> {
    let wave = |i: usize| ((i as f64 + 1.0) * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453 % 1.0;
    (0..count).map(|i| f64::from(wave(i) as f32)).collect()
}

/// Convolution, pooling, a linear layer: 200 units in the widest value.
fn network() -> Model {
    let mut b = Model::builder(&[1, 10, 10]);
    let x = b.input();
    let kernel = Geometry { kernel: vec![3, 3], ..Default::default() };
    let halves = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let h = b.conv(x, &[4, 1, 3, 3], noise(1, 36), Some(noise(2, 4)), 1, &kernel).unwrap();
    let h = b.activation(h, Sin).unwrap();
    let h = b.average_pool(h, &halves, true).unwrap();
    let h = b.reshape(h, &[64]).unwrap();
    let y = dense(&mut b, h, 5);
    b.build(y).unwrap()
}

fn dense(b: &mut hope::model::ModelBuilder, x: NodeId, outputs: usize) -> NodeId {
    let inputs = b.shape(x)[0];
    let weight: Vec<f64> = noise(3, outputs * inputs).into_iter().map(|w| w / 8.0).collect();
    b.linear(x, &[outputs, inputs], weight, None).unwrap()
}

/// The same numbers as `tests/truth/paper_network.py`.
fn paper_model() -> Model {
    let uniform = |seed: u64, count: u64, bound: f32| -> Vec<f64> {
        (1..=count)
            .map(|i| {
                let mut z = (seed * (1 << 32) + i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                z ^= z >> 31;
                f64::from(bound * (((z >> 40) as f64 / f64::from(1 << 23) - 1.0) as f32))
            })
            .collect()
    };
    let sizes = [1usize, 1024, 1024, 1024, 1024, 1];
    let mut b = Model::builder(&[1]);
    let mut x = b.input();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let bound = if layer == 0 { 1.0 } else { ((6.0f64 / 1024.0).sqrt() / 30.0) as f32 };
        let weight = uniform(layer as u64, (pair[0] * pair[1]) as u64, bound);
        x = b.linear(x, &[pair[1], pair[0]], weight, None).unwrap();
        x = b.activation(x, Sin).unwrap();
    }
    b.build(x).unwrap()
}

/// y = sin(w·x + b): the Laplacian is -|w|² y, the biharmonic operator |w|⁴ y.
fn differential_operators(engine: &Arc<Engine>) {
    let weights = [0.5, -1.0, 2.0];
    let mut b = Model::builder(&[3]);
    let h = b.linear(b.input(), &[1, 3], weights.to_vec(), Some(vec![0.25])).unwrap();
    let y = b.activation(h, Sin).unwrap();
    let model = b.build(y).unwrap();
    let square: f64 = weights.iter().map(|w| w * w).sum();
    for (operator, factor) in
        [(Operator::laplacian(0..3), -square), (Operator::biharmonic(0..3), square * square)]
    {
        let request = Request::new(noise(6, 30), operator.order());
        let request = on(engine, Request { terms: Terms::Operator(operator), verify: 5, ..request });
        let found = run(&model, &request);
        let truth: Vec<f64> = found.value.iter().map(|y| factor * y).collect();
        let error = relative_error(found.coefficients.iter().copied(), truth);
        assert!(error < 1e-4, "{error:.1e}");
        found.report.verification.unwrap().check(&request).unwrap();
    }
}

/// Powers of its weights underflow unless layers are scaled.
fn paper_network(engine: &Arc<Engine>) {
    let mut truth = Truth::open(&path("tests/fixtures/paper_network.npz"));
    let model = paper_model();
    let request = Request { method: Method::Hope, ..Request::new(truth.values("points"), 10) };
    let cpu = Request { precision: Precision::F32, ..request.clone() };
    for request in [on(engine, request), cpu] {
        let found = run(&model, &request);
        let errors = errors_by_order(&found.coefficients, &truth.values("unmixed"), 10, 10, 1);
        assert_orders("paper network", &errors, 1e-4);
    }
}

fn compare_with_cpu(engine: &Arc<Engine>, tolerance: f64) {
    let model = network();
    for (method, order) in [(Method::Exact, 5), (Method::Hope, 5)] {
        let request = Request { method, ..Request::new(noise(9, 7 * 100), order) };
        let truth = run(&model, &request);
        let found = run(&model, &on(engine, request));
        let errors = errors_by_order(&found.coefficients, &truth.coefficients, order, order, 100);
        assert_orders(method.name(), &errors, tolerance);
        assert!(relative_error(found.value, truth.value) < tolerance);
    }
}

fn times_of_kernels(engine: &Arc<Engine>) {
    let request = Request { profile: true, ..on(engine, Request::new(noise(9, 100), 3)) };
    let kernels = run(&network(), &request).report.kernels;
    if !engine.has_timestamps() {
        assert!(kernels.is_empty());
        return;
    }
    let names: Vec<&str> = kernels.iter().map(|k| k.kernel.as_str()).collect();
    for name in ["conv", "compose sin", "average_pool", "linear"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for kernel in &kernels {
        assert!((0.0..60.0).contains(&kernel.seconds) && kernel.dispatches > 0, "{kernel:?}");
    }
    assert!(kernels.iter().any(|k| k.seconds > 0.0));
    let request = Request { profile: false, ..request };
    assert!(run(&network(), &request).report.kernels.is_empty());
}

/// Two expansions on one thread, each going on while the other waits for the GPU.
fn awaited_among_other_tasks(engine: &Arc<Engine>) {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    let model = network();
    let requests = [1, 2].map(|seed| on(engine, Request::new(noise(seed, 100), 3)));
    let truth = requests.each_ref().map(|request| run(&model, request).coefficients);
    let mut first = pin!(expand_async(&model, &requests[0]));
    let mut second = pin!(expand_async(&model, &requests[1]));
    let mut context = Context::from_waker(Waker::noop());
    let mut found = [None, None];
    while found.iter().any(Option::is_none) {
        for (future, found) in [first.as_mut(), second.as_mut()].into_iter().zip(&mut found) {
            if found.is_none()
                && let Poll::Ready(expansion) = future.poll(&mut context)
            {
                *found = Some(expansion.unwrap().coefficients);
            }
        }
        std::thread::yield_now();
    }
    assert_eq!(found.map(Option::unwrap), truth);
}

fn two_engines_at_once(engine: &Arc<Engine>) {
    let other = opened(engine, wgpu::Limits::default());
    std::thread::scope(|scope| {
        for engine in [engine, &other, engine] {
            scope.spawn(move || compare_with_cpu(engine, 1e-5));
        }
    });
}

/// Resident memory in KiB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn a_thousand_expansions(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let h = dense(&mut b, x, 4);
    let y = b.activation(h, Sin).unwrap();
    let model = b.build(y).unwrap();
    let request = on(engine, Request::new(noise(1, 3), 3));
    let first = run(&model, &request).coefficients;
    let mut after_warm_up = None;
    for i in 0..1000 {
        assert_eq!(run(&model, &request).coefficients, first);
        if i == 200 {
            after_warm_up = resident();
        }
    }
    if let (Some(before), Some(after)) = (after_warm_up, resident()) {
        assert!(after < before + (64 << 10), "grew from {before} to {after} KiB");
    }
}

fn a_lost_device_is_replaced_once(engine: &Arc<Engine>) {
    let lost = opened(engine, wgpu::Limits::default());
    lost.device().destroy();
    let _ = lost.device().poll(wgpu::PollType::Poll); // tells the engine
    assert!(matches!(lost.check(), Err(Error::DeviceLost { .. })));
    compare_with_cpu(&lost, 1e-5);

    // A host's own device is not ours to replace.
    let own = opened(engine, wgpu::Limits::default());
    let hosts = Arc::new(Engine::new(own.device().clone(), own.queue().clone()).unwrap());
    hosts.device().destroy();
    let _ = hosts.device().poll(wgpu::PollType::Poll);
    let error = expand(&network(), &on(&hosts, Request::new(noise(9, 100), 2))).unwrap_err();
    assert!(matches!(error, Error::DeviceLost { .. }), "{error}");
}

fn errors_name_the_layer(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    b.name("the logarithm");
    let h = b.activation(x, Log).unwrap();
    b.name("after it");
    let y = b.activation(h, Sin).unwrap();
    let model = b.build(y).unwrap();
    let request = on(engine, Request::new(vec![1.0, -1.0], 2));
    let error = expand(&model, &request).unwrap_err();
    assert!(
        matches!(&error, Error::NonFinite { layer, order: 0, point: 1, .. } if layer == "the logarithm"),
        "{error}"
    );

    let mut b = Model::builder(&[1]);
    let x = b.input();
    b.name("overflow");
    let y = b.activation(x, Reciprocal).unwrap();
    let model = b.build(y).unwrap();
    let error = expand(&model, &on(engine, Request::new(vec![1e-6], 10))).unwrap_err();
    assert!(matches!(&error, Error::NonFinite { layer, order: 6, .. } if layer == "overflow"), "{error}");
}

fn orders_and_precision_are_checked(engine: &Arc<Engine>) {
    let model =
        Model::from_onnx(path("tests/fixtures/reference/discover_2d.onnx"), &ImportOptions::default());
    let model = model.unwrap();
    let error = expand(&model, &on(engine, Request::new(vec![0.0, 0.0], 17))).unwrap_err().to_string();
    assert!(error.contains("16") && error.contains("--device cpu"), "{error}");
    let request = Request { precision: Precision::F64, ..on(engine, Request::new(vec![0.0, 0.0], 2)) };
    let error = expand(&model, &request).unwrap_err().to_string();
    assert!(error.contains("f32"), "{error}");
    let nobody = pollster::block_on(Engine::open(&Choice::Named("no such adapter".into()), None));
    let error = nobody.unwrap_err().to_string();
    assert!(error.contains(&engine.info().name) && error.contains("--device cpu"), "{error}");
}
