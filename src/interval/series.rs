//! Truncated power series whose coefficients are intervals, by the recurrences of [`crate::series`].
//!
//! At an interval X instead of a point, coefficient k encloses `f^(k)(x) / k!` for every x in X.

use super::Interval;

/// `Σ_{j=0..=k} a_j b_{k-j}`, with missing coefficients 0.
pub fn product_at(a: &[Interval], b: &[Interval], k: usize) -> Interval {
    let first = (k + 1).saturating_sub(b.len());
    (first..a.len().min(k + 1)).fold(Interval::ZERO, |sum, j| sum + a[j] * b[k - j])
}

/// The whole number k.
fn whole(k: usize) -> Interval {
    Interval::point(k as f64)
}

/// `y ← (x + t) y`.
pub fn times_argument(x: Interval, y: &mut [Interval]) {
    for k in (0..y.len()).rev() {
        let before = if k > 0 { y[k - 1] } else { Interval::ZERO };
        y[k] = x * y[k] + before;
    }
}

/// Orders 1 on of an antiderivative, whose order 0 is there: `y_k = slope_{k-1} / k`.
pub fn integrate(slope: &[Interval], y: &mut [Interval]) {
    for k in 1..y.len() {
        y[k] = slope[k - 1] / whole(k);
    }
}

/// Behind y_0: `y' = y(1-y) u'`, the logistic function of u. `y_0 (1 - y_0)` is `1/4 - (y_0 - 1/2)²`, in which nothing stands twice.
pub fn logistic(u: &[Interval], y: &mut [Interval]) {
    let mut s = vec![Interval::ZERO; y.len()];
    let quarter = Interval::point(0.25) - (y[0] - Interval::point(0.5)).square();
    s[0] = quarter.meet(Interval { lo: 0.0, hi: 0.25 });
    for k in 1..y.len() {
        let sum = (1..u.len().min(k + 1)).fold(Interval::ZERO, |sum, j| sum + whole(j) * u[j] * s[k - j]);
        y[k] = sum / whole(k);
        // 1 - 2 y_0 stands once.
        let middle = (Interval::ONE - y[0] - y[0]) * y[k];
        s[k] = (1..k).fold(middle, |sum, j| sum - y[j] * y[k - j]);
    }
}

/// Behind y_0 = tanh x: `y' = s`, `s' = -2 y s`.
pub fn tanh(y: &mut [Interval]) {
    let mut s = vec![Interval::ZERO; y.len()];
    s[0] = (Interval::ONE - y[0].square()).meet(Interval { lo: 0.0, hi: 1.0 });
    for k in 1..y.len() {
        y[k] = s[k - 1] / whole(k);
        s[k] = Interval::point(-2.0) * product_at(&y[..k], &s[..k], k - 1) / whole(k);
    }
}

/// `w^p` for a polynomial w, whose order 0 is positive: `k w_0 y_k = Σ_{j=1..=k} (p j - k + j) w_j y_{k-j}`.
pub fn power(w: &[Interval], p: f64, y: &mut [Interval]) {
    y[0] = w[0].powf(p);
    for k in 1..y.len() {
        let terms = 1..w.len().min(k + 1);
        let sum = terms.fold(Interval::ZERO, |sum, j| {
            let factor = Interval::point(p) * whole(j) - whole(k - j);
            sum + factor * w[j] * y[k - j]
        });
        y[k] = sum / (whole(k) * w[0]);
    }
}

/// `a / b`.
pub fn divide(a: &[Interval], b: &[Interval], y: &mut [Interval]) {
    for k in 0..y.len() {
        let of_a = a.get(k).copied().unwrap_or(Interval::ZERO);
        let sum = (1..b.len().min(k + 1)).fold(of_a, |sum, j| sum - b[j] * y[k - j]);
        y[k] = sum / b[0];
    }
}
