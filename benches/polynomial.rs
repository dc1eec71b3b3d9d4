//! Evaluation of polynomials: 784 variables, additive, order 5; and 5 variables, all 462 terms of degree 6.
#![allow(clippy::unwrap_used)] // a benchmark may panic

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hope::TaylorPolynomial;
use hope::monomials::exponents;

const POINTS: usize = 10_000;

fn polynomials() -> [(&'static str, TaylorPolynomial); 2] {
    let terms = (0..784).flat_map(|i| (1..=5u8).map(move |k| (vec![(i, k)], 1.0 / (1 + i) as f64)));
    let additive = TaylorPolynomial::from_terms(&[0.5; 784], terms).unwrap();
    let dense = exponents(5, 6).unwrap();
    let coefficients: Vec<f64> = (0..dense.len() / 5).map(|i| 1.0 / (1 + i) as f64).collect();
    [
        ("additive 784, order 5", additive),
        ("mixed 5, degree 6", TaylorPolynomial::from_exponents(&[0.1; 5], &dense, &coefficients).unwrap()),
    ]
}

fn benchmark(c: &mut Criterion) {
    for (name, p) in polynomials() {
        let variables = p.variables().len();
        let points: Vec<f64> = (0..POINTS * variables).map(|i| (i as f64).sin()).collect();
        let elsewhere = vec![0.2; variables];
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        group.bench_function("evaluate one", |b| b.iter(|| p.evaluate(&points[..variables])));
        group.bench_function("recentre", |b| b.iter(|| p.recentre(&elsewhere)));
        group.throughput(Throughput::Elements(POINTS as u64));
        group.bench_function("evaluate many", |b| b.iter(|| p.evaluate_batch(&points)));
        group.bench_function("gradient of many", |b| b.iter(|| p.gradient_batch(&points)));
        group.finish();
    }
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
