//! `cargo bench --bench kernels`: single kernels of the CPU path on chunks as the engine makes them, one core, f32.
//!
//! Throughput is in multiplications and additions; `hope bench` sets such numbers against what the processor can do.
#![allow(clippy::unwrap_used)] // a benchmark may panic

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hope::activation::{Activation, Tanh};
use hope::kernel::conv::{ConvShape, conv};
use hope::kernel::elementwise::{bell, compose};
use hope::kernel::linear::{LinearShape, linear, linear_adjoint};
use hope::kernel::{Exponent, Layout, Series, SeriesMut, Side};
use hope::model::{Model, Op};
use hope::onnx::ImportOptions;
use hope::random::SplitMix;

/// Series of a chunk.
const LANES: usize = 64;

fn layout(units: usize, degree: usize, primal: bool) -> Layout {
    Layout { samples: 1, lanes: LANES, units, degree, primal, collapsed: false }
}

fn numbers(count: usize) -> Vec<f32> {
    let mut random = SplitMix(1);
    (0..count).map(|_| (0.3 * random.normal()) as f32).collect()
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("matrix product");
    // The layers of the MNIST MLP to order 3, and a square one.
    for (inputs, outputs, degree) in [(128, 64, 3), (64, 10, 3), (512, 512, 7)] {
        let (x, y) = (layout(inputs, degree, true), layout(outputs, degree, true));
        let (data, weight, mut out) = (numbers(x.len()), numbers(inputs * outputs), vec![0.0; y.len()]);
        let shape = LinearShape { inputs, outputs };
        group.throughput(Throughput::Elements((2 * y.len() * inputs) as u64));
        let id = format!("{} x {inputs} x {outputs}", x.total_rows());
        group.bench_function(BenchmarkId::new("linear", id), |b| {
            b.iter(|| {
                let x = Series { data: black_box(&data), layout: x };
                linear(shape, &weight, None, x, &mut SeriesMut { data: &mut out, layout: y }, faer::Par::Seq);
            });
        });
    }
    // The published rule's, with powers of the weights: the MLP's first layer, to order 5.
    let shape = LinearShape { inputs: 784, outputs: 128 };
    let (z, x) = (layout(128, 5, false), layout(784, 5, false));
    let (data, weight, mut out) = (numbers(z.len()), numbers(784 * 128), vec![0.0; x.len()]);
    group.throughput(Throughput::Elements((2 * z.len() * 784) as u64));
    group.bench_function("adjoint, 5 x 64 x 128 x 784", |b| {
        b.iter(|| {
            let z = Series { data: black_box(&data), layout: z };
            let x = &mut SeriesMut { data: &mut out, layout: x };
            linear_adjoint(shape, &weight, Exponent::Order, z, x, false, faer::Par::Seq);
        });
    });
    group.finish();
}

fn convolutions(c: &mut Criterion) {
    let mut group = c.benchmark_group("convolution of the MNIST CNN, order 3");
    let model = Model::from_onnx("examples/mnist/mnist_cnn_tanh.onnx", &ImportOptions::default()).unwrap();
    for node in model.nodes() {
        let Op::Conv(op) = &node.op else { continue };
        let shape = ConvShape {
            in_channels: op.in_channels,
            out_channels: op.out_channels,
            groups: op.groups,
            window: op.window,
        };
        let inputs = op.in_channels * op.window.input.iter().product::<usize>();
        let (x, y) = (layout(inputs, 3, true), layout(node.units(), 3, true));
        let (data, weight, mut out) = (numbers(x.len()), numbers(op.weight.len()), vec![0.0; y.len()]);
        let depth = op.weight.len() / op.out_channels;
        group.throughput(Throughput::Elements((2 * y.len() * depth) as u64));
        group.bench_function(&node.name, |b| {
            b.iter(|| {
                let x = Series { data: black_box(&data), layout: x };
                conv(&shape, &weight, None, x, &mut SeriesMut { data: &mut out, layout: y }, faer::Par::Seq);
            });
        });
    }
    group.finish();
}

fn elementwise(c: &mut Criterion) {
    const UNITS: usize = 256;
    let tanh: Activation = Tanh.into();
    let mut group = c.benchmark_group("tanh of 64 series of 256 units");
    for order in [3, 5, 10] {
        let (full, adjoint) = (layout(UNITS, order, true), layout(UNITS, order, false));
        let (x, z) = (numbers(full.len()), numbers(adjoint.len()));
        let (mut y, mut into) = (vec![0.0; full.len()], vec![0.0; adjoint.len()]);
        group.throughput(Throughput::Elements((LANES * UNITS) as u64));
        group.bench_function(BenchmarkId::new("compose", order), |b| {
            b.iter(|| {
                let x = Series { data: black_box(&x), layout: full };
                compose(tanh, x, &mut SeriesMut { data: &mut y, layout: full }, Side::Ahead);
            });
        });
        group.bench_function(BenchmarkId::new("bell", order), |b| {
            b.iter(|| {
                let primal = Series { data: black_box(&x), layout: full };
                let z = Series { data: &z, layout: adjoint };
                bell(tanh, primal, z, &mut SeriesMut { data: &mut into, layout: adjoint }, false);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, products, convolutions, elementwise);
criterion_main!(benches);
