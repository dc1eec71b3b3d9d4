//! The GPU engine on every adapter: limits, embedding, several engines, errors, the network of the paper.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/gpus.rs"]
mod gpus;

use std::sync::Arc;

use common::{Truth, assert_orders, errors_by_order, path, relative_error};
use hope::activation::{Log, Reciprocal, Sin};
use hope::gpu::{Choice, Engine, GpuForward, Prepared, wgpu};
use hope::model::{Geometry, Model, NodeId};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Device, Error, Expansion, Method, Precision, Request, Terms, expand, expand_async};
use libtest_mimic::{Arguments, Trial};

type Case = fn(&Arc<Engine>);

const CASES: &[(&str, Case)] = &[
    ("paper_network", paper_network),
    ("limits_of_webgpu", limits_of_webgpu),
    ("limits_of_downlevel_devices", limits_of_downlevel_devices),
    ("tiny_limits_give_the_same_results", tiny_limits_give_the_same_results),
    ("a_weight_larger_than_a_binding", a_weight_larger_than_a_binding),
    ("times_of_kernels", times_of_kernels),
    ("awaited_among_other_tasks", awaited_among_other_tasks),
    ("recorded_into_a_hosts_encoder", recorded_into_a_hosts_encoder),
    ("mixed_terms_recorded", mixed_terms_recorded),
    ("a_plain_forward_pass", a_plain_forward_pass),
    ("two_engines_at_once", two_engines_at_once),
    ("a_thousand_expansions", a_thousand_expansions),
    ("dropped_in_mid_flight", dropped_in_mid_flight),
    ("a_lost_device_is_replaced_once", a_lost_device_is_replaced_once),
    ("errors_name_the_layer", errors_name_the_layer),
    ("loops_that_a_driver_would_cut_are_refused", loops_that_a_driver_would_cut_are_refused),
    ("orders_and_precision_are_checked", orders_and_precision_are_checked),
];

fn main() {
    gpus::watch_validation();
    // One after the other: a test measures the memory of the process.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let mut trials: Vec<Trial> = gpus::missing().into_iter().collect();
    for (name, engine) in gpus::engines() {
        for (case, run) in CASES {
            let engine = engine.clone();
            trials.push(Trial::test(format!("{case}::{name}"), move || {
                run(&engine);
                Ok(())
            }));
        }
    }
    gpus::conclude(libtest_mimic::run(&arguments, trials));
}

fn on(engine: &Arc<Engine>, request: Request) -> Request {
    Request {
        device: Device::Gpu(engine.clone()),
        precision: Precision::F32,
        memory: Some(1 << 30),
        ..request
    }
}

fn run(model: &Model, request: &Request) -> Expansion {
    expand(model, request).unwrap_or_else(|e| panic!("{e}"))
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

fn opened(engine: &Arc<Engine>, limits: wgpu::Limits) -> Arc<Engine> {
    let choice = Choice::Named(engine.info().name.clone());
    Arc::new(pollster::block_on(Engine::open(&choice, Some(limits))).unwrap())
}

fn limits_of_webgpu(engine: &Arc<Engine>) {
    compare_with_cpu(&opened(engine, wgpu::Limits::default()), 1e-5);
}

/// Fewer storage buffers than needed are refused with words; the downlevel default has enough invocations.
fn limits_of_downlevel_devices(engine: &Arc<Engine>) {
    let limits = wgpu::Limits::downlevel_defaults();
    let choice = Choice::Named(engine.info().name.clone());
    match pollster::block_on(Engine::open(&choice, Some(limits))) {
        Ok(engine) => compare_with_cpu(&Arc::new(engine), 1e-5),
        Err(error) => assert!(error.to_string().contains("storage buffers"), "{error}"),
    }
}

/// A binding of 64 KiB holds 16,384 numbers: a sample of this network with all its rays has many more.
fn tiny_limits_give_the_same_results(engine: &Arc<Engine>) {
    let tiny = 64 << 10;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: tiny,
        max_buffer_size: tiny,
        max_compute_workgroups_per_dimension: 256,
        ..wgpu::Limits::default()
    };
    compare_with_cpu(&opened(engine, limits), 1e-5);
}

