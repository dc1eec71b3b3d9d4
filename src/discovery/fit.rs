//! Least squares of chosen terms on the network's values, and how good an expression is.

use faer::Mat;
use faer::linalg::solvers::{DenseSolveCore, SolveLstsq};

use super::TermEstimate;
use crate::error::{Error, Result};
use crate::monomials::monomial;
use crate::polynomial::TaylorPolynomial;
use crate::sampling::r_squared;

/// How well a polynomial fits the network at some points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// `1 - Σ (p - y)² / Σ (y - mean)²`.
    pub r_squared: f64,
    /// Largest `|p - y|`.
    pub max_error: f64,
}

impl Quality {
    /// Measures it at points `[points, inputs]` with the network's values there.
    pub(super) fn of(polynomial: &TaylorPolynomial, points: &[f64], truth: &[f64]) -> Result<Self> {
        let found = polynomial.evaluate_batch(points)?;
        let r_squared = r_squared(&found, truth).ok_or_else(|| {
            Error::Undetermined("the network is constant over the box: there is nothing to discover".into())
        })?;
        let errors = found.iter().zip(truth).map(|(p, y)| (p - y).abs());
        Ok(Self { r_squared, max_error: errors.fold(0.0, f64::max) })
    }
}

/// Standard deviation of numbers.
pub(super) fn standard_deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (numbers.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// What to fit.
pub(super) struct Fitting<'a> {
    /// `[points, inputs]`.
    pub points: &'a [f64],
    /// The network there.
    pub values: &'a [f64],
    pub centre: &'a [f64],
    pub half_widths: &'a [f64],
}

/// Fits the terms that are kept, and leaves out as many as can be: one at a time the one that is missed least once the others
/// are fitted again, as long as the misfit (root mean square) stays below `tolerance`, or within [`GROWTH`] of the
/// misfit of all of them.
///
/// Without a term the sum of squares grows by `c² / (G⁻¹)_jj`, G being the matrix of the normal equations.
pub(super) fn refine(terms: &mut [TermEstimate], fitting: &Fitting, tolerance: f64) {
    let mut allowed: Option<f64> = None;
    loop {
        let mut kept: Vec<&mut TermEstimate> = terms.iter_mut().filter(|term| term.kept).collect();
        if kept.is_empty() {
            return;
        }
        let Fit { coefficients, losses, misfit } = fit(&kept, fitting);
        let count = fitting.values.len() as f64;
        let allowed = *allowed.get_or_insert(tolerance.max(GROWTH * misfit));
        let least = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap_or(0);
        for (term, c) in kept.iter_mut().zip(coefficients) {
            term.fitted = Some(c);
        }
        if (misfit.powi(2) + losses[least] / count).sqrt() > allowed {
            return;
        }
        kept[least].kept = false;
        kept[least].fitted = None;
    }
}

/// How much the misfit may grow by leaving out terms.
const GROWTH: f64 = 1.2;

struct Fit {
    coefficients: Vec<f64>,
    /// By how much the sum of squares grows without each term.
    losses: Vec<f64>,
    /// Root mean square of what is left.
    misfit: f64,
}

/// Least squares in coordinates scaled by the half widths, where all monomials are of the same size.
fn fit(kept: &[&mut TermEstimate], fitting: &Fitting) -> Fit {
    let Fitting { points, values, centre, half_widths } = fitting;
    let inputs = centre.len();
    let scaled: Vec<Vec<f64>> = points
        .chunks_exact(inputs)
        .map(|point| (0..inputs).map(|i| (point[i] - centre[i]) / half_widths[i]).collect())
        .collect();
    let matrix = Mat::from_fn(scaled.len(), kept.len(), |i, j| monomial(&scaled[i], &kept[j].exponents));
    let right = Mat::from_fn(scaled.len(), 1, |i, _| values[i]);
    let solution = matrix.col_piv_qr().solve_lstsq(&right);
    let left = &right - &matrix * &solution;
    let inverse = (matrix.transpose() * &matrix).partial_piv_lu().inverse();
    Fit {
        coefficients: (0..kept.len()).map(|j| solution[(j, 0)] / kept[j].scale(half_widths)).collect(),
        losses: (0..kept.len()).map(|j| solution[(j, 0)].powi(2) / inverse[(j, j)]).collect(),
        misfit: left.norm_l2() / (values.len() as f64).sqrt(),
    }
}
