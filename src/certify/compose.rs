//! Polynomials of polynomials: `Σ a_k q(s)^k`, cut off at the order, and how far that is off.
//!
//! **The tail.** Let `Q_j` be the sum of the sizes of q's coefficients of degree j. As `|s| <= 1`, the terms above the order are together no larger than those of the
//! majorant `Σ |a_k| Q(t)^k`, `Q(t) = Σ Q_j t^j`, at t = 1: a polynomial in one variable, whatever the number of s.
//!
//! **The rounding.** By Horner's scheme a coefficient is a sum of products in which no term passes through more than `m (depth + 2)` roundings, and the sizes of
//! all terms together are no larger than the majorant: see `rounding`.

use super::models::{Models, Space};
use super::rounding::{UNIT, at_most, gamma, plus, underflow};
use crate::series::MAX_ORDER;

/// A polynomial in a unit's argument less its constant term, with how far it is off when composed with that unit's polynomial.
#[derive(Clone, Debug)]
pub(super) struct Expansion {
    /// From degree 0, at least that.
    pub coefficients: Vec<f64>,
    /// What the argument's symbols are multiplied by.
    pub gain: f64,
    /// Everything counted, also what composing rounds and cuts off.
    pub radius: f64,
}

/// `Σ |a_k| Q(t)^k` at t = 1, rounded up: the part up to the order, the rest, and what may be lost by underflow in computing either
/// (each loss grows by the powers of Q that follow).
#[derive(Clone, Copy, Debug)]
pub(super) struct Majorant {
    kept: f64,
    tail: f64,
    lost: f64,
}

impl Majorant {
    /// Of coefficients from degree 0 and Q by degree, whose `Q_0` is 0.
    pub fn of(coefficients: &[f64], sizes: &[f64], space: &Space) -> Self {
        let order = space.order();
        let mut kept = [0.0; MAX_ORDER + 1];
        let mut tail = 0.0;
        let total: f64 = sizes.iter().sum();
        for (step, a) in coefficients.iter().rev().enumerate() {
            if step > 0 {
                tail *= total;
                let mut next = [0.0; MAX_ORDER + 1];
                for (i, &c) in kept[..=order].iter().enumerate().filter(|(_, c)| **c > 0.0) {
                    for (j, &size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0.0) {
                        let to = if i + j <= order { &mut next[i + j] } else { &mut tail };
                        *to += c * size;
                    }
                }
                kept = next;
            }
            kept[0] += a.abs();
        }
        // Roundings that a term passes through, and products.
        let roundings = coefficients.len() * ((order + 1) * sizes.len() + 4) + order;
        let growth = total.max(1.0).powi(coefficients.len() as i32);
        let terms =
            coefficients.len().saturating_mul(space.depth + 2).saturating_mul(space.monomials.blocks() + 1);
        Self {
            kept: at_most(kept.iter().sum(), roundings),
            tail: at_most(tail, roundings),
            lost: at_most(underflow(roundings.saturating_add(terms)) * growth, 2 * roundings),
        }
    }

    /// All of it.
    pub fn total(self) -> f64 {
        plus(plus(self.kept, self.tail), self.lost)
    }

    /// How far the composition is off, and `widths` besides.
    pub fn radius(self, widths: f64, degree: usize, space: &Space) -> f64 {
        if degree == 0 {
            return widths;
        }
        let rounding = gamma(degree * (space.depth + 2)) * self.total();
        plus(plus(widths, self.tail), plus(at_most(rounding, 2), self.lost))
    }
}

/// `Σ_k a_k q^k` of each unit, q its polynomial without the constant term.
pub(super) fn compose(space: &Space, x: &Models, expansions: &[Expansion]) -> Models {
    let units = x.units;
    let degree = expansions.iter().map(|e| e.coefficients.len() - 1).max().unwrap_or(0);
    let inner = x.degree(space);
    let reached = inner.saturating_mul(degree).min(space.order());
    let rows = space.monomials.blocks_to(reached) + 1;
    let mut result = vec![0.0; rows * units];
    let mut next = vec![0.0; rows * units];
    let add = |to: &mut [f64], k: usize| {
        for (to, expansion) in to.iter_mut().zip(expansions) {
            *to += expansion.coefficients.get(k).copied().unwrap_or(0.0);
        }
    };
    for k in (0..=degree).rev() {
        if k < degree {
            // So far a polynomial of this degree.
            let so_far = inner.saturating_mul(degree - 1 - k).min(reached);
            times(space, x, &result, so_far, &mut next);
            std::mem::swap(&mut result, &mut next);
        }
        add(&mut result[..units], k);
    }
    let mut noise = x.noise.clone();
    for row in noise.chunks_exact_mut(units) {
        row.iter_mut().zip(expansions).for_each(|(c, expansion)| *c *= expansion.gain);
    }
    let mut radius: Vec<f64> = expansions.iter().map(|e| e.radius).collect();
    for ((radius, expansion), size) in radius.iter_mut().zip(expansions).zip(x.noise_sizes()) {
        if size > 0.0 && expansion.gain != 0.0 {
            let rounding = at_most(UNIT * expansion.gain.abs() * size, 2);
            *radius = plus(*radius, plus(rounding, underflow(x.symbols())));
        }
    }
    Models { units, coefficients: result, noise, radius }
}

/// `to = p q`, cut off where `to` ends: of each unit p with a degree, and x without its constant term.
fn times(space: &Space, x: &Models, p: &[f64], degree: usize, to: &mut [f64]) {
    let units = x.units;
    let block = |row: usize| row * units..(row + 1) * units;
    let inner = x.rows();
    let p_rows = space.monomials.blocks_to(degree) + 1;
    to[..units].fill(0.0);
    for (row, to) in to.chunks_exact_mut(units).enumerate().skip(1) {
        // The constant of p times q.
        if row < inner {
            for ((to, &q), &p) in to.iter_mut().zip(x.row(row)).zip(&p[..units]) {
                *to = p * q;
            }
        } else {
            to.fill(0.0);
        }
        let mut accumulate = |of_p: usize, of_q: usize| {
            if of_p < p_rows && of_q < inner {
                for ((to, &q), &p) in to.iter_mut().zip(x.row(of_q)).zip(&p[block(of_p)]) {
                    *to += p * q;
                }
            }
        };
        for &[a, b] in space.monomials.products(row) {
            let (a, b) = (a as usize, b as usize);
            accumulate(a, b);
            if a != b {
                accumulate(b, a);
            }
        }
    }
}
