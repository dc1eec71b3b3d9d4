//! `cargo bench`: expansion of one MNIST digit, exact and by the published rule.
//!
//! For comparing with other programs see `benches/peers`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hope::activation::Tanh;
use hope::backend::{Chunk, Opening, Run, Source};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::plan::{Kernels, Plan, Rays};
use hope::rays::Directions;
use hope::threads::Threads;
use hope::{Device, Method, Precision, Prepared, Request, Terms, expand};

fn benchmark(c: &mut Criterion) {
    let mut group = c.benchmark_group("mnist_cnn_tanh, 784 pixels, 10 logits, per image");
    group.sample_size(10);
    let model = Model::from_onnx("examples/mnist/mnist_cnn_tanh.onnx", &ImportOptions::default())
        .expect("the example model is in the repository");
    let point: Vec<f64> = (0..784).map(|i| f64::from(i % 29) / 29.0).collect();
    for method in [Method::Exact, Method::Hope] {
        for precision in [Precision::F32, Precision::F64] {
            for order in [1, 5, 10] {
                let request = Request { method, precision, ..Request::new(point.clone(), order) };
                let id = BenchmarkId::new(format!("{}-{}", method.name(), precision.name()), order);
                group.bench_function(id, |b| b.iter(|| expand(&model, &request).expect("finite")));
            }
        }
    }
    group.finish();
}

/// One ray at one point of a perceptron with 20 million parameters: prepared once, anew at each call, and the arithmetic alone.
fn prepared(c: &mut Criterion) {
    const WIDTH: usize = 3162;
    let mut random = hope::random::SplitMix(1);
    let mut numbers =
        |count: usize| -> Vec<f64> { (0..count).map(|_| random.normal() / (WIDTH as f64).sqrt()).collect() };
    let mut b = Model::builder(&[WIDTH]);
    let h = b.linear(b.input(), &[WIDTH, WIDTH], numbers(WIDTH * WIDTH), None).expect("a layer");
    let h = b.activation(h, Tanh).expect("a layer");
    let y = b.linear(h, &[WIDTH, WIDTH], numbers(WIDTH * WIDTH), None).expect("a layer");
    let model = b.build(y).expect("a model");
    let point = numbers(WIDTH);
    let mut group = c.benchmark_group("20 million parameters, one ray at one point, order 3");
    group.sample_size(10);
    for precision in [Precision::F32, Precision::F64] {
        let request = Request {
            precision,
            terms: Terms::Along(Directions::random(WIDTH, 1, 7)),
            ..Request::new(point.clone(), 3)
        };
        let name = precision.name();
        group
            .bench_function(format!("anew-{name}"), |b| b.iter(|| expand(&model, &request).expect("finite")));
        let prepared = Prepared::new(&model, &request).expect("it fits");
        group.bench_function(format!("prepared-{name}"), |b| {
            b.iter(|| prepared.expand(&point).expect("finite"));
        });
        let opening = Opening {
            plan: Plan::exact(&model, 3, Rays::Any, Kernels::Cpu).expect("a plan").into(),
            precision,
            threads: Threads::new(None).into(),
            profile: false,
        };
        let executor = pollster::block_on(Device::cpu().backend().open(opening)).expect("a processor");
        let directions = Directions::random(WIDTH, 1, 7);
        let outputs: Vec<usize> = (0..WIDTH).collect();
        let source = Source {
            points: &point,
            directions: Some(&directions),
            outputs: &outputs,
            radii: None,
            weights: None,
        };
        let chunks = [Chunk::ahead(0..1, 0..1)];
        let at_once = hope::threads::default_count();
        group.bench_function(format!("arithmetic-{name}"), |b| {
            b.iter(|| {
                let run = Run { chunks: &chunks, source, at_once };
                pollster::block_on(executor.run(run, &mut |_, _| Ok(()))).expect("finite");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark, prepared);
criterion_main!(benches);
