//! `cargo bench`: expansion of one MNIST digit, exact and by the published rule.
//!
//! For comparing with other programs see `benches/peers`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{Method, Precision, Request, expand};

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

criterion_group!(benches, benchmark);
criterion_main!(benches);
