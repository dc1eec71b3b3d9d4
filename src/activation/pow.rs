//! Power with a constant exponent.
//!
//! From `x y' = p y`: `a_{k+1} = a_k (p - k) / ((k+1) x)`; for whole `p >= 0` the binomial formula, good at 0 too.
//! In f64: small powers times large binomial coefficients leave the range of f32.

use super::prelude::*;

/// Power with a constant exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pow {
    /// The exponent.
    pub exponent: f64,
}

impl Function for Pow {
    const NAME: &'static str = "pow";
    const PARAMETERS: &'static [(&'static str, f64)] = &[("exponent", 1.0)];

    fn new(parameters: &[f64]) -> Self {
        Self { exponent: parameters[0] }
    }

    fn parameters(&self) -> Vec<f64> {
        vec![self.exponent]
    }

    fn polynomial_degree(&self) -> Option<usize> {
        (self.exponent >= 0.0 && self.exponent.fract() == 0.0).then_some(self.exponent as usize)
    }

    fn root(&self) -> Option<f64> {
        (self.exponent > 0.0 && self.exponent.fract() != 0.0).then_some(self.exponent)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        let p = self.exponent;
        if let Some(degree) = self.polynomial_degree() {
            for (k, a) in a.iter_mut().enumerate() {
                *a = if k > degree { T::zero() } else { T::of(binomial_term(x.f64(), p, k)) };
            }
            return;
        }
        let x = sound(x);
        a[0] = if p.fract() == 0.0 { T::of(whole_power(x.f64(), p)) } else { x.powf(T::of(p)) };
        for k in 1..a.len() {
            a[k] = a[k - 1] * T::of((p - (k - 1) as f64) / k as f64) / x;
        }
    }
}

/// `binomial(p, k) x^(p-k)` for whole p, factor by factor: the binomial coefficient alone may overflow.
fn binomial_term(x: f64, p: f64, k: usize) -> f64 {
    (0..k).fold(whole_power(x, p - k as f64), |term, j| term * ((p - j as f64) / (j + 1) as f64))
}

/// Real for negative x, too. Repeated multiplication loses a rounding each time: not for large exponents.
fn whole_power(x: f64, p: f64) -> f64 {
    if p.abs() <= 64.0 { x.powi(p as i32) } else { x.powf(p) }
}
