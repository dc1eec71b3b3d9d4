//! From a request to coefficients: planning, chunking, running, assembling.

mod assembled;
mod chunks;
mod job;
mod request;
mod rule_mixed;
mod summary;
mod values;
mod verify;

use std::ops::ControlFlow;

pub use crate::executor::KernelTime;
pub use job::{Job, OnProgress, Progress};
pub use request::{Device, Precision, Request, Terms};
pub use values::values;
pub use verify::Verification;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::model::Model;

/// Coefficients of some consecutive points, as they become ready.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Index of the first point.
    pub first: usize,
    /// Number of points.
    pub points: usize,
    /// `[points, outputs]`.
    pub value: &'a [f64],
    /// `[points, outputs, orders, inputs]`, `[points, outputs, orders, rays]`, or `[points, outputs, terms]`:
    /// unmixed, along, mixed.
    pub coefficients: &'a [f64],
    /// Distance to the nearest kink, `[points, rays]`, for mixed terms `[points]`; empty where the network is
    /// smooth or the method has no rays.
    pub kinks: &'a [f64],
}

/// Takes the results, batch by batch, in the order of the points.
pub trait Sink: Send {
    /// Takes a batch.
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()>;
}

/// What is known after a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether the result is exact, and why.
    pub certificate: Certificate,
    /// Worst condition number of the interpolation of mixed terms.
    pub condition: Option<f64>,
    /// Smallest and (about) median distance to a kink, over all points and rays; ∞ where none is reached.
    pub kink_distance: Option<(f64, f64)>,
    /// The largest coefficients by magnitude.
    pub largest: Vec<Largest>,
    /// Comparison with an independent computation in f64.
    pub verification: Option<Verification>,
    /// Time per kernel, the slowest first, if [`Request::profile`] asked for it and the device has a clock for it.
    pub kernels: Vec<KernelTime>,
}

/// A coefficient that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Largest {
    /// Index of the point.
    pub point: usize,
    /// Position among the selected outputs.
    pub output: usize,
    /// Position behind the output, flattened: order and input or ray, or term.
    pub index: usize,
    /// The coefficient.
    pub coefficient: f64,
}

/// A result in memory: everything that the program writes to a file.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// `[points, inputs]`.
    pub points: Vec<f64>,
    /// `[points, outputs]`.
    pub value: Vec<f64>,
    /// Normalised Taylor coefficients: see [`Batch::coefficients`].
    pub coefficients: Vec<f64>,
    /// Shape of [`Self::coefficients`].
    pub shape: Vec<usize>,
    /// Distances to the nearest kink: see [`Batch::kinks`].
    pub kinks: Vec<f64>,
    /// Mixed terms: exponents `[terms, variables]`.
    pub exponents: Vec<u8>,
    /// What is known of the result.
    pub report: Report,
}

/// Expands a model: plans, runs and collects.
///
/// ```
/// use hope::activation::Exp;
/// use hope::model::Model;
/// use hope::{Request, expand};
///
/// // y = exp(2 x)
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let h = b.linear(x, &[1, 1], vec![2.0], None)?;
/// let y = b.activation(h, Exp)?;
/// let model = b.build(y)?;
///
/// let expansion = expand(&model, &Request::new(vec![0.0], 3))?;
/// assert_eq!(expansion.shape, [1, 1, 3, 1]); // points, outputs, orders, inputs
/// for (c, truth) in expansion.coefficients.iter().zip([2.0, 4.0 / 2.0, 8.0 / 6.0]) {
///     assert!((c - truth).abs() < 1e-12);
/// }
/// assert!(expansion.report.certificate.exact);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the request doesn't fit the model, the method has no answer, the memory doesn't suffice or numbers overflow.
pub fn expand(model: &Model, request: &Request) -> Result<Expansion> {
    pollster::block_on(expand_async(model, request))
}

/// [`expand`] without blocking while a GPU computes: for async applications, and for browsers, where nothing may block.
///
/// The future may be sent to other threads, and needs no particular runtime.
///
/// # Errors
/// As [`expand`].
pub async fn expand_async(model: &Model, request: &Request) -> Result<Expansion> {
    Job::new(model, request)?.collect_async(&|_| ControlFlow::Continue(())).await
}

impl Job<'_> {
    /// Runs it, waits and collects the result in memory. `progress` is called after each chunk; it may break to stop.
    ///
    /// # Errors
    /// If numbers overflow, or `progress` breaks.
    pub fn collect(&self, progress: OnProgress) -> Result<Expansion> {
        pollster::block_on(self.collect_async(progress))
    }

    /// [`Self::collect`] without blocking for a GPU.
    ///
    /// # Errors
    /// As [`Self::collect`].
    pub async fn collect_async(&self, progress: OnProgress<'_>) -> Result<Expansion> {
        let mut collector = Collector::new(self);
        let report = self.run_async(&mut collector, progress).await?;
        Ok(Expansion {
            points: self.request.points.clone(),
            value: collector.value,
            coefficients: collector.coefficients,
            shape: self.shape(),
            kinks: collector.kinks,
            exponents: self.exponents().to_vec(),
            report,
        })
    }
}

struct Collector {
    value: Vec<f64>,
    coefficients: Vec<f64>,
    kinks: Vec<f64>,
}

impl Collector {
    fn new(job: &Job) -> Self {
        Self {
            value: Vec::with_capacity(job.points * job.outputs.len()),
            coefficients: Vec::with_capacity(job.shape().iter().product()),
            kinks: Vec::new(),
        }
    }
}

impl Sink for Collector {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        self.value.extend_from_slice(batch.value);
        self.coefficients.extend_from_slice(batch.coefficients);
        self.kinks.extend_from_slice(batch.kinks);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_may_be_sent_to_other_threads() {
        fn sent<T: Send>(_: fn(&'static Model, &'static Request) -> T) {}
        sent(expand_async);
    }

    /// On CPUs the first lanes of a convolutional network aren't the first inputs.
    #[cfg(feature = "bench")]
    #[test]
    fn some_rays_alone_are_verified() {
        let mut b = Model::builder(&[1, 9, 9]);
        let geometry = crate::model::Geometry { kernel: vec![2, 2], ..Default::default() };
        let h = b.conv(b.input(), &[1, 1, 2, 2], vec![0.5, -0.25, 1.0, 0.125], None, 1, &geometry).unwrap();
        let h = b.activation(h, crate::activation::Tanh).unwrap();
        let h = b.reshape(h, &[64]).unwrap();
        let y = b.linear(h, &[1, 64], vec![0.1; 64], None).unwrap();
        let model = b.build(y).unwrap();
        let request = Request { verify: 9, ..Request::new(vec![0.5; 81], 3) };
        let job = Job::new(&model, &request).unwrap().first_rays(20);
        let expansion = job.collect(&|_| ControlFlow::Continue(())).unwrap();
        assert!(expansion.report.verification.unwrap().deviation < 1e-12);
    }
}
