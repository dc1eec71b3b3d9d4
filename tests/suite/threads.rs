//! Threads: results are the same bits for any number of them, any memory and any split, and all are the job's own.

use crate::common::{least, noise, path};
use hope::activation::{Relu, Sin, Tanh};
use hope::model::{Geometry, Model};
use hope::onnx::ImportOptions;
use hope::polynomial::TaylorPolynomial;
use hope::rays::Directions;
use hope::surrogate::Principal;
use hope::threads::Threads;
use hope::{Expansion, Method, Precision, Request, Terms, expand};
use proptest::prelude::*;

/// Convolution, pooling, a residual branch, softmax: large enough for matrix products on several threads.
fn network(channels: usize, hidden: usize) -> Model {
    let mut b = Model::builder(&[1, 12, 12]);
    let same =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Default::default() };
    let halves = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let h = b.conv(b.input(), &[channels, 1, 3, 3], noise(1, 9 * channels), None, 1, &same).unwrap();
    let h = b.activation(h, Tanh).unwrap();
    let g =
        b.conv(h, &[channels, channels, 3, 3], noise(3, 9 * channels * channels), None, 1, &same).unwrap();
    let g = b.activation(g, Sin).unwrap();
    let h = b.add(g, h).unwrap();
    let h = b.average_pool(h, &halves, true).unwrap();
    let h = b.max_pool(h, &halves).unwrap();
    let h = b.reshape(h, &[9 * channels]).unwrap();
    let h = b.linear(h, &[hidden, 9 * channels], noise(5, 9 * channels * hidden), None).unwrap();
    let h = b.activation(h, Relu).unwrap();
    let y = b.linear(h, &[3, hidden], noise(6, 3 * hidden), Some(noise(7, 3))).unwrap();
    b.build(y).unwrap()
}

fn bits(expansion: &Expansion) -> Vec<u64> {
    let numbers = expansion.value.iter().chain(&expansion.coefficients).chain(&expansion.kinks);
    numbers.map(|x| x.to_bits()).collect()
}

fn run(model: &Model, request: &Request) -> Expansion {
    expand(model, request).unwrap_or_else(|e| panic!("{e}"))
}

/// Every kind of request, in both precisions.
fn requests(points: usize, inputs: usize) -> Vec<Request> {
    let mut all = Vec::new();
    for precision in [Precision::F64, Precision::F32] {
        let plain =
            Request { precision, memory: Some(1 << 30), ..Request::new(noise(9, points * inputs), 3) };
        for method in [Method::Exact, Method::Hope] {
            all.push(Request { method, ..plain.clone() });
            all.push(Request { method, terms: Terms::subspace(noise(4, 3 * inputs)), ..plain.clone() });
        }
        all.push(Request { terms: Terms::Along(Directions::random(inputs, 9, 3)), ..plain });
    }
    all
}

