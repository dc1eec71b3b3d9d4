//! What many expansions say of each term.

use crate::error::Result;
use crate::polynomial::TaylorPolynomial;

/// Standard errors that a median has to stand out from zero by.
const SIGNIFICANT: f64 = 3.0;

/// What is known of one term.
#[derive(Clone, Debug, PartialEq)]
pub struct TermEstimate {
    /// The powers of all variables.
    pub exponents: Vec<u8>,
    /// Coefficient of the network's own polynomial at the centre.
    pub local: f64,
    /// Mean of the estimates from all reference points.
    pub mean: f64,
    /// Their standard deviation.
    pub spread: f64,
    /// Their median: the consensus.
    pub median: f64,
    /// Robust spread: 1.4826 times the median absolute deviation, the standard deviation of normal estimates.
    pub robust_spread: f64,
    /// `|median| Π h_i^α_i`: the most that the term changes the function by in the box, relative to the function's standard
    /// deviation there.
    pub weight: f64,
    /// Whether it belongs to the expression.
    pub kept: bool,
    /// Coefficient fitted to the network's values, of terms that are kept.
    pub fitted: Option<f64>,
}

impl TermEstimate {
    /// Sum of the powers.
    pub fn degree(&self) -> usize {
        self.exponents.iter().map(|&power| usize::from(power)).sum()
    }

    /// The variables that it has, as (position, power).
    pub fn powers(&self) -> Vec<(usize, u8)> {
        self.exponents.iter().copied().enumerate().filter(|(_, power)| *power > 0).collect()
    }

    /// `Π h_i^α_i`.
    pub(super) fn scale(&self, half_widths: &[f64]) -> f64 {
        self.exponents.iter().zip(half_widths).map(|(&power, h)| h.powi(i32::from(power))).product()
    }
}

/// Collects the estimates of all terms from polynomials around the same centre.
pub(super) fn estimate(
    exponents: &[u8],
    local: &TaylorPolynomial,
    moved: &[TaylorPolynomial],
    half_widths: &[f64],
    deviation: f64,
) -> Result<Vec<TermEstimate>> {
    let mut terms = Vec::new();
    for powers in exponents.chunks_exact(half_widths.len()) {
        let mut estimates = moved.iter().map(|p| p.coefficient(powers)).collect::<Result<Vec<f64>>>()?;
        let count = estimates.len() as f64;
        let mean = estimates.iter().sum::<f64>() / count;
        let variance = estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let median = median(&mut estimates);
        estimates.iter_mut().for_each(|e| *e = (*e - median).abs());
        let mut term = TermEstimate {
            exponents: powers.to_vec(),
            local: local.coefficient(powers)?,
            mean,
            spread: variance.sqrt(),
            median,
            robust_spread: 1.4826 * self::median(&mut estimates),
            weight: 0.0,
            kept: false,
            fitted: None,
        };
        term.weight = median.abs() * term.scale(half_widths) / deviation;
        // The standard error of a median of normal estimates is 1.2533 times that of their mean.
        let error = 1.2533 * term.robust_spread / count.sqrt();
        term.kept = median.abs() > SIGNIFICANT * error;
        terms.push(term);
    }
    Ok(terms)
}

/// Keeps the terms that are significant and heavy enough to matter.
pub(super) fn choose(terms: &mut [TermEstimate], tolerance: f64) {
    for term in terms {
        term.kept &= term.weight > tolerance / 2.0;
    }
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { numbers[middle - 1].midpoint(numbers[middle]) }
}
