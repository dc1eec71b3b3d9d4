//! A plan on a device, and going on where the device fails: smaller chunks when memory is short, a new device when it was lost. And
//! where numbers do: more orders, when some get lost on the way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Chunk, ChunkResult, Deliver, Device, Executor, KernelTime, Opening, Run};
use crate::error::{Error, Result};
use crate::plan::Deeper;

/// Takes the results of chunks, and those that have none.
#[cfg(not(target_family = "wasm"))]
pub(crate) type TakeWithGaps<'a> = &'a mut (dyn FnMut(&Chunk, Option<ChunkResult>) -> Result<()> + Send);
/// Takes the results of chunks, and those that have none.
#[cfg(target_family = "wasm")]
pub(crate) type TakeWithGaps<'a> = &'a mut dyn FnMut(&Chunk, Option<ChunkResult>) -> Result<()>;

/// A plan on a device, opened at the first run and kept.
#[derive(Debug)]
pub(crate) struct Runner {
    opening: Opening,
    deeper: Option<Deeper>,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    device: Device,
    /// How often it was replaced: of several threads that lose it at once, one replaces it.
    replaced: usize,
    executor: Option<Arc<dyn Executor>>,
    /// Times that replaced executors have measured.
    times: Vec<KernelTime>,
}

impl Runner {
    /// For a plan that the device can run.
    pub fn new(device: Device, opening: Opening) -> Self {
        Self {
            opening,
            deeper: None,
            now: Mutex::new(Now { device, replaced: 0, executor: None, times: Vec::new() }),
        }
    }

    /// With what to do where orders get lost.
    pub fn or_deeper(self, deeper: Option<Deeper>) -> Self {
        Self { deeper, ..self }
    }

    /// What it was opened for.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Runs chunks and delivers their results. They come in order, until memory is short and chunks are cut.
    pub async fn run(&self, run: Run<'_>, deliver: Deliver<'_>) -> Result<()> {
        let mut open = run.chunks.to_vec();
        let mut reopened = false;
        loop {
            let mut delivered = 0;
            let mut count = |chunk: &Chunk, result| {
                delivered += 1;
                deliver(chunk, result)
            };
            let replaced = self.now().replaced;
            let result = match self.executor().await {
                Ok(executor) => executor.run(Run { chunks: &open, ..run }, &mut count).await,
                Err(error) => Err(error),
            };
            open.drain(..delivered);
            match result {
                Err(Error::DeviceMemory { .. }) if open.iter().any(Chunk::is_divisible) => {
                    tracing::warn!("the device's memory is short: trying again with smaller chunks");
                    open = open.into_iter().flat_map(Chunk::halves).collect();
                }
                Err(Error::DeviceLost { reason, .. }) if !reopened => {
                    reopened = true;
                    self.reopen(replaced).await?;
                    tracing::warn!("the device was lost ({reason}): going on with a new one");
                }
                Err(error @ Error::NonFinite { .. }) => {
                    return self.run_deeper(open, run, error, deliver).await;
                }
                result => return result,
            }
        }
    }

    /// Runs chunks of which some may have no series, as where the network jumps: `take` gets each with its result, in order, or, cut to a single
    /// series, without one.
    pub async fn run_with_gaps(&self, run: Run<'_>, take: TakeWithGaps<'_>) -> Result<()> {
        let mut open: VecDeque<Chunk> = run.chunks.to_vec().into();
        let mut together = open.len();
        while !open.is_empty() {
            let chunks: Vec<Chunk> = open.iter().take(together).cloned().collect();
            // Of the first chunk that is open: series that came in parts, as memory was short.
            let mut series = 0;
            let mut deliver = |chunk: &Chunk, result| {
                series += chunk.points.len() * chunk.lanes.len();
                if open.front().is_some_and(|first| series == first.points.len() * first.lanes.len()) {
                    open.pop_front();
                    series = 0;
                }
                take(chunk, Some(result))
            };
            match self.run(Run { chunks: &chunks, ..run }, &mut deliver).await {
                Ok(()) => together = together.saturating_mul(2),
                Err(Error::NonFinite { .. }) if together > 1 => together /= 2,
                Err(Error::NonFinite { .. }) => {
                    let Some(chunk) = open.pop_front() else { continue };
                    if chunk.is_divisible() {
                        chunk.halves().into_iter().rev().for_each(|half| open.push_front(half));
                    } else {
                        take(&chunk, None)?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Runs the chunks that are left once more, with more orders; if that doesn't help either, it is the first error.
    async fn run_deeper(
        &self,
        mut open: Vec<Chunk>,
        run: Run<'_>,
        error: Error,
        deliver: Deliver<'_>,
    ) -> Result<()> {
        let Some(deeper) = &self.deeper else { return Err(error) };
        let device = self.now().device.clone();
        let order = self.opening.plan.order;
        for more in deeper.attempts(device.backend().abilities().max_order) {
            let Some(plan) = deeper.plan(more) else { break };
            tracing::debug!(more, "orders get lost: trying again with more");
            let opening = Opening { plan: Arc::new(plan), ..self.opening.clone() };
            let executor = device.backend().open(opening).await?;
            // As many coefficients at once as before.
            for _ in 0..(order + 1 + more).div_ceil(order + 1).ilog2() {
                open = open.into_iter().flat_map(Chunk::halves).collect();
            }
            let mut delivered = 0;
            let mut count = |chunk: &Chunk, result| {
                delivered += 1;
                deliver(chunk, result)
            };
            let result = executor.run(Run { chunks: &open, ..run }, &mut count).await;
            open.drain(..delivered);
            match result {
                Err(Error::NonFinite { .. }) => {}
                result => return result,
            }
        }
        Err(error)
    }

    /// Times measured since the last call, the slowest kernel first.
    pub fn take_times(&self) -> Vec<KernelTime> {
        let mut now = self.now();
        let mut times = std::mem::take(&mut now.times);
        if let Some(executor) = &now.executor {
            KernelTime::merge(&mut times, executor.take_times());
        }
        times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        times
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn executor(&self) -> Result<Arc<dyn Executor>> {
        let device = {
            let now = self.now();
            if let Some(executor) = &now.executor {
                return Ok(executor.clone());
            }
            now.device.clone()
        };
        let executor = device.backend().open(self.opening.clone()).await?;
        Ok(self.now().executor.insert(executor).clone())
    }

    /// Replaces the device, unless that has been done since it had been replaced so often.
    async fn reopen(&self, replaced: usize) -> Result<()> {
        let lost = {
            let now = self.now();
            if now.replaced != replaced {
                return Ok(());
            }
            now.device.clone()
        };
        let device = lost.backend().reopen().await?;
        let mut now = self.now();
        if now.replaced != replaced {
            return Ok(());
        }
        now.replaced += 1;
        if let Some(executor) = now.executor.take() {
            KernelTime::merge(&mut now.times, executor.take_times());
        }
        now.device = device;
        Ok(())
    }
}
