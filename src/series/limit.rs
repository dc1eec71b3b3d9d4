//! Series whose first coefficient is 0, where a quotient or a root has no power series of its own: along a ray it may have one.
//!
//! With m leading zeros in the denominator, `a / b` is the quotient of both without their first m coefficients: sin(t) / t. A power
//! of `u = t^m w(t)`, `w(0) > 0`, is `t^(m p) w^p` for t > 0. That takes coefficients behind the last one known, unless the
//! series ends before: what isn't known becomes NaN, never 0.

use super::{MAX_ORDER, power};
use crate::scalar::Scalar;

/// A series of coefficients from order 0 up; above the last there are zeros, if that was all of it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a, T> {
    /// What is known.
    pub coefficients: &'a [T],
    /// Whether the series is a polynomial, and this all of it.
    pub whole: bool,
}

impl<T: Scalar> Known<'_, T> {
    /// A coefficient; NaN where it isn't known.
    fn at(&self, order: usize) -> T {
        let beyond = if self.whole { T::zero() } else { T::nan() };
        self.coefficients.get(order).copied().unwrap_or(beyond)
    }

    /// The first order whose coefficient isn't zero; none if there is none among the known ones.
    fn leading(&self) -> Option<usize> {
        self.coefficients.iter().position(|c| *c != T::zero())
    }
}

/// The number, unless its size or its digits were lost on the way: infinite, or too small for a normal number. Quotients and roots
/// would make another number of it, and a wrong one.
#[inline(always)]
pub fn sound<T: Scalar>(x: T) -> T {
    let size = num_traits::Float::abs(x);
    if size == T::infinity() || (size > T::zero() && size < T::min_positive_value()) { T::nan() } else { x }
}

/// `a / b` for `b_0 = 0`, infinite where the numerator has fewer leading zeros.
pub fn divide<T: Scalar>(a: Known<T>, b: Known<T>, y: &mut [T]) {
    let Some(m) = b.leading() else {
        y.fill(T::nan());
        return;
    };
    if a.leading().is_some_and(|first| first < m) {
        y.fill(T::infinity());
        return;
    }
    for k in 0..y.len() {
        let mut sum = a.at(m + k);
        for i in 1..=k {
            sum -= b.at(m + i) * y[k - i];
        }
        y[k] = sum / b.at(m);
    }
}

/// `u^p` for `u_0 = 0`, p > 0 and not whole, for t > 0: infinite from the order on that t^(m p) has no derivative of, NaN where u is
/// negative.
pub fn root<T: Scalar>(u: Known<T>, p: f64, y: &mut [T]) {
    let Some(m) = u.leading() else {
        // The first order that may not be zero.
        let first = if u.whole { f64::INFINITY } else { u.coefficients.len() as f64 * p };
        for (k, y) in y.iter_mut().enumerate() {
            *y = if (k as f64) < first { T::zero() } else { T::nan() };
        }
        return;
    };
    let start = m as f64 * p;
    let below = y.len().min(start.ceil() as usize);
    let (zeros, rest) = y.split_at_mut(below);
    zeros.fill(T::zero());
    if u.at(m) < T::zero() || u.at(m).is_nan() {
        zeros[1.min(below)..].fill(T::nan());
        rest.fill(T::nan());
    } else if start.fract() != 0.0 {
        rest.fill(T::infinity());
    } else {
        // Behind the last known coefficient of u, as many NaN as there is room for.
        let mut w = [T::zero(); MAX_ORDER + 1];
        let w = &mut w[..rest.len()];
        for (j, w) in w.iter_mut().enumerate() {
            *w = u.at(m + j);
        }
        if !rest.is_empty() {
            power(w, p, rest);
        }
    }
}

