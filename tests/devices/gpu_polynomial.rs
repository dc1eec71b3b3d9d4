//! Polynomials evaluated on every adapter: against closed forms and the CPU in f64, embedded, within limits.

use std::sync::Arc;

use hope::TaylorPolynomial;
use hope::gpu::{Engine, PreparedPolynomial, wgpu};
use hope::polynomial::Frame;

use crate::gpus::{self, Adapter, opened};
use crate::trials::{Case, Trials};

const CASES: &[(&str, Case)] = &[
    ("one_variable_in_closed_form", one_variable_in_closed_form),
    ("dense_in_five_variables", dense_in_five_variables),
    ("additive_in_784_variables", additive_in_784_variables),
    ("many_small_terms_are_not_lost", many_small_terms_are_not_lost),
    ("coefficients_beyond_f32", coefficients_beyond_f32),
    ("next_to_a_far_centre", next_to_a_far_centre),
    ("recorded_into_a_hosts_encoder", recorded_into_a_hosts_encoder),
    ("several_threads_at_once", several_threads_at_once),
    ("tiny_limits", tiny_limits),
    ("smallest_polynomials", smallest_polynomials),
    ("bad_requests", bad_requests),
];

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    trials.on_each(adapters, CASES);
}

/// Numbers in [-1, 1).
fn noise(seed: u64, count: usize) -> Vec<f64> {
    let number = |i: u64| {
        let mut z = (seed << 32 | i).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count as u64).map(number).collect()
}

fn prepared(engine: &Arc<Engine>, polynomial: &TaylorPolynomial, points: usize) -> PreparedPolynomial {
    pollster::block_on(PreparedPolynomial::new(engine, polynomial, points)).unwrap_or_else(|e| panic!("{e}"))
}

fn evaluated(prepared: &PreparedPolynomial, points: &[f64]) -> Vec<f64> {
    pollster::block_on(prepared.evaluate(points)).unwrap_or_else(|e| panic!("{e}"))
}

fn refused<T>(result: hope::Result<T>, parts: &[&str]) {
    let error = result.err().expect("an error");
    assert!(error.is_request(), "{error:?}");
    let error = error.to_string();
    assert!(parts.iter().all(|part| error.contains(part)), "{error}");
}

/// `Σ |terms|` at each point.
fn magnitudes(polynomial: &TaylorPolynomial, points: &[f64]) -> Vec<f64> {
    let of = |point: &[f64]| -> f64 {
        let factor = |f: &hope::polynomial::Factor| {
            let i = f.variable as usize;
            (point[i] - polynomial.centre()[i]).abs().powi(f.power.into())
        };
        polynomial.terms().map(|t| t.coefficient.abs() * t.factors.iter().map(factor).product::<f64>()).sum()
    };
    points.chunks_exact(polynomial.centre().len()).map(of).collect()
}

/// The largest error in units of Σ |terms|.
fn error(found: &[f64], truth: &[f64], magnitudes: &[f64]) -> f64 {
    assert_eq!(found.len(), truth.len());
    let each = found.iter().zip(truth).zip(magnitudes).map(|((f, t), m)| (f - t).abs() / m);
    each.fold(0.0, f64::max)
}

/// Evaluates in batches of which the last one isn't full; the documented bound, which is below 1e-5, holds.
fn compare(engine: &Arc<Engine>, polynomial: &TaylorPolynomial, points: &[f64]) {
    let count = points.len() / polynomial.centre().len();
    let found = evaluated(&prepared(engine, polynomial, count / 3 + 1), points);
    let truth = polynomial.evaluate_batch(points).unwrap();
    let bound = (3 * polynomial.degree() + 3) as f64 / f64::from(1 << 24);
    let error = error(&found, &truth, &magnitudes(polynomial, points));
    assert!(error <= bound && bound < 1e-5, "off by {error:.1e}, bound {bound:.1e}");
}

/// (1 + u)^12 by the binomial theorem, and the geometric series.
fn one_variable_in_closed_form(engine: &Arc<Engine>) {
    let points: Vec<f64> = noise(1, 1000).into_iter().map(|x| 0.3 + x).collect();
    let mut binomial = 1.0;
    let terms: Vec<_> = (0..=12u8)
        .map(|k| {
            let term = (vec![(0, k)], binomial);
            binomial *= f64::from(12 - k) / f64::from(k + 1);
            term
        })
        .collect();
    let p = TaylorPolynomial::from_terms(&[0.3], terms).unwrap();
    let found = evaluated(&prepared(engine, &p, 300), &points);
    let truth: Vec<f64> = points.iter().map(|x| (1.0 + (x - 0.3)).powi(12)).collect();
    // Σ |terms| = (1 + |u|)^12.
    let magnitudes: Vec<f64> = points.iter().map(|x| (1.0 + (x - 0.3).abs()).powi(12)).collect();
    let off = error(&found, &truth, &magnitudes);
    assert!(off < 39.0 / f64::from(1 << 24), "{off:.1e}");
    // The comparison sees a coefficient that is wrong in the fifth digit.
    let wrong: Vec<f64> = points.iter().zip(&truth).map(|(x, t)| t + 0.0012 * (x - 0.3)).collect();
    assert!(error(&found, &wrong, &magnitudes) > 1e-5);
    compare(engine, &p, &points);
}

