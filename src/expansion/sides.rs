//! Rays that begin on a kink: whether it shows in the result.
//!
//! Such a ray's series holds for t > 0. Computed for t < 0 too, by the branches that hold there, it is the same if the kinks cancel, as those of
//! relu(x) - relu(-x) = x do, or those of a softmax that subtracts a maximum; then nothing has to be said. Else it is one-sided.

use crate::scalar::Precision;

/// How far both sides of the same series may be apart by rounding, relative to it.
pub(super) fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-4,
        Precision::F64 => 1e-9,
    }
}

/// Whether the series of an output on both sides are the same up to rounding, orders from 1; `value` is order 0.
///
/// They are compared as polynomials in t/r, with the largest r at which their first term is the largest: that doesn't depend on units.
pub(super) fn agree(value: f64, ahead: &[f64], behind: &[f64], tolerance: f64) -> bool {
    let apart: Vec<f64> = ahead.iter().zip(behind).map(|(a, b)| a - b).collect();
    close(ahead, behind, &apart, value, tolerance)
}

/// The same of the sizes of coefficients and of their differences.
pub(super) fn close(ahead: &[f64], behind: &[f64], apart: &[f64], value: f64, tolerance: f64) -> bool {
    let sizes: Vec<f64> = ahead.iter().zip(behind).map(|(a, b)| a.abs().max(b.abs())).collect();
    let Some(first) = sizes.iter().position(|&size| size > 0.0) else { return true };
    let ratios = (1..)
        .zip(&sizes[first + 1..])
        .map(|(steps, size)| (sizes[first] / size).powf(1.0 / f64::from(steps)));
    let radius = ratios.fold(f64::INFINITY, f64::min);
    let radius = if radius.is_finite() { radius } else { 1.0 };
    // Where all terms cancel only the rounding of the value is left.
    let allowed = tolerance * sizes[first].max(1e-6 * value.abs() * radius.powi(-(first as i32 + 1)));
    let differences = apart.iter().map(|d| d.abs());
    (0..).zip(differences).skip(first).all(|(k, d)| d * radius.powi(k - first as i32) <= allowed)
}

/// `order` numbers of a matrix's column `at`, from a row on.
pub(super) fn column(matrix: &[f64], row: usize, width: usize, at: usize, order: usize) -> Vec<f64> {
    matrix[row * width..].chunks_exact(width).take(order).map(|row| row[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_no_difference_and_units_do_not_matter() {
        let (ahead, behind) = ([0.5, 0.125, 1e-18], [0.5 + 1e-16, 0.125, -2e-18]);
        for unit in [1e-6f64, 1.0, 1e9] {
            let scaled = |c: &[f64]| -> Vec<f64> { (1..).zip(c).map(|(k, c)| c * unit.powi(k)).collect() };
            assert!(agree(0.7, &scaled(&ahead), &scaled(&behind), 1e-9), "{unit}");
            let other = [0.5, 0.125, 1e-7];
            assert!(!agree(0.7, &scaled(&other), &scaled(&behind), 1e-9), "{unit}");
            assert!(!agree(0.7, &scaled(&[0.0, 0.125, 0.0]), &scaled(&behind), 1e-9), "{unit}");
        }
        assert!(agree(1.0, &[0.0, 0.0], &[0.0, -0.0], 1e-9));
        assert!(agree(1.0, &[1e-17], &[-1e-17], 1e-9), "terms that cancel leave rounding");
        assert!(!agree(0.0, &[0.0, 1.0], &[0.0, -1.0], 1e-9));
    }
}
