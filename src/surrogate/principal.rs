//! Principal directions of data: in which directions they vary most.
//!
//! The data's rows, less their mean, are X = U Σ Vᵀ (singular value decomposition); the rows of Vᵀ are orthonormal directions,
//! and σ_k² / (K − 1) is the variance of the K rows along the k-th (Pearson, 1901; Jolliffe: "Principal component analysis").

use faer::Mat;

use crate::error::{Error, Result};
use crate::threads;

/// The leading principal directions of data.
///
/// ```
/// use hope::surrogate::Principal;
///
/// // Four points on a cross: long along (0.6, 0.8), short along (-0.8, 0.6), around (10, 20).
/// let data = [11.8, 22.4, 8.2, 17.6, 9.2, 20.6, 10.8, 19.4];
/// let principal = Principal::of(&data, 2, 1)?;
/// assert!((principal.directions[0] - 0.6).abs() < 1e-12 && (principal.directions[1] - 0.8).abs() < 1e-12);
/// assert!((principal.variances[0] - 18.0 / 3.0).abs() < 1e-12);
/// assert!((principal.explained()[0] - 18.0 / 20.0).abs() < 1e-12);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// Orthonormal rows, `[dimensions, inputs]`, by falling variance; the component of largest magnitude is positive.
    pub directions: Vec<f64>,
    /// Variance of the data along each (with K − 1).
    pub variances: Vec<f64>,
    /// Variance of the data in all directions together.
    pub total: f64,
    /// The data's mean, `[inputs]`.
    pub mean: Vec<f64>,
    /// Number of rows of the data.
    pub samples: usize,
}

impl Principal {
    /// The `dimensions` directions of largest variance of data `[samples, inputs]`.
    ///
    /// # Errors
    /// If the numbers don't make rows, one is not finite, or the data vary in fewer directions.
    pub fn of(data: &[f64], inputs: usize, dimensions: usize) -> Result<Self> {
        if inputs == 0 || data.is_empty() || !data.len().is_multiple_of(inputs) {
            let cause = format!("{} numbers are no rows of {inputs}", data.len());
            return Err(Error::Size { expected: inputs, given: data.len(), cause });
        }
        if let Some(i) = data.iter().position(|x| !x.is_finite()) {
            let cause = format!("sample {} has {} at input {}", i / inputs, data[i], i % inputs);
            return Err(Error::NotFinite { index: i, cause });
        }
        let samples = data.len() / inputs;
        if dimensions == 0 {
            let cause = "no principal directions are asked for: take at least 1".into();
            return Err(Error::TooFew { given: 0, least: 1, cause });
        }
        let mut mean = vec![0.0; inputs];
        for row in data.chunks_exact(inputs) {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x / samples as f64);
        }
        let centred = Mat::from_fn(samples, inputs, |i, j| data[i * inputs + j] - mean[j]);
        let svd = threads::alone(|| centred.thin_svd())?
            .map_err(|_| Error::Undetermined("the singular values of the data do not converge".into()))?;
        let singular: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        // What rounding alone can make: of the decomposition, and of the mean.
        let size = data.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        let largest = singular.first().copied().unwrap_or(0.0);
        let noise = f64::EPSILON
            * (samples.max(inputs) as f64 * largest + (data.len() as f64).sqrt() * samples as f64 * size);
        let rank = singular.iter().filter(|s| **s > noise).count();
        if dimensions > rank {
            return Err(Error::Undetermined(format!(
                "{samples} samples vary in {rank} direction{} only, {dimensions} are asked for",
                if rank == 1 { "" } else { "s" }
            )));
        }
        let v = svd.V();
        let mut directions = Vec::with_capacity(dimensions * inputs);
        for k in 0..dimensions {
            let column = || (0..inputs).map(|i| v[(i, k)]);
            let sign = column().fold(0.0f64, |most, x| if x.abs() > most.abs() { x } else { most }).signum();
            directions.extend(column().map(|x| sign * x));
        }
        let variance = |s: &f64| s * s / (samples - 1) as f64; // the rank of one sample is 0
        let variances: Vec<f64> = singular[..dimensions].iter().map(variance).collect();
        let total: f64 = singular.iter().map(variance).sum();
        if !total.is_finite() {
            return Err(Error::Overflow("the variance of the data overflows: scale them down".into()));
        }
        Ok(Self { directions, variances, total, mean, samples })
    }

    /// Share of the variance that each direction explains.
    pub fn explained(&self) -> Vec<f64> {
        self.variances.iter().map(|variance| variance / self.total).collect()
    }
}
