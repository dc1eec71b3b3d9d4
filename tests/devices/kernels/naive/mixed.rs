//! Series in several variables as polynomials: a coefficient for each list of powers, products by adding powers.

use std::collections::BTreeMap;

use hope::activation::Activation;

use super::Run;
use super::series::{beside, taylor};

/// Coefficients by the powers of the variables.
type Polynomial = BTreeMap<Vec<u8>, f64>;

/// All lists of powers up to a degree: by degree, then larger powers of the first variables first.
fn powers(variables: usize, degree: usize) -> Vec<Vec<u8>> {
    let mut all = vec![vec![]];
    for _ in 0..variables {
        all = all
            .into_iter()
            .flat_map(|list: Vec<u8>| {
                (0..=degree as u8).map(move |power| [list.clone(), vec![power]].concat())
            })
            .filter(|list| total(list) <= degree)
            .collect();
    }
    all.sort_by_key(|list| (total(list), list.iter().map(|power| u8::MAX - power).collect::<Vec<_>>()));
    all
}

pub fn total(list: &[u8]) -> usize {
    list.iter().map(|&power| usize::from(power)).sum()
}

/// The polynomials of a case.
pub struct Polynomials {
    degree: usize,
    powers: Vec<Vec<u8>>,
}

impl Polynomials {
    pub fn new(variables: usize, degree: usize) -> Self {
        Self { degree, powers: powers(variables, degree) }
    }

    fn polynomial(&self, coefficients: &[f64]) -> Polynomial {
        self.powers.iter().cloned().zip(coefficients.iter().copied()).collect()
    }

    fn coefficients(&self, polynomial: &Polynomial) -> Vec<f64> {
        self.powers.iter().map(|powers| polynomial.get(powers).copied().unwrap_or(0.0)).collect()
    }

    fn product(&self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        let mut product = Polynomial::new();
        for (p, a) in a.iter().filter(|(_, a)| **a != 0.0) {
            for (q, b) in b.iter().filter(|(q, b)| **b != 0.0 && total(q) + total(p) <= self.degree) {
                let sum = p.iter().zip(q).map(|(p, q)| p + q).collect();
                *product.entry(sum).or_default() += a * b;
            }
        }
        product
    }

    /// `Σ a_j u^j`, u the polynomial less its constant term.
    fn substitute(&self, a: &[f64], x: &[f64]) -> Vec<f64> {
        let mut u = self.polynomial(x);
        u.insert(self.powers[0].clone(), 0.0);
        let mut power = Polynomial::from([(self.powers[0].clone(), 1.0)]);
        let mut sum = Polynomial::new();
        for a in a {
            for (powers, c) in &power {
                *sum.entry(powers.clone()).or_default() += a * c;
            }
            power = self.product(&power, &u);
        }
        self.coefficients(&sum)
    }

    pub fn compose(&self, run: &Run, function: Activation, x: &[f64]) -> Vec<f64> {
        let branch = run.moves(x).filter(|_| function.kinks().contains(&x[0]));
        let a = match branch {
            None => taylor(function, x[0], self.degree),
            Some(above) => beside(function, x[0], above, self.degree),
        };
        self.substitute(&a, x)
    }

    pub fn multiply(&self, a: &[f64], b: &[f64]) -> Vec<f64> {
        self.coefficients(&self.product(&self.polynomial(a), &self.polynomial(b)))
    }

    /// The reciprocal is a geometric series.
    pub fn divide(&self, a: &[f64], b: &[f64]) -> Vec<f64> {
        let reciprocal: Vec<f64> =
            (0..=self.degree).map(|j| (-1f64).powi(j as i32) / b[0].powi(j as i32 + 1)).collect();
        self.multiply(a, &self.substitute(&reciprocal, b))
    }
}
