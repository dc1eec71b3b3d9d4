//! The error of a truncated series, estimated from the next coefficients.
//!
//! Given `c_1 … c_m` and the estimated radius of convergence R, the polynomial of order n < m is off at distance r by about
//! `Σ_{k=n+1..m} |c_k| r^k + (|c_{m-1}| r^{m-1} + |c_m| r^m) q² / (1 - q²)`, `q = r/R`: what is known, and a rest that goes on from the last two
//! terms as a geometric series. (Two terms, because every second one may be zero.) For a geometric series, 1/(1±x) or 1/(1±x²), that is
//! the error exactly, in the worst direction; from R on it is infinite. It grows with r and falls with n. An
//! estimate: no bound.
//!
//! Everything is computed from logarithms, so that neither c_k nor r^k overflows by itself.

/// What is known of a function along one ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray<'a> {
    /// Taylor coefficients `c_1 … c_m`; m at least two more than the orders of interest.
    pub coefficients: &'a [f64],
    /// Estimated radius of convergence.
    pub convergence: f64,
    /// Distance to the nearest kink; ∞ if there is none.
    pub kink: f64,
}

/// What limits a trust radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Nothing: the series seems to end.
    None,
    /// The tolerance: beyond, the error is estimated to be larger.
    Tolerance,
    /// The radius of convergence: the trust radius has come to more than 90 % of it.
    Convergence,
    /// The nearest kink.
    Kink,
}

impl Limit {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Tolerance => "tolerance",
            Self::Convergence => "convergence",
            Self::Kink => "kink",
        }
    }
}

impl Ray<'_> {
    /// Estimated error of the polynomial of order `order` at distance `radius`: the maximum over both directions.
    /// ∞ from the radius of convergence or the nearest kink on.
    pub fn error(&self, order: usize, radius: f64) -> f64 {
        if radius == 0.0 {
            return 0.0;
        }
        if self.coefficients.iter().any(|c| !c.is_finite())
            || radius >= self.convergence
            || radius > self.kink
        {
            return f64::INFINITY;
        }
        let m = self.coefficients.len();
        let log = radius.ln();
        let term = |k: usize| match self.coefficients[k - 1].abs() {
            0.0 => 0.0,
            c => (c.ln() + k as f64 * log).exp(),
        };
        let known: f64 = (order + 1..=m).map(term).sum();
        let q = radius / self.convergence;
        let last: f64 = (m.saturating_sub(1).max(1)..=m).map(term).sum();
        // 0 · ∞ cannot arise: q < 1.
        known + if q > 0.0 { last * q * q / (1.0 - q * q) } else { 0.0 }
    }

    /// The largest distance at which the polynomial of order `order` is estimated to be within `tolerance`, and what limits it.
    /// Never beyond the estimated radius of convergence, nor the nearest kink; ∞ only if the series seems to end and no
    /// kink is known.
    pub fn trust(&self, order: usize, tolerance: f64) -> (f64, Limit) {
        let cap = self.convergence.min(self.kink);
        let capped = if self.kink <= self.convergence { Limit::Kink } else { Limit::Convergence };
        if !(tolerance > 0.0 && cap > 0.0) || self.coefficients.iter().any(|c| !c.is_finite()) {
            return (0.0, if cap > 0.0 { Limit::Tolerance } else { capped });
        }
        // No single term may exceed the tolerance.
        let alone =
            (order + 1..=self.coefficients.len()).filter_map(|k| match self.coefficients[k - 1].abs() {
                0.0 => None,
                c => Some((tolerance.ln() - c.ln()) / k as f64),
            });
        let alone = alone.fold(f64::INFINITY, f64::min).exp();
        if alone == f64::INFINITY {
            return (cap, if cap == f64::INFINITY { Limit::None } else { capped });
        }
        let top = alone.min(cap);
        if self.error(order, top) <= tolerance {
            return (top, if top == cap { capped } else { Limit::Tolerance });
        }
        // The error grows with the distance: bisection of its logarithm. At e^-60 of the bound it is below the tolerance.
        let (mut low, mut high) = (top.ln() - 60.0, top.ln());
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            if self.error(order, middle.exp()) <= tolerance { low = middle } else { high = middle }
        }
        let radius = low.exp();
        (radius, if radius > 0.9 * self.convergence { Limit::Convergence } else { Limit::Tolerance })
    }

    /// The lowest order from 1 to `highest` whose polynomial is estimated to be within `tolerance` up to `radius`; none if no such order
    /// is. The largest radius that can be had is then that of [`Self::trust`] at `highest`.
    pub fn order(&self, radius: f64, tolerance: f64, highest: usize) -> Option<usize> {
        (1..=highest).find(|&order| self.error(order, radius) <= tolerance)
    }
}

/// The polynomial with these coefficients, without its constant term, at t (Horner).
pub fn polynomial(coefficients: &[f64], t: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| (sum + c) * t)
}