/// All 462 monomials to degree 6.
fn dense_in_five_variables(engine: &Arc<Engine>) {
    let exponents = hope::monomials::exponents(5, 6).unwrap();
    assert_eq!(exponents.len(), 462 * 5);
    let centre = noise(2, 5);
    let p = TaylorPolynomial::from_exponents(&centre, &exponents, &noise(3, 462)).unwrap();
    for reach in [1e-3, 0.1, 1.0, 10.0] {
        let points: Vec<f64> =
            noise(4, 5 * 700).iter().enumerate().map(|(i, x)| centre[i % 5] + reach * x).collect();
        compare(engine, &p, &points);
    }
    // In a subspace, points are its coordinates all the same.
    let framed = p.clone().with_frame(Frame::new(noise(5, 9), noise(6, 45)).unwrap()).unwrap();
    compare(engine, &framed, &noise(7, 5 * 100));
}

fn additive_in_784_variables(engine: &Arc<Engine>) {
    let coefficients = noise(8, 784 * 4 + 1);
    let term = |(i, &c): (usize, &f64)| match i {
        0 => (vec![], c),
        _ => (vec![((i - 1) / 4, ((i - 1) % 4 + 1) as u8)], c),
    };
    let p = TaylorPolynomial::from_terms(&noise(9, 784), coefficients.iter().enumerate().map(term)).unwrap();
    assert!(p.is_additive() && p.len() == 3137);
    compare(engine, &p, &noise(10, 784 * 70));
}

/// 1 + Σ_{i<j} 2e-8 x_i x_j at x = 1: in f32 each addend alone leaves 1 as it is.
fn many_small_terms_are_not_lost(engine: &Arc<Engine>) {
    let variables = 300;
    let pairs = (0..variables).flat_map(|i| (0..i).map(move |j| (vec![(j, 1), (i, 1)], 2e-8)));
    let p = TaylorPolynomial::from_terms(&vec![0.0; variables], [(vec![], 1.0)].into_iter().chain(pairs))
        .unwrap();
    let truth = 1.0 + 2e-8 * 44_850.0;
    let found = evaluated(&prepared(engine, &p, 1), &vec![1.0; variables])[0];
    assert!((found - truth).abs() < 2e-7, "{found} for {truth}");
}

/// Pixels from 0 to 255: c_k = r^-k is no f32 at order 16.
fn coefficients_beyond_f32(engine: &Arc<Engine>) {
    for r in [1000.0f64, 1e-3] {
        let p =
            TaylorPolynomial::from_terms(&[0.0], (0..=16u8).map(|k| (vec![(0, k)], r.powi(-i32::from(k)))))
                .unwrap();
        let points = [-0.9 * r, 0.5 * r, 0.8 * r];
        let truth = points.map(|x| (1.0 - (x / r).powi(17)) / (1.0 - x / r));
        let found = evaluated(&prepared(engine, &p, 3), &points);
        assert!(error(&found, &truth, &magnitudes(&p, &points)) < 3e-6, "{found:?}, {truth:?}");
    }
}

/// The centre has no f32; points around it have.
fn next_to_a_far_centre(engine: &Arc<Engine>) {
    let centre = 1000.1;
    let p = TaylorPolynomial::from_terms(&[centre], [(vec![(0, 1)], 1.0), (vec![(0, 2)], 1.0)]).unwrap();
    let points: Vec<f64> = noise(11, 256).iter().map(|x| f64::from((centre + 1e-2 * x) as f32)).collect();
    compare(engine, &p, &points);
    let prepared = prepared(engine, &p, 256);
    let found = embedded(engine, &prepared, &points);
    let truth = p.evaluate_batch(&points).unwrap();
    let error = error(&found, &truth, &magnitudes(&p, &points));
    assert!(error < 1e-6, "{error:.1e}");
}

/// Values that a recorded evaluation leaves in a host's buffer.
fn embedded(engine: &Engine, prepared: &PreparedPolynomial, points: &[f64]) -> Vec<f64> {
    assert_eq!(prepared.input_bytes(), 4 * points.len() as u64);
    let found = gpus::embedded(engine, points, prepared.output_bytes(), |encoder, input, output| {
        prepared.record(encoder, input, output);
    });
    found.into_iter().map(f64::from).collect()
}