/// The weights of these layers are cut into parts: the first one's input is unit rays, the second one's any series.
fn a_weight_larger_than_a_binding(engine: &Arc<Engine>) {
    let small = 32 << 10;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: small,
        max_buffer_size: small,
        ..wgpu::Limits::default()
    };
    let engine = opened(engine, limits);
    let mut b = Model::builder(&[90]);
    let x = b.input();
    let h = dense(&mut b, x, 130); // 47 KB: two parts
    let h = b.activation(h, Sin).unwrap();
    let h = dense(&mut b, h, 150); // 78 KB: three parts
    let h = b.activation(h, Sin).unwrap();
    let y = dense(&mut b, h, 3);
    let model = b.build(y).unwrap();
    for method in [Method::Exact, Method::Hope] {
        let request = Request { method, ..Request::new(noise(9, 2 * 90), 3) };
        let truth = run(&model, &request);
        let found = run(&model, &on(&engine, request));
        let errors = errors_by_order(&found.coefficients, &truth.coefficients, 3, 3, 90);
        assert_orders(method.name(), &errors, 1e-5);
        assert!(relative_error(found.value, truth.value) < 1e-5);
    }

    // A convolution's weights cannot be cut.
    let mut b = Model::builder(&[40, 3, 3]);
    let x = b.input();
    b.name("wide");
    let kernel = Geometry { kernel: vec![3, 3], ..Default::default() };
    let y = b.conv(x, &[40, 40, 3, 3], noise(1, 14400), None, 1, &kernel).unwrap();
    let model = b.build(y).unwrap();
    let error = expand(&model, &on(&engine, Request::new(noise(2, 360), 2))).unwrap_err().to_string();
    assert!(error.contains("binding") && error.contains("--device cpu"), "{error}");
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

/// Submits a host's commands around a recorded expansion; returns what the output buffer holds.
fn embedded(engine: &Arc<Engine>, prepared: &Prepared, points: &[f64]) -> Vec<f32> {
    let (device, queue) = (engine.device(), engine.queue());
    let numbers: Vec<f32> = points.iter().map(|&p| p as f32).collect();
    let buffer = |size: u64, usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let input = buffer(
        4 * numbers.len() as u64,
        wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::STORAGE,
    );
    let usages = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let output = buffer(prepared.output_bytes(), usages);
    let staging =
        buffer(prepared.output_bytes(), wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    queue.write_buffer(&input, 0, bytemuck::cast_slice(&numbers));
    let mut encoder = device.create_command_encoder(&Default::default());
    prepared.record(&mut encoder, &input, &output);
    encoder.copy_buffer_to_buffer(&output, 0, &staging, 0, prepared.output_bytes());
    queue.submit([encoder.finish()]);
    staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.unwrap());
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let range = staging.slice(..).get_mapped_range().unwrap();
    bytemuck::pod_collect_to_vec(&range[..])
}

fn recorded_into_a_hosts_encoder(engine: &Arc<Engine>) {
    let model = network();
    let (points, order, inputs, outputs) = (noise(4, 2 * 100), 3, 100, 5);
    let truth = run(&model, &Request::new(points.clone(), order));
    let prepared =
        pollster::block_on(Prepared::exact(engine, &model, order, 2, &Directions::Unit { inputs })).unwrap();
    // Twice: a prepared model is used again and again.
    embedded(engine, &prepared, &noise(5, 200));
    let found = embedded(engine, &prepared, &points);
    let layout = prepared.output_layout();
    assert!(relative_error(found[..10].iter().map(|&v| f64::from(v)), truth.value.clone()) < 1e-5);
    for k in 1..=order {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for point in 0..2 {
            for output in 0..outputs {
                for ray in 0..inputs {
                    ours.push(f64::from(found[layout.row(k, point, ray)][output]));
                    theirs.push(
                        truth.coefficients[((point * outputs + output) * order + k - 1) * inputs + ray],
                    );
                }
            }
        }
        assert!(relative_error(ours, theirs) < 1e-5, "order {k}");
    }

    let truth = run(&model, &Request { method: Method::Hope, ..Request::new(points.clone(), order) });
    let prepared = pollster::block_on(Prepared::hope(engine, &model, order, 2)).unwrap();
    let found = embedded(engine, &prepared, &points);
    let layout = prepared.output_layout();
    for k in 1..=order {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for point in 0..2 {
            for output in 0..outputs {
                ours.extend(found[layout.row(k, point, output)].iter().map(|&c| f64::from(c)));
                let at = ((point * outputs + output) * order + k - 1) * inputs;
                theirs.extend_from_slice(&truth.coefficients[at..at + inputs]);
            }
        }
        assert!(relative_error(ours, theirs) < 1e-5, "order {k}");
    }
    assert!(pollster::block_on(Prepared::hope(engine, &model, order, 0)).is_err());
}

