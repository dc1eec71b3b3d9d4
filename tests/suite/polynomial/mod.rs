//! Taylor polynomials against closed forms (worked out with SymPy in rational arithmetic), against naive evaluation, and
//! against real networks.

#[cfg(feature = "files")]
mod files;
mod networks;
mod print;
mod properties;

use hope::TaylorPolynomial;

type Sparse = Vec<(usize, u8)>;

/// 3/2 - 2 u + 3/4 v w - 5 u² v - 3 v³ + 2 u v w² + w⁴/8, with u = x1 - 1/2, v = x2 + 1/4, w = x3.
fn example() -> TaylorPolynomial {
    let terms: Vec<(Sparse, f64)> = vec![
        (vec![(2, 4)], 0.125),
        (vec![(1, 1), (2, 1)], 0.75),
        (vec![], 1.5),
        (vec![(1, 1), (0, 2)], -5.0),
        (vec![(0, 1)], -2.0),
        (vec![(0, 1), (1, 1), (2, 2)], 2.0),
        (vec![(0, 0), (1, 3)], -3.0),
        (vec![(2, 3)], 0.0),
    ];
    TaylorPolynomial::from_terms(&[0.5, -0.25, 0.0], terms).unwrap()
}

fn message<T: std::fmt::Debug>(result: hope::Result<T>) -> String {
    result.unwrap_err().to_string()
}

const TRUTH: [([f64; 3], f64, [f64; 3]); 3] = [
    ([0.25, 0.5, -1.0], -0.3125, [1.375, -6.625, 0.8125]),
    ([2.0, -3.0, 2.5], 39.9921875, [4.875, -58.6875, -35.5]),
    ([0.5, -0.25, 0.0], 1.5, [-2.0, 0.0, 0.0]),
];

#[test]
fn values_and_gradients() {
    let p = example();
    let points: Vec<f64> = TRUTH.iter().flat_map(|(x, ..)| *x).collect();
    // All numbers are exact in f64.
    for (x, value, gradient) in TRUTH {
        assert_eq!(p.evaluate(&x).unwrap(), value);
        assert_eq!(p.gradient(&x).unwrap(), gradient);
    }
    // More points than go through at once, and more than one thread takes.
    for copies in [1, 7, 3000] {
        let values = p.evaluate_batch(&points.repeat(copies)).unwrap();
        let gradients = p.gradient_batch(&points.repeat(copies)).unwrap();
        assert_eq!(values.len(), 3 * copies);
        assert_eq!(gradients.len(), 9 * copies);
        for (i, found) in values.iter().enumerate() {
            assert_eq!(*found, TRUTH[i % 3].1);
            assert_eq!(gradients[3 * i..][..3], TRUTH[i % 3].2);
        }
    }
    assert_eq!(p.evaluate_batch(&[]).unwrap(), Vec::<f64>::new());
}

#[test]
fn terms_are_sorted_and_zeros_left_out() {
    let p = example();
    let powers: Vec<Vec<(u32, u8)>> =
        p.terms().map(|t| t.factors.iter().map(|f| (f.variable, f.power)).collect()).collect();
    let sorted: [&[(u32, u8)]; 7] = [
        &[],
        &[(0, 1)],
        &[(1, 1), (2, 1)],
        &[(0, 2), (1, 1)],
        &[(1, 3)],
        &[(0, 1), (1, 1), (2, 2)],
        &[(2, 4)],
    ];
    assert_eq!(powers, sorted);
    assert_eq!((p.len(), p.degree(), p.is_additive()), (7, 4, false));
    assert_eq!(p.coefficient(&[2, 1, 0]).unwrap(), -5.0);
    assert_eq!(p.coefficient(&[0, 0, 3]).unwrap(), 0.0);
}

#[test]
fn recentred_as_sympy_does() {
    let p = example().recentre(&[1.0, 0.75, -0.5]).unwrap();
    let truth: [([u8; 3], f64); 17] = [
        ([2, 1, 0], -5.0),
        ([2, 0, 0], -5.0),
        ([1, 1, 2], 2.0),
        ([1, 1, 1], -2.0),
        ([1, 1, 0], -4.5),
        ([1, 0, 2], 2.0),
        ([1, 0, 1], -2.0),
        ([1, 0, 0], -6.5),
        ([0, 3, 0], -3.0),
        ([0, 2, 0], -9.0),
        ([0, 1, 2], 1.0),
        ([0, 1, 1], -0.25),
        ([0, 1, 0], -10.375),
        ([0, 0, 4], 0.125),
        ([0, 0, 3], -0.25),
        ([0, 0, 2], 1.1875),
        ([0, 0, 1], -0.3125),
    ];
    for (powers, c) in truth {
        assert_eq!(p.coefficient(&powers).unwrap(), c, "{powers:?}");
    }
    assert_eq!(p.coefficient(&[0, 0, 0]).unwrap(), -3.8671875);
    assert_eq!(p.len(), truth.len() + 1);
    assert_eq!(p.centre(), [1.0, 0.75, -0.5]);
    // Only one variable moves.
    let q = example().recentre(&[0.5, 0.75, 0.0]).unwrap();
    assert_eq!(q.evaluate(&TRUTH[1].0).unwrap(), TRUTH[1].1);
    assert_eq!(q.coefficient(&[0, 0, 1]).unwrap(), 0.75);
    assert_eq!(q.coefficient(&[2, 0, 0]).unwrap(), -5.0);
}

