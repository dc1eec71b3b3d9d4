//! Numbers of results: collected in the number type that computed them, and handed to numpy without a copy.

use hope::{Batch, Error, Job, Number, Sink, memory};
use numpy::ndarray::{ArrayD, IxDyn};
use numpy::{Element, IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Takes a result.
pub struct Collected<T> {
    pub value: Vec<T>,
    pub coefficients: Vec<T>,
    /// Standard errors of estimates.
    pub errors: Vec<T>,
    pub kinks: Vec<T>,
}

impl<T: Number> Collected<T> {
    /// With room for the result of a job.
    ///
    /// # Errors
    /// If the memory that is allowed has none.
    pub fn new(job: &Job) -> hope::Result<Self> {
        let count = |sizes: &[usize]| sizes.iter().fold(1usize, |all, &size| all.saturating_mul(size));
        let value = count(&[job.points(), job.outputs().len()]);
        let coefficients = count(&job.shape());
        let kinks = count(&[job.points(), job.kink_distances()]);
        let errors = if job.is_estimate() { value } else { 0 };
        let all = [value, coefficients, errors, kinks].into_iter().fold(0, usize::saturating_add);
        let needed = (all as u64).saturating_mul(size_of::<T>() as u64);
        let allowed = job.request().memory.unwrap_or_else(memory::default_budget);
        if needed > allowed {
            return Err(Error::Memory { needed, allowed });
        }
        let room = |count: usize| {
            let mut numbers = Vec::new();
            numbers.try_reserve_exact(count).map_err(|_| Error::Memory { needed, allowed })?;
            Ok(numbers)
        };
        Ok(Self {
            value: room(value)?,
            coefficients: room(coefficients)?,
            errors: room(errors)?,
            kinks: room(kinks)?,
        })
    }
}

impl<T: Number + Send> Sink for Collected<T> {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        let take = |into: &mut Vec<T>, from: &[f64]| into.extend(from.iter().map(|&x| T::nearest(x)));
        take(&mut self.value, batch.value);
        take(&mut self.coefficients, batch.coefficients);
        take(&mut self.errors, batch.errors);
        take(&mut self.kinks, batch.kinks);
        Ok(())
    }
}

/// Numbers as an array of a shape, which owns them from now on.
///
/// # Errors
/// If they are others than the shape has.
pub fn array<'py, T: Element>(
    py: Python<'py>,
    numbers: Vec<T>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let array = ArrayD::from_shape_vec(IxDyn(shape), numbers);
    let array = array.map_err(|error| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))?;
    Ok(array.into_pyarray(py))
}

/// An array's shape, and its numbers in row-major order.
pub fn read(array: &PyReadonlyArrayDyn<f64>) -> (Vec<usize>, Vec<f64>) {
    let numbers =
        array.as_slice().map_or_else(|_| array.as_array().iter().copied().collect(), <[f64]>::to_vec);
    (array.shape().to_vec(), numbers)
}