/// Also: nothing here, and nothing that another test has run before, starts rayon's global pool, whose threads a forked child would wait
/// for in vain. It can still be built at the end.
#[test]
fn the_same_bits_for_any_number_of_threads_memory_and_split() {
    for model in [network(2, 5), network(7, 64)] {
        for request in requests(5, 144) {
            let whole = bits(&run(&model, &Request { threads: Some(1), ..request.clone() }));
            let what = |with: &str| {
                format!("{:?} {:?} {:?}: {with}", request.method, request.terms.kind(), request.precision)
            };
            for threads in [2, 3, 8] {
                let found = run(&model, &Request { threads: Some(threads), ..request.clone() });
                assert!(bits(&found) == whole, "{}", what(&format!("{threads} threads")));
            }
            let least = least(&model, &request);
            for memory in [least, 2 * least, 5 * least] {
                let found =
                    run(&model, &Request { memory: Some(memory), threads: Some(2), ..request.clone() });
                assert!(bits(&found) == whole, "{}", what(&format!("{memory} bytes")));
            }
            // Point by point.
            let one_by_one: Vec<Expansion> = request
                .points
                .chunks_exact(144)
                .map(|point| run(&model, &Request { points: point.to_vec().into(), ..request.clone() }))
                .collect();
            let whole = run(&model, &request);
            let join = |of: fn(&Expansion) -> &Vec<f64>| -> Vec<f64> {
                one_by_one.iter().flat_map(of).copied().collect()
            };
            assert!(join(|e| &e.coefficients) == whole.coefficients, "{}", what("point by point"));
            assert!(
                join(|e| &e.value) == whole.value && join(|e| &e.kinks) == whole.kinks,
                "{}",
                what("values")
            );
        }
    }
    // What else computes in parallel.
    let model =
        Model::from_onnx(path("tests/fixtures/reference/discover_2d.onnx"), &ImportOptions::default())
            .unwrap();
    let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.1, 0.2], 8) };
    let polynomial = TaylorPolynomial::from_expansion(&run(&model, &request), &request, 0, 0).unwrap();
    let points = noise(3, 20_000);
    let values = polynomial.evaluate_batch(&points).unwrap();
    assert_eq!(values[9_999], polynomial.evaluate(&points[19_998..]).unwrap());
    assert_eq!(polynomial.gradient_batch(&points).unwrap().len(), points.len());
    Principal::of(&noise(1, 3000), 30, 4).unwrap();
    hope::forward::values(&model, &points, None).unwrap();

    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("nobody has used the global pool");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Networks and chunks of any size.
    #[test]
    fn the_same_bits_for_networks_of_any_size(
        inputs in 1usize..40, hidden in 1usize..90, outputs in 1usize..5, points in 1usize..9, order in 1usize..6, share in 1u64..30,
    ) {
        let mut b = Model::builder(&[inputs]);
        let h = b.linear(b.input(), &[hidden, inputs], noise(1, hidden * inputs), Some(noise(2, hidden))).unwrap();
        let h = b.activation(h, Tanh).unwrap();
        let h = b.linear(h, &[hidden, hidden], noise(3, hidden * hidden), None).unwrap();
        let h = b.activation(h, Sin).unwrap();
        let y = b.linear(h, &[outputs, hidden], noise(4, outputs * hidden), None).unwrap();
        let model = b.build(y).unwrap();
        for method in [Method::Exact, Method::Hope] {
            for precision in [Precision::F64, Precision::F32] {
                let request = Request { method, precision, threads: Some(1), memory: Some(1 << 30), ..Request::new(noise(5, points * inputs), order) };
                let whole = bits(&run(&model, &request));
                let memory = Some(least(&model, &request) * (10 + share) / 10);
                let cut = run(&model, &Request { memory, threads: Some(3), ..request });
                prop_assert!(bits(&cut) == whole, "{:?} {:?}", method, precision);
            }
        }
        // Mixed terms by series or by rows of the Hessian.
        let request = Request { terms: Terms::Mixed(None), threads: Some(1), memory: Some(1 << 30), ..Request::new(noise(5, points * inputs), 2) };
        let whole = bits(&run(&model, &request));
        let memory = Some(least(&model, &request) * (10 + share) / 10);
        let cut = run(&model, &Request { memory, threads: Some(3), ..request });
        prop_assert!(bits(&cut) == whole, "mixed");
        // Rays of an output share the gradient at their beginning, and outputs the forward pass.
        let rows: Vec<f64> = noise(6, 9 * inputs);
        let terms = Terms::Gradient(Some(Directions::Shared { inputs, rows }));
        let request = Request { terms, threads: Some(1), memory: Some(1 << 30), ..Request::new(noise(5, points * inputs), order) };
        let whole = run(&model, &request);
        let memory = Some(least(&model, &request) * (10 + share) / 10);
        let cut = run(&model, &Request { memory, threads: Some(3), ..request.clone() });
        prop_assert!(bits(&cut) == bits(&whole), "gradients");
        // Alone each ray has the same, but for rounding.
        let Terms::Gradient(Some(Directions::Shared { rows, .. })) = &request.terms else { unreachable!() };
        let alone = Directions::Shared { inputs, rows: rows[8 * inputs..].to_vec() };
        let alone = run(&model, &Request { terms: Terms::Gradient(Some(alone)), ..request.clone() });
        let (alone, whole) = (alone.gradient().unwrap(), whole.gradient().unwrap());
        let size = whole.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for ((b, o, k, _, i), &g) in alone.indexed_iter() {
            prop_assert!((g - whole[[b, o, k, 8, i]]).abs() <= 1e-9 * size, "{b} {o} {k} {i}");
        }
    }
}

#[test]
fn the_environment_says_how_many() {
    assert_eq!(Threads::new(Some(3)).count(), 3);
    assert_eq!(Threads::new(None).count(), hope::threads::default_count());
}