#[test]
fn additive_stays_additive_and_small() {
    let (pixels, order) = (784usize, 5u8);
    let terms =
        (0..pixels).flat_map(|i| (1..=order).map(move |k| (vec![(i, k)], 1.0 / (i + usize::from(k)) as f64)));
    let p = TaylorPolynomial::from_terms(&vec![0.1; pixels], terms).unwrap();
    assert_eq!(p.len(), pixels * usize::from(order));
    let q = p.recentre(&vec![-0.2; pixels]).unwrap();
    assert!(q.is_additive());
    assert_eq!(q.len(), pixels * usize::from(order) + 1);
    let point: Vec<f64> = (0..pixels).map(|i| (i as f64).sin()).collect();
    let (a, b) = (p.evaluate(&point).unwrap(), q.evaluate(&point).unwrap());
    assert!((a - b).abs() < 1e-12 * a.abs().max(1.0), "{a} {b}");
}

#[test]
fn sums_averages_and_parts() {
    let p = example();
    let q = TaylorPolynomial::from_terms(p.centre(), [(vec![(0, 1)], 2.0), (vec![(1, 1)], 4.0)]).unwrap();
    let sum = p.add(&q).unwrap();
    assert_eq!(sum.coefficient(&[1, 0, 0]).unwrap(), 0.0);
    assert_eq!(sum.coefficient(&[0, 1, 0]).unwrap(), 4.0);
    assert_eq!(sum.len(), 7); // x1 cancels, x2 is new
    let mean = TaylorPolynomial::average([&p, &q, &q, &q]).unwrap();
    assert_eq!(mean.coefficient(&[1, 0, 0]).unwrap(), 1.0);
    assert_eq!(mean.coefficient(&[0, 3, 0]).unwrap(), -0.75);
    assert_eq!(p.scale(-2.0).unwrap().evaluate(&TRUTH[0].0).unwrap(), 0.625);
    assert!(p.scale(0.0).unwrap().is_empty());
    assert_eq!(p.truncate(1).to_string(), "1.5 - 2*(x1 - 0.5)");
    assert_eq!(p.truncate(9), p);
    assert_eq!(p.largest(2).to_string(), "-5*(x1 - 0.5)^2*(x2 + 0.25) - 3*(x2 + 0.25)^3");
    assert!(p.largest(0).is_empty());

    let moved = p.recentre(&[0.0; 3]).unwrap();
    assert!(message(p.add(&moved)).contains("recentre"));
    let renamed = p.clone().with_names(["a", "b", "c"]).unwrap();
    assert!(message(p.add(&renamed)).contains("different variables: x1, x2, x3 and a, b, c"));
    assert!(message(TaylorPolynomial::average([])).contains("no polynomials"));
    assert!(message(p.scale(f64::NAN)).contains("finite"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let new =
        |centre: &[f64], terms: Vec<(Sparse, f64)>| message(TaylorPolynomial::from_terms(centre, terms));
    assert!(new(&[], vec![]).contains("at least one variable"));
    assert!(new(&[f64::NAN], vec![]).contains("'x1'"));
    assert!(new(&[0.0], vec![(vec![(1, 1)], 1.0)]).contains("variable 1"));
    assert!(new(&[0.0], vec![(vec![(0, 1), (0, 2)], 1.0)]).contains("twice"));
    assert!(new(&[0.0, 0.0], vec![(vec![(1, 2)], 1.0), (vec![(1, 2)], 1.0)]).contains("x2^2 is given twice"));
    assert!(new(&[0.0], vec![(vec![(0, 3)], f64::INFINITY)]).contains("x1^3"));
    assert!(new(&[0.0, 0.0], vec![(vec![(0, 200), (1, 56)], 1.0)]).contains("degree 256"));
    assert!(
        message(TaylorPolynomial::from_exponents(&[0.0, 0.0], &[1, 2, 3], &[1.0])).contains("3 exponents")
    );

    let p = example();
    assert!(message(p.evaluate(&[1.0, 2.0])).contains("3 variables"));
    assert!(message(p.evaluate(&[1.0; 6])).contains("3 variables"));
    assert!(message(p.evaluate_batch(&[1.0; 7])).contains("point by point"));
    assert!(message(p.gradient(&[])).contains("3 variables"));
    assert!(message(p.coefficient(&[1])).contains("3 variables"));
    assert!(message(p.recentre(&[0.0])).contains("3 variables"));
    assert!(message(p.recentre(&[0.0, f64::NAN, 0.0])).contains("'x2'"));
    assert!(message(p.recentre(&[0.0, 1e200, 0.0])).contains("finite"));
    let far = [0.0, 0.0, 0.0, 1e200, 1e200, 1e200];
    assert!(message(p.evaluate_batch(&far)).contains("value at point 1 is not finite"));
    assert!(message(p.gradient_batch(&far)).contains("gradient at point 1 is not finite"));
}