/// Against float64 truth, and in a subspace against the CPU path.
fn mixed_terms_recorded(engine: &Arc<Engine>) {
    let model =
        Model::from_onnx(path("tests/fixtures/reference/discover_5d.onnx"), &ImportOptions::default());
    let model = model.unwrap();
    let mut truth = Truth::open(&path("tests/fixtures/reference/discover_5d.npz"));
    let points = truth.values("points");
    let (count, degree) = (points.len() / 5, 4);
    let prepared = pollster::block_on(Prepared::mixed(engine, &model, degree, count, None)).unwrap();
    let found = embedded(engine, &prepared, &points);
    assert_by_degree(&found, &truth.values("mixed"), &truth.exponents(), 5, 1e-4);

    let basis = noise(8, 2 * 5);
    let terms = Terms::Mixed(Some(basis.clone()));
    let truth = run(&model, &Request { terms, ..Request::new(points.clone(), 6) });
    let prepared = pollster::block_on(Prepared::mixed(engine, &model, 6, count, Some(&basis))).unwrap();
    let found = embedded(engine, &prepared, &points);
    assert_by_degree(&found, &truth.coefficients, &truth.exponents, 2, 1e-4);
}

/// Compares mixed coefficients degree by degree.
fn assert_by_degree(found: &[f32], truth: &[f64], exponents: &[u8], variables: usize, tolerance: f64) {
    let degrees: Vec<u8> = exponents.chunks_exact(variables).map(|e| e.iter().sum()).collect();
    let rows = found.len() / degrees.len();
    for degree in 0..=*degrees.last().unwrap() {
        let of_degree = |i: &usize| degrees[i % degrees.len()] == degree;
        let all = 0..rows * degrees.len();
        let ours = all.clone().filter(of_degree).map(|i| f64::from(found[i]));
        let error = relative_error(ours, all.filter(of_degree).map(|i| truth[i]));
        assert!(error < tolerance, "degree {degree} is off by {error:.1e}");
    }
}

fn a_plain_forward_pass(engine: &Arc<Engine>) {
    let model = network();
    let points = noise(6, 9 * 100);
    let truth = hope::values(&model, &Request::new(points.clone(), 1)).unwrap();
    let mut forward = pollster::block_on(GpuForward::new(engine, &model)).unwrap();
    for _ in 0..2 {
        let found = pollster::block_on(forward.run(&points)).unwrap();
        assert!(relative_error(found, truth.clone()) < 1e-5);
    }
    assert!(pollster::block_on(forward.run(&points[1..])).is_err());
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

fn dropped_in_mid_flight(engine: &Arc<Engine>) {
    let other = opened(engine, wgpu::Limits::default());
    let prepared =
        pollster::block_on(Prepared::exact(&other, &network(), 4, 8, &Directions::Unit { inputs: 100 }))
            .unwrap();
    let (device, queue) = (other.device().clone(), other.queue().clone());
    let buffer = |size: u64| {
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let (input, output) = (buffer(4 * 800), buffer(prepared.output_bytes()));
    for _ in 0..3 {
        let mut encoder = device.create_command_encoder(&Default::default());
        prepared.record(&mut encoder, &input, &output);
        queue.submit([encoder.finish()]);
    }
    drop((prepared, other, input, output));
    drop((queue, device));
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

/// Mesa's llvmpipe silently ends long loops: an error there, right results elsewhere.
fn loops_that_a_driver_would_cut_are_refused(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[100_000]);
    let x = b.input();
    b.name("long");
    let y = b.linear(x, &[1, 100_000], noise(1, 100_000), None).unwrap();
    let model = b.build(y).unwrap();
    let direction = Directions::Shared { inputs: 100_000, rows: noise(2, 100_000) };
    let request = Request { terms: Terms::Along(direction), ..Request::new(noise(3, 100_000), 1) };
    match expand(&model, &on(engine, request.clone())) {
        Err(error) => {
            assert_eq!(engine.info().driver, "llvmpipe", "{error}");
            let error = error.to_string();
            assert!(error.contains("'long'") && error.contains("--device cpu"), "{error}");
        }
        Ok(found) => {
            let truth = run(&model, &request);
            assert!(relative_error(found.coefficients, truth.coefficients) < 1e-4);
        }
    }
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
