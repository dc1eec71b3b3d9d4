//! Results in memory: a [`Sink`] that keeps all batches.

use super::job::{Job, OnProgress};
use super::results::{Batch, Expansion, Sink};
use crate::error::Result;

impl Job<'_> {
    /// Runs it, waits and collects the result in memory. `progress` is called after each chunk; it may break to stop.
    ///
    /// # Errors
    /// If there is no room for the result in the memory that is allowed, numbers overflow, or `progress` breaks.
    pub fn collect(&self, progress: OnProgress) -> Result<Expansion> {
        pollster::block_on(self.collect_async(progress))
    }

    /// Bytes of all results together.
    fn result_bytes(&self) -> u64 {
        let coefficients = self.shape().iter().product::<usize>() as u64; // counted before
        let errors = if self.is_estimate() { self.outputs().len() } else { 0 };
        let each = (self.outputs().len() + errors + self.kink_distances()) as u64;
        let numbers = coefficients.saturating_add(each.saturating_mul(self.points() as u64));
        numbers.saturating_mul(8).saturating_add(self.exponents().len() as u64)
    }

    /// [`Self::collect`] without blocking for a GPU.
    ///
    /// # Errors
    /// As [`Self::collect`].
    pub async fn collect_async(&self, progress: OnProgress<'_>) -> Result<Expansion> {
        let chunking = self.chunking_beside(self.result_bytes())?;
        let mut collector = Collector::new(self);
        let report = self.run_cut(&chunking, &mut collector, progress).await?;
        Ok(Expansion {
            terms: self.request().terms.kind(),
            points: self.coordinates().to_vec(),
            value: collector.value,
            coefficients: collector.coefficients,
            errors: collector.errors,
            shape: self.shape(),
            kinks: collector.kinks,
            exponents: self.exponents().to_vec(),
            report,
        })
    }
}

/// What came so far.
struct Collector {
    value: Vec<f64>,
    coefficients: Vec<f64>,
    errors: Vec<f64>,
    kinks: Vec<f64>,
}

impl Collector {
    fn new(job: &Job) -> Self {
        Self {
            value: Vec::with_capacity(job.points() * job.outputs().len()),
            coefficients: Vec::with_capacity(job.shape().iter().product()),
            errors: Vec::new(),
            kinks: Vec::new(),
        }
    }
}

impl Sink for Collector {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        self.value.extend_from_slice(batch.value);
        self.coefficients.extend_from_slice(batch.coefficients);
        self.errors.extend_from_slice(batch.errors);
        self.kinks.extend_from_slice(batch.kinks);
        Ok(())
    }
}
