//! What the library takes many numbers as: rows, one for each point or direction, with one number for each input.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use ndarray::{Array2, ArrayBase, ArrayView2, Data, Ix2};

use crate::error::{Error, Result};

/// Points or directions: rows of numbers, one number per input.
///
/// They come from arrays of `f64` or `f32` (`[rows, inputs]`, whose width is then checked against the model), or from plain numbers, row after row.
/// Arrays of `f64` in that order are borrowed, others are copied. They read as a slice of all numbers.
///
/// ```
/// use hope::Rows;
/// use hope::ndarray::{array, aview2};
///
/// let plain = Rows::from(vec![0.0, 0.5, 1.0, 1.5]); // two points of a model with two inputs
/// assert_eq!(plain, Rows::from(aview2(&[[0.0, 0.5], [1.0, 1.5]])));
/// assert_eq!(plain, Rows::from(array![[0.0f32, 0.5], [1.0, 1.5]]));
/// ```
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    numbers: Cow<'a, [f64]>,
    /// Numbers of a row, where the source says so.
    width: Option<usize>,
}

impl Rows<'_> {
    /// The same rows with numbers of their own.
    pub fn into_owned(self) -> Rows<'static> {
        Rows { numbers: Cow::Owned(self.numbers.into_owned()), width: self.width }
    }

    /// Checks that rows of arrays are as wide as a model takes them.
    pub(crate) fn check_width(&self, inputs: usize) -> Result<()> {
        match self.width {
            Some(width) if width != inputs => Err(Error::Size {
                expected: inputs,
                given: width,
                cause: format!(
                    "the array has rows of {width} numbers, the model takes {inputs}: give one row per point or direction"
                ),
            }),
            _ => Ok(()),
        }
    }
}

impl Deref for Rows<'_> {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.numbers
    }
}

impl DerefMut for Rows<'_> {
    fn deref_mut(&mut self) -> &mut [f64] {
        self.numbers.to_mut()
    }
}

/// Of the numbers, whether or not their source said how wide the rows are.
impl PartialEq for Rows<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl From<Vec<f64>> for Rows<'_> {
    fn from(numbers: Vec<f64>) -> Self {
        Self { numbers: Cow::Owned(numbers), width: None }
    }
}

impl<'a> From<&'a Vec<f64>> for Rows<'a> {
    fn from(numbers: &'a Vec<f64>) -> Self {
        numbers.as_slice().into()
    }
}

impl<'a> From<&'a [f64]> for Rows<'a> {
    fn from(numbers: &'a [f64]) -> Self {
        Self { numbers: Cow::Borrowed(numbers), width: None }
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Rows<'a> {
    fn from(numbers: &'a [f64; N]) -> Self {
        numbers.as_slice().into()
    }
}

impl<'a> From<&'a Rows<'_>> for Rows<'a> {
    fn from(rows: &'a Rows<'_>) -> Self {
        Self { numbers: Cow::Borrowed(&rows.numbers), width: rows.width }
    }
}

impl<'a, T: Number> From<ArrayView2<'a, T>> for Rows<'a> {
    fn from(rows: ArrayView2<'a, T>) -> Self {
        let numbers = match rows.to_slice() {
            Some(numbers) => T::widened(numbers),
            None => Cow::Owned(rows.iter().map(|&x| x.into()).collect()),
        };
        Self { numbers, width: Some(rows.ncols()) }
    }
}

impl<'a, T: Number, S: Data<Elem = T>> From<&'a ArrayBase<S, Ix2>> for Rows<'a> {
    fn from(rows: &'a ArrayBase<S, Ix2>) -> Self {
        rows.view().into()
    }
}

impl<T: Number> From<Array2<T>> for Rows<'_> {
    fn from(rows: Array2<T>) -> Self {
        Rows::from(rows.view()).into_owned()
    }
}

/// The number types of arrays: `f32` and `f64`.
pub trait Number: Copy + Into<f64> + sealed::Sealed + 'static {
    /// Numbers as doubles.
    #[doc(hidden)]
    fn widened(numbers: &[Self]) -> Cow<'_, [f64]>;

    /// The nearest number of this type.
    #[doc(hidden)]
    fn nearest(x: f64) -> Self;
}

impl Number for f64 {
    fn widened(numbers: &[Self]) -> Cow<'_, [f64]> {
        Cow::Borrowed(numbers)
    }

    fn nearest(x: f64) -> Self {
        x
    }
}

impl Number for f32 {
    fn widened(numbers: &[Self]) -> Cow<'_, [f64]> {
        numbers.iter().map(|&x| f64::from(x)).collect()
    }

    fn nearest(x: f64) -> Self {
        x as Self
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
