//! How far an approximation is from the truth.

use crate::error::{Error, Result};

/// Coefficient of determination, `R² = 1 − Σ (found − truth)² / Σ (truth − mean)²`; none where the truth is constant.
///
/// ```
/// use hope::sampling::r_squared;
///
/// assert_eq!(r_squared(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), Some(1.0));
/// assert_eq!(r_squared(&[2.0, 2.0, 2.0], &[1.0, 2.0, 3.0]), Some(0.0));
/// assert_eq!(r_squared(&[2.0, 2.0], &[1.0, 1.0]), None);
/// ```
pub fn r_squared(found: &[f64], truth: &[f64]) -> Option<f64> {
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    let total: f64 = truth.iter().map(|t| (t - mean).powi(2)).sum();
    let left: f64 = found.iter().zip(truth).map(|(f, t)| (f - t).powi(2)).sum();
    // Rounding of the mean is no variation.
    let largest = truth.iter().fold(0.0f64, |m, t| m.max(t.abs()));
    let noise = truth.len() as f64 * (4.0 * f64::EPSILON * largest).powi(2);
    (total > noise && total.is_finite()).then(|| 1.0 - left / total)
}

/// Norm of the difference over norm of the truth; none where the truth is zero.
///
/// ```
/// assert_eq!(hope::sampling::relative_error(&[3.0, 5.0], &[3.0, 4.0]), Some(0.2));
/// ```
pub fn relative_error(found: &[f64], truth: &[f64]) -> Option<f64> {
    let difference = found.iter().zip(truth).fold(0.0f64, |n, (f, t)| n.hypot(f - t));
    let norm = truth.iter().fold(0.0f64, |n, t| n.hypot(*t));
    (norm > 0.0).then(|| difference / norm)
}

/// Pearson's correlation; none where one of the two is constant.
///
/// ```
/// let r = hope::sampling::correlation(&[1.0, 2.0, 3.0], &[-1.0, -2.0, -3.0]);
/// assert!((r.unwrap() + 1.0).abs() < 1e-15);
/// ```
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += (a - ma) * (b - mb);
        aa += (a - ma).powi(2);
        bb += (b - mb).powi(2);
    }
    (aa > 0.0 && bb > 0.0).then(|| (ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0))
}

/// Checks that computed numbers are finite.
pub(crate) fn finite(what: &str, numbers: &[f64]) -> Result<()> {
    match numbers.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::Overflow(format!(
            "{what} overflows at number {i}: lower the order, or change the inputs by less"
        ))),
    }
}