fn recorded_into_a_hosts_encoder(engine: &Arc<Engine>) {
    let exponents = hope::monomials::exponents(3, 5).unwrap();
    let p = TaylorPolynomial::from_exponents(&[0.25, -0.5, 0.0], &exponents, &noise(12, 56)).unwrap();
    // On a device of the host's.
    let own = opened(engine, wgpu::Limits::default());
    let hosts = Arc::new(Engine::new(own.device().clone(), own.queue().clone()).unwrap());
    let prepared = prepared(&hosts, &p, 300);
    // Again and again, and between evaluations.
    for seed in 13..16 {
        let points: Vec<f64> = noise(seed, 900).into_iter().map(|x| f64::from(x as f32)).collect();
        let truth = p.evaluate_batch(&points).unwrap();
        for found in [embedded(&hosts, &prepared, &points), evaluated(&prepared, &points)] {
            let error = error(&found, &truth, &magnitudes(&p, &points));
            assert!(error < 18.0 / f64::from(1 << 24), "{error:.1e}");
        }
    }
}

fn several_threads_at_once(engine: &Arc<Engine>) {
    let p = TaylorPolynomial::from_terms(&[0.0], [(vec![(0, 1)], 1.0)]).unwrap();
    let prepared = prepared(engine, &p, 16);
    std::thread::scope(|scope| {
        for sign in [1.0, -1.0, 2.0] {
            let prepared = &prepared;
            scope.spawn(move || {
                let points: Vec<f64> = (0..500).map(|i| sign * f64::from(i)).collect();
                assert_eq!(evaluated(prepared, &points), points);
            });
        }
    });
}

/// The terms in several dispatches, the points in several batches.
fn tiny_limits(engine: &Arc<Engine>) {
    let tiny = 16 << 10;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: tiny,
        max_buffer_size: tiny,
        max_compute_workgroups_per_dimension: 2,
        ..wgpu::Limits::default()
    };
    let engine = opened(engine, limits);
    let exponents = hope::monomials::exponents(4, 12).unwrap(); // 1820 terms; 1365 fit
    let p = TaylorPolynomial::from_exponents(&[0.0; 4], &exponents, &noise(17, exponents.len() / 4)).unwrap();
    let largest = PreparedPolynomial::largest_batch(&engine, &p);
    assert_eq!(largest, 512);
    refused(pollster::block_on(PreparedPolynomial::new(&engine, &p, 513)), &["513 points", "1 to 512"]);
    let points = noise(18, 4 * 1100);
    let truth = p.evaluate_batch(&points).unwrap();
    let found = evaluated(&prepared(&engine, &p, largest), &points);
    let error = error(&found, &truth, &magnitudes(&p, &points));
    assert!(error < 39.0 / f64::from(1 << 24), "{error:.1e}");

    let wide = TaylorPolynomial::from_terms(&vec![0.0; 5000], [(vec![(4999, 1)], 1.0)]).unwrap();
    assert_eq!(PreparedPolynomial::largest_batch(&engine, &wide), 0);
    refused(pollster::block_on(PreparedPolynomial::new(&engine, &wide, 1)), &["fewer variables"]);
}

fn smallest_polynomials(engine: &Arc<Engine>) {
    let constant = TaylorPolynomial::from_terms(&[1.0, 2.0], [(vec![], 0.5)]).unwrap();
    let zero = TaylorPolynomial::from_terms::<Vec<(usize, u8)>>(&[1.0, 2.0], []).unwrap();
    let monomial = TaylorPolynomial::from_terms(&[0.0, 0.0], [(vec![(1, 255)], 1.0)]).unwrap();
    for (p, truth) in [(constant, 0.5), (zero, 0.0), (monomial, -1.0)] {
        let prepared = prepared(engine, &p, 2);
        assert_eq!(evaluated(&prepared, &[7.0, -1.0, 0.0, -1.0, 3.0, -1.0]), [truth; 3]);
        assert!(evaluated(&prepared, &[]).is_empty());
    }
}

fn bad_requests(engine: &Arc<Engine>) {
    let p = TaylorPolynomial::from_terms(&[0.0, 0.0], [(vec![(0, 3)], 1.0)]).unwrap();
    let prepare = |p, points| pollster::block_on(PreparedPolynomial::new(engine, p, points));
    refused(prepare(&p, 0), &["0 points"]);
    refused(prepare(&p, usize::MAX), &["points"]);
    let prepared = prepared(engine, &p, 2);
    let evaluate = |points: &[f64]| pollster::block_on(prepared.evaluate(points));
    refused(evaluate(&[1.0]), &["1 numbers", "2 variables"]);
    for far in [1e13, -1e13, 1e200, f64::NAN, f64::INFINITY] {
        refused(evaluate(&[0.0, 0.0, 1.0, 0.0, 2.0, 0.0, far, 0.0]), &["point 3", "f32", "CPU"]);
    }
    let huge = TaylorPolynomial::from_terms(&[0.0], [(vec![], 1e300)]).unwrap();
    refused(prepare(&huge, 1), &["1e300", "CPU"]);
    let away = TaylorPolynomial::from_terms(&[1e300], [(vec![], 1.0)]).unwrap();
    refused(prepare(&away, 1), &["1e300", "CPU"]);
}
