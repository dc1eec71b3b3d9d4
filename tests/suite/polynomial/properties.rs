//! What holds for every polynomial.

use hope::TaylorPolynomial;
use proptest::prelude::*;

/// Polynomials in 1 to 4 variables with some terms up to degree 8, and a point.
fn polynomials() -> impl Strategy<Value = (TaylorPolynomial, Vec<f64>, Vec<f64>)> {
    (1..5usize).prop_flat_map(|variables| {
        let numbers = || prop::collection::vec(-2.0..2.0f64, variables);
        let exponents = prop::collection::btree_set(prop::collection::vec(0..3u8, variables), 1..30);
        (numbers(), exponents, prop::collection::vec(-1.0..1.0f64, 30), numbers(), numbers()).prop_map(
            |(centre, exponents, coefficients, point, other)| {
                let flat: Vec<u8> = exponents.iter().flatten().copied().collect();
                let p = TaylorPolynomial::from_exponents(&centre, &flat, &coefficients[..exponents.len()]);
                (p.unwrap(), point, other)
            },
        )
    })
}

/// Σ c Π (x - x0)^α as it is written; and the sum of magnitudes, what rounding is relative to.
fn naive(p: &TaylorPolynomial, x: &[f64]) -> (f64, f64) {
    let (mut sum, mut scale) = (0.0, 0.0);
    for term in p.terms() {
        let product: f64 = term.factors.iter().fold(term.coefficient, |product, f| {
            let i = f.variable as usize;
            product * (x[i] - p.centre()[i]).powi(i32::from(f.power))
        });
        sum += product;
        scale += product.abs();
    }
    (sum, scale)
}

proptest! {
    #[test]
    fn evaluation_is_the_naive_sum((p, x, _) in polynomials()) {
        let (truth, scale) = naive(&p, &x);
        prop_assert!((p.evaluate(&x).unwrap() - truth).abs() <= 1e-14 * scale);
    }

    #[test]
    fn batches_are_single_points((p, x, y) in polynomials()) {
        let batch = [x.clone(), y.clone(), x.clone()].concat();
        let (a, b) = (p.evaluate(&x).unwrap(), p.evaluate(&y).unwrap());
        prop_assert_eq!(p.evaluate_batch(&batch).unwrap(), [a, b, a]);
        let gradients = [p.gradient(&x).unwrap(), p.gradient(&y).unwrap(), p.gradient(&x).unwrap()].concat();
        prop_assert_eq!(p.gradient_batch(&batch).unwrap(), gradients);
    }

    // The linear coefficients around a point are the gradient there.
    #[test]
    fn gradients_are_linear_coefficients((p, x, _) in polynomials()) {
        let moved = p.recentre(&x).unwrap();
        for (i, g) in p.gradient(&x).unwrap().into_iter().enumerate() {
            let mut powers = vec![0; x.len()];
            powers[i] = 1;
            prop_assert!((moved.coefficient(&powers).unwrap() - g).abs() <= 1e-9 * (1.0 + g.abs()));
        }
    }

    #[test]
    fn recentring_preserves_values((p, x, centre) in polynomials()) {
        let moved = p.recentre(&centre).unwrap();
        prop_assert_eq!(moved.centre(), &centre[..]);
        prop_assert!(moved.degree() <= p.degree());
        let scale = naive(&p, &x).1 + naive(&moved, &x).1;
        prop_assert!((moved.evaluate(&x).unwrap() - p.evaluate(&x).unwrap()).abs() <= 1e-12 * scale);
    }

    #[test]
    fn there_and_back((p, _, centre) in polynomials()) {
        let moved = p.recentre(&centre).unwrap();
        let back = moved.recentre(p.centre()).unwrap();
        let largest = moved.terms().map(|t| t.coefficient.abs()).fold(1.0, f64::max);
        let difference = back.add(&p.scale(-1.0).unwrap()).unwrap();
        for term in difference.terms() {
            prop_assert!(term.coefficient.abs() <= 1e-9 * largest, "{:?}", term);
        }
    }

    #[test]
    fn sums_and_means_are_those_of_values((p, x, _) in polynomials(), factor in -3.0..3.0f64) {
        let q = p.scale(factor).unwrap();
        let (value, scale) = naive(&p, &x);
        let tolerance = 1e-13 * scale * 4.0;
        prop_assert!((p.add(&q).unwrap().evaluate(&x).unwrap() - (1.0 + factor) * value).abs() <= tolerance);
        let mean = TaylorPolynomial::average([&p, &q]).unwrap().evaluate(&x).unwrap();
        prop_assert!((mean - 0.5 * (1.0 + factor) * value).abs() <= tolerance);
    }

    #[cfg(feature = "files")]
    #[test]
    fn files_keep_every_bit((p, ..) in polynomials()) {
        prop_assert_eq!(&TaylorPolynomial::from_json(&p.to_json()).unwrap(), &p);
    }
}
