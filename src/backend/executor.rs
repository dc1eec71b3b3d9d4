//! Running a plan: what a backend makes of it.

use std::fmt;
use std::sync::Arc;

use super::{BoxFuture, Chunk, Deliver, Device, KernelTime, Shared, Source};
use crate::error::Result;
use crate::plan::Plan;
use crate::scalar::Precision;
use crate::threads::Threads;

/// Where and how to compute.
#[derive(Clone, Debug)]
pub struct Place {
    /// The device.
    pub device: Device,
    /// The number type.
    pub precision: Precision,
    /// Threads of the processor; none: [`crate::threads::default_count`].
    pub threads: Option<usize>,
    /// Bytes of memory for the work; none: half of the free memory.
    pub memory: Option<u64>,
}

impl Default for Place {
    /// On the processor in f64.
    fn default() -> Self {
        Self { device: Device::default(), precision: Precision::F64, threads: None, memory: None }
    }
}

/// What an executor is opened for.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The number type.
    pub precision: Precision,
    /// The processor's threads.
    pub threads: Arc<Threads>,
    /// Whether to measure the time of each kernel.
    pub profile: bool,
}

/// Chunks to run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The chunks, in the order of their results.
    pub chunks: &'a [Chunk],
    /// What they read.
    pub source: Source<'a>,
    /// How many may be under way at once, for the sake of memory.
    pub at_once: usize,
}

/// A plan ready to run; several threads may do so at once.
pub trait Executor: fmt::Debug + Shared {
    /// Runs chunks and delivers their results in order.
    ///
    /// # Errors
    /// If numbers overflow, the device fails, or `deliver` does.
    fn run<'a>(&'a self, run: Run<'a>, deliver: Deliver<'a>) -> BoxFuture<'a, Result<()>>;

    /// Times measured since the last call, the slowest kernel first; none, if none were asked for or the device has no clock.
    fn take_times(&self) -> Vec<KernelTime>;
}
