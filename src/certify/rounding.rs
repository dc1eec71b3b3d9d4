//! A-priori bounds of rounding errors (Higham, *Accuracy and Stability of Numerical Algorithms*, chapter 3).
//!
//! A sum of products in which no term passes through more than n roundings is off by at most `γ_n = n u / (1 - n u)` times the sum of the terms' sizes,
//! `u = 2^-53`, in whatever order it is added up and whether or not products are fused with sums. Where a product underflows it is off by less than
//! the least normal number besides.

/// Half the distance from 1 to the next double.
pub(super) const UNIT: f64 = f64::EPSILON / 2.0;

/// `γ_n`, rounded up; infinite for n beyond all sums.
pub(super) fn gamma(n: usize) -> f64 {
    let nu = n as f64 * UNIT;
    if nu < 0.5 { (nu / (1.0 - nu)).next_up() } else { f64::INFINITY }
}

/// An upper bound of what a sum of terms that aren't negative would be without its rounding, n roundings to a term.
pub(super) fn at_most(sum: f64, n: usize) -> f64 {
    // Three roundings of its own.
    sum * (1.0 + gamma(n + 3))
}

/// The same of sums of products, which may underflow.
pub(super) fn at_most_of_products(sum: f64, n: usize) -> f64 {
    at_most(sum, n + 1) + underflow(n)
}

/// What n products may lose by underflow.
pub(super) fn underflow(n: usize) -> f64 {
    n as f64 * f64::MIN_POSITIVE
}

/// A sum of two numbers that aren't negative, rounded up.
pub(super) fn plus(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_up() }
}
