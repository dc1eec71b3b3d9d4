//! What a device is measured with, by `hope bench`.

use std::sync::Arc;

use super::{BoxFuture, Chunk, Effort, Source, Spread};
use crate::error::Result;
use crate::plan::Plan;
use crate::scalar::Precision;

/// The most that a device does, as measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Multiplications and additions per second.
    pub flops: f64,
    /// Bytes per second, read and written.
    pub bytes: f64,
}

/// A plan whose last step is to be measured alone, on what the steps before it leave.
#[derive(Clone, Debug)]
pub struct StepWork<'a> {
    /// The plan.
    pub plan: Arc<Plan>,
    /// A chunk of it.
    pub chunk: Chunk,
    /// What it reads.
    pub source: Source<'a>,
    /// The number type.
    pub precision: Precision,
    /// Threads of the processor, each of which has a chunk of its own.
    pub threads: usize,
}

/// Time of a step alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepTime {
    /// Seconds of a run.
    pub seconds: Spread,
    /// Chunks that run at once in these seconds.
    pub at_once: usize,
    /// Whether it is the kernel's own time; else it includes submitting and waiting.
    pub on_device: bool,
}

/// Measures a device.
pub trait Instruments {
    /// What it can do at most, found within about so many seconds.
    ///
    /// # Errors
    /// If it fails, or computes wrong numbers.
    fn peak(&self, precision: Precision, threads: usize, seconds: f64) -> BoxFuture<'_, Result<Peak>>;

    /// Time of a plan's last step.
    ///
    /// # Errors
    /// If it can't run.
    fn last_step<'a>(&'a self, work: &'a StepWork<'a>, effort: Effort) -> BoxFuture<'a, Result<StepTime>>;
}