/// `p u^(p-1) z` for `u_0 = 0`, p > 0 and not whole, for t > 0: what the root [`root`] passes back of an adjoint z. Infinite where z has fewer leading zeros
/// than `u^(p-1)` has poles, NaN where u is negative or not known.
pub fn root_adjoint<T: Scalar>(u: Known<T>, p: f64, z: Known<T>, x: &mut [T]) {
    let Some(zeros) = z.leading() else {
        x.fill(T::zero());
        return;
    };
    let leading = u.leading();
    let m = leading.unwrap_or(if u.whole && p > 1.0 { MAX_ORDER * MAX_ORDER } else { u.coefficients.len() });
    // The result is t^start (…).
    let start = m as f64 * (p - 1.0) + zeros as f64;
    let from = x.len().min(start.max(0.0).ceil() as usize);
    let (below, rest) = x.split_at_mut(from);
    below.fill(T::zero());
    let lead = leading.map_or(T::nan(), |m| u.at(m));
    if lead < T::zero() || lead.is_nan() {
        // Where u stays 0 as far as it is known, x^p with p < 1 has no slope.
        let unknown = if leading.is_some() || p < 1.0 { 0 } else { below.len() };
        below[unknown..].fill(T::nan());
        rest.fill(T::nan());
    } else if start.fract() != 0.0 || start < 0.0 {
        rest.fill(T::infinity());
    } else if !rest.is_empty() {
        let [mut w, mut s] = [[T::zero(); MAX_ORDER + 1]; 2];
        let (w, s) = (&mut w[..rest.len()], &mut s[..rest.len()]);
        for (j, w) in w.iter_mut().enumerate() {
            *w = u.at(m + j);
        }
        power(w, p - 1.0, s);
        for k in 0..rest.len() {
            rest[k] = (0..=k).fold(T::zero(), |sum, j| sum + s[j] * z.at(zeros + k - j)) * T::of(p);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn part(coefficients: &[f64]) -> Known<'_, f64> {
        Known { coefficients, whole: false }
    }

    const fn whole(coefficients: &[f64]) -> Known<'_, f64> {
        Known { coefficients, whole: true }
    }

    fn divided(a: Known<f64>, b: Known<f64>) -> [f64; 4] {
        let mut y = [0.0; 4];
        divide(a, b, &mut y);
        y
    }

    fn rooted(u: Known<f64>, p: f64) -> [f64; 4] {
        let mut y = [0.0; 4];
        root(u, p, &mut y);
        y
    }

    #[test]
    fn common_zeros_are_cancelled() {
        let t = whole(&[0.0, 1.0]);
        assert_eq!(divided(t, t), [1.0, 0.0, 0.0, 0.0]);
        // sin(t) / t
        let sine = [0.0, 1.0, 0.0, -1.0 / 6.0, 0.0];
        assert_eq!(divided(part(&sine), t), [1.0, 0.0, -1.0 / 6.0, 0.0]);
        // One order less is known than of the sine.
        let [.., last] = divided(part(&sine[..4]), t);
        assert!(last.is_nan());
        // t^2 / (t + t^2) = t - t^2 + t^3 - ...
        assert_eq!(divided(whole(&[0.0, 0.0, 1.0]), whole(&[0.0, 1.0, 1.0])), [0.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn roots_pass_back_what_exists() {
        let passed = |u: Known<f64>, p: f64, z: &[f64]| {
            let mut x = [0.0; 4];
            root_adjoint(u, p, whole(z), &mut x);
            x
        };
        let infinity = f64::INFINITY;
        // 1.5 √t; 1.5 √(t²) = 1.5 t; (√u)' with u = t² is 1/2t, t² of it t/2.
        assert_eq!(passed(whole(&[0.0, 1.0]), 1.5, &[1.0]), [0.0, infinity, infinity, infinity]);
        assert_eq!(passed(whole(&[0.0, 0.0, 1.0]), 1.5, &[1.0]), [0.0, 1.5, 0.0, 0.0]);
        assert_eq!(passed(whole(&[0.0, 0.0, 1.0]), 0.5, &[0.0, 0.0, 1.0]), [0.0, 0.5, 0.0, 0.0]);
        assert_eq!(passed(whole(&[0.0, 0.0, 1.0]), 0.5, &[1.0]), [infinity; 4]);
        // (√(t² + t³))' = 1 / (2t √(1 + t))
        assert_eq!(passed(whole(&[0.0, 0.0, 1.0, 1.0]), 0.5, &[0.0, 1.0]), [0.5, -0.25, 0.1875, -0.15625]);
        // Nothing passes, nothing is known, and 0^1.5 stays 0.
        assert_eq!(passed(part(&[0.0]), 0.5, &[0.0]), [0.0; 4]);
        assert!(passed(whole(&[0.0]), 0.5, &[1.0]).iter().all(|x| x.is_nan()));
        assert_eq!(passed(whole(&[0.0]), 1.5, &[1.0]), [0.0; 4]);
        assert!(passed(whole(&[0.0, -1.0]), 1.5, &[1.0]).iter().all(|x| x.is_nan()));
    }

    #[test]
    fn poles_and_what_is_unknown_are_no_numbers() {
        assert!(divided(whole(&[1.0]), whole(&[0.0, 1.0])).iter().all(|y| y.is_infinite()));
        assert!(divided(whole(&[0.0]), part(&[0.0, 0.0])).iter().all(|y| y.is_nan()));
    }

    #[test]
    fn roots_have_the_orders_that_exist() {
        let t = whole(&[0.0, 1.0]);
        let infinity = f64::INFINITY;
        assert_eq!(rooted(t, 0.5), [0.0, infinity, infinity, infinity]);
        assert_eq!(rooted(t, 2.5), [0.0, 0.0, 0.0, infinity]);
        assert_eq!(rooted(whole(&[0.0]), 0.5), [0.0; 4]);
        // sqrt(t^2 + t^3) = t sqrt(1 + t)
        assert_eq!(rooted(whole(&[0.0, 0.0, 1.0, 1.0]), 0.5), [0.0, 1.0, 0.5, -0.125]);
        let [.., last] = rooted(part(&[0.0, 0.0, 1.0, 1.0]), 0.5);
        assert!(last.is_nan());
        // Not real for t > 0; not known to be zero.
        assert!(rooted(whole(&[0.0, -1.0]), 1.5)[1..].iter().all(|y| y.is_nan()));
        let unknown = rooted(part(&[0.0, 0.0]), 0.5);
        assert!(unknown[0] == 0.0 && unknown[1].is_nan());
    }
}
