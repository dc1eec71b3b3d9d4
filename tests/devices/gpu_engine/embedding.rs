//! Expansions within a host's commands.

use std::sync::Arc;

use hope::backend::Place;
use hope::forward::Forward;
use hope::gpu::{Engine, Prepared, wgpu};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Device, Method, Precision, Request, Terms};

use super::{network, noise, run};
use crate::common::{Truth, path, relative_error};
use crate::gpus::{self, opened};

/// What a recorded expansion leaves in a host's buffer.
fn embedded(engine: &Engine, prepared: &Prepared, points: &[f64]) -> Vec<f32> {
    gpus::embedded(engine, points, prepared.output_bytes(), |encoder, input, output| {
        prepared.record(encoder, input, output);
    })
}

pub fn recorded_into_a_hosts_encoder(engine: &Arc<Engine>) {
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

/// Against the CPU path.
pub fn gradients_recorded(engine: &Arc<Engine>) {
    let model = network();
    let (points, order, inputs) = (noise(4, 2 * 100), 3, 100);
    let directions = Directions::Shared { inputs, rows: noise(9, 2 * inputs) };
    let outputs = vec![3, 1];
    let request = Request { outputs: Some(outputs.clone()), ..Request::new(points.clone(), order) };
    let truth = run(&model, &Request { terms: Terms::Gradient(Some(directions.clone())), ..request });
    let truth = truth.gradient().unwrap();
    let prepared = Prepared::gradient(engine, &model, order, 2, &directions, &outputs);
    let prepared = pollster::block_on(prepared).unwrap();
    embedded(engine, &prepared, &noise(5, 200));
    let found = embedded(engine, &prepared, &points);
    let layout = prepared.output_layout();
    for k in 0..order {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (point, lane) in (0..2).flat_map(|point| (0..4).map(move |lane| (point, lane))) {
            ours.extend(found[layout.row(k + 1, point, lane)].iter().map(|&g| f64::from(g)));
            theirs.extend((0..inputs).map(|input| truth[[point, lane / 2, k, lane % 2, input]]));
        }
        let error = relative_error(ours, theirs);
        assert!(error < 1e-5, "t^{k}: {error:.1e}");
    }
    assert!(pollster::block_on(Prepared::gradient(engine, &model, order, 2, &directions, &[5])).is_err());
}

/// Against float64 truth, and in a subspace against the CPU path.
pub fn mixed_terms_recorded(engine: &Arc<Engine>) {
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
    let terms = Terms::subspace(&basis);
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

pub fn a_plain_forward_pass(engine: &Arc<Engine>) {
    let model = network();
    let points = noise(6, 9 * 100);
    let truth = hope::forward::values(&model, &points, None).unwrap();
    let place = Place { device: Device::gpu(engine.clone()), precision: Precision::F32, ..Place::default() };
    let forward = Forward::new(&model, None, &place).unwrap();
    for _ in 0..2 {
        let found = forward.run(&points).unwrap();
        assert!(relative_error(found, truth.clone()) < 1e-5);
    }
    assert!(forward.run(&points[1..]).is_err());
}

pub fn dropped_in_mid_flight(engine: &Arc<Engine>) {
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
