//! True changes of an output, and how well predictions agree with them.

use super::groups::Groups;
use super::heatmap::check_sizes;
use crate::error::Result;
use crate::forward::values;
use crate::model::Model;
use crate::sampling::{correlation, relative_error};

/// Numbers of changed points in memory at once.
pub(super) const BLOCK: usize = 1 << 22;

/// The change of an output when each input, alone, is changed by its δ: a forward pass per input, in f64 on the CPU.
/// Inputs with δ = 0 need none.
///
/// # Errors
/// If the sizes don't fit the model, or a value isn't finite.
pub fn measured(model: &Model, point: &[f64], output: usize, deltas: &[f64]) -> Result<Vec<f64>> {
    check_sizes(model.inputs(), point, deltas)?;
    let moved: Vec<usize> = (0..point.len()).filter(|&i| deltas[i] != 0.0).collect();
    let mut changes = vec![0.0; point.len()];
    let (_, found) =
        changes_by(model, point, output, moved.len(), |n, row| row[moved[n]] += deltas[moved[n]])?;
    moved.iter().zip(found).for_each(|(&i, change)| changes[i] = change);
    Ok(changes)
}

/// The same for changing all inputs of a group together: `[groups]`.
///
/// # Errors
/// As [`measured`].
pub fn measured_of(
    model: &Model,
    point: &[f64],
    output: usize,
    deltas: &[f64],
    groups: &Groups,
) -> Result<Vec<f64>> {
    check_sizes(model.inputs(), point, deltas)?;
    groups.check(model.inputs())?;
    let (_, changes) = changes_by(model, point, output, groups.count(), |group, row| {
        for (i, x) in row.iter_mut().enumerate().filter(|(i, _)| groups.of()[*i] == group) {
            *x += deltas[i];
        }
    })?;
    Ok(changes)
}

/// An output at a point, and its changes by each of so many changes of the point.
pub(super) fn changes_by(
    model: &Model,
    point: &[f64],
    output: usize,
    count: usize,
    change: impl Fn(usize, &mut [f64]),
) -> Result<(f64, Vec<f64>)> {
    let inputs = point.len();
    let value = values(model, point, Some(&[output]))?[0];
    let mut changes = Vec::with_capacity(count);
    let together = (BLOCK / inputs).max(1);
    for first in (0..count).step_by(together) {
        let block = first..count.min(first + together);
        let mut points = point.repeat(block.len());
        points.chunks_exact_mut(inputs).zip(block).for_each(|(row, n)| change(n, row));
        changes.extend(values(model, &points, Some(&[output]))?.into_iter().map(|moved| moved - value));
    }
    Ok((value, changes))
}

/// How well a prediction agrees with the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Pearson's correlation over the inputs; none where one of the two is constant.
    pub correlation: Option<f64>,
    /// Norm of the difference over norm of the truth; none where the truth is zero.
    pub relative_error: Option<f64>,
    /// Share of the `top` inputs with the largest true changes, by magnitude, that are among the `top` predicted.
    pub overlap: f64,
    /// How many inputs count as the top.
    pub top: usize,
}

impl Agreement {
    /// Compares a prediction with the truth, both `[inputs]`. `top` is cut down to the number of inputs.
    ///
    /// ```
    /// use hope::attribution::Agreement;
    ///
    /// let a = Agreement::new(&[3.0, -2.0, 0.1, 0.0], &[3.0, -2.0, 0.0, 0.1], 2);
    /// assert_eq!((a.overlap, a.top), (1.0, 2));
    /// assert!(a.correlation > Some(0.99) && a.relative_error < Some(0.05));
    /// ```
    pub fn new(predicted: &[f64], truth: &[f64], top: usize) -> Self {
        let top = top.clamp(1, truth.len().max(1));
        let (ours, theirs) = (largest(predicted, top), largest(truth, top));
        let common = theirs.iter().filter(|i| ours.contains(i)).count();
        Self {
            correlation: correlation(predicted, truth),
            relative_error: relative_error(predicted, truth),
            overlap: common as f64 / theirs.len().max(1) as f64,
            top,
        }
    }
}

/// Indices of the largest numbers by magnitude, the largest first; of equals the first.
pub(super) fn largest(numbers: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&i, &j| numbers[j].abs().total_cmp(&numbers[i].abs()));
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_notices_what_is_wrong() {
        let truth = [0.5, -0.4, 0.3, 0.2, 0.1, 0.0];
        let same = Agreement::new(&truth, &truth, 3);
        assert_eq!((same.relative_error, same.overlap), (Some(0.0), 1.0));
        assert!(same.correlation.is_some_and(|r| r > 1.0 - 1e-12));
        let opposite = truth.map(|x| -x);
        let opposite = Agreement::new(&opposite, &truth, 3);
        assert!(opposite.correlation.is_some_and(|r| r < -1.0 + 1e-12));
        assert_eq!(opposite.relative_error, Some(2.0));
        let elsewhere = Agreement::new(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], &truth, 3);
        assert_eq!(elsewhere.overlap, 0.0);
        let nothing = Agreement::new(&[0.0; 6], &[0.0; 6], 99);
        assert_eq!((nothing.correlation, nothing.relative_error, nothing.top), (None, None, 6));
    }
}
