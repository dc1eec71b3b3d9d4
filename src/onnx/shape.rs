//! Sizes of the axes of values and constants.

/// Largest number of axes of any value.
pub const MAX_RANK: usize = 16;

/// What axis 0 of the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// Nothing but an axis of the one sample.
    None,
    /// Any number of samples.
    Dynamic,
    /// So many samples, two or more: shapes in the file have this size there, and so it has to stay.
    Fixed(usize),
}

/// Number of elements, unless strides or bytes would overflow (also those of empty tensors).
pub fn count(shape: &[usize]) -> Option<usize> {
    let all = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size.max(1)))?;
    if shape.contains(&0) { Some(0) } else { Some(all) }.filter(|_| all < isize::MAX as usize / 16)
}

/// The shape that two shapes broadcast to.
pub fn joint(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size =
        |shape: &[usize], i: usize| if i + shape.len() < rank { 1 } else { shape[i + shape.len() - rank] };
    (0..rank)
        .map(|i| match (size(a, i), size(b, i)) {
            (m, n) if m == n => Some(m),
            (1, n) => Some(n),
            (m, 1) => Some(m),
            _ => None,
        })
        .collect()
}
