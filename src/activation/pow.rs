//! Power with a constant exponent.
//!
//! From `x y' = p y`: `a_{k+1} = a_k (p - k) / ((k+1) x)`; for small whole `p` the binomial formula, good at 0 too.

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
        (self.exponent >= 0.0 && self.exponent <= 64.0 && self.exponent.fract() == 0.0)
            .then_some(self.exponent as usize)
    }

    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
        if let Some(degree) = self.polynomial_degree() {
            let mut binomial = T::one();
            for (k, a) in a.iter_mut().enumerate() {
                if k > degree {
                    *a = T::zero();
                    continue;
                }
                *a = binomial * x.powi((degree - k) as i32);
                binomial *= T::of((degree - k) as f64 / (k + 1) as f64);
            }
            return;
        }
        let p = self.exponent;
        // powi keeps whole powers of negative numbers real.
        a[0] = if p.fract() == 0.0 && p.abs() < 1e6 { x.powi(p as i32) } else { x.powf(T::of(p)) };
        for k in 1..a.len() {
            a[k] = a[k - 1] * T::of((p - (k - 1) as f64) / k as f64) / x;
        }
    }
}
