//! A plan on all threads: chunks side by side, or a chunk's matrix products where there are fewer chunks than threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use faer::Par;

use super::executor::{Arena, CpuExecutor};
use crate::backend::{BoxFuture, Chunk, ChunkResult, Deliver, Executor, KernelTime, Opening, Run, Source};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::threads::{self, Threads};

/// Operations below which one thread is done before others have begun.
const PARALLEL: f64 = 1e6;

/// A [`CpuExecutor`] with threads.
///
/// Results don't depend on the number of threads: each chunk's are computed in the same order of operations by whatever thread takes it.
#[derive(Debug)]
pub(super) struct Pool<T> {
    executor: CpuExecutor<T>,
    threads: Arc<Threads>,
    /// Buffers of the chunks that run at once, kept for the next.
    arenas: Mutex<Vec<Arena<T>>>,
    /// Number of runs, several of which may go on at once.
    runs: AtomicU64,
    /// Seconds of each step, and how often it ran, if they are to be measured.
    profile: Option<Mutex<Vec<(u64, f64)>>>,
}

impl<T: Scalar> Pool<T> {
    pub fn new(opening: Opening) -> Self {
        let Opening { plan, threads, profile, .. } = opening;
        let profile = profile.then(|| Mutex::new(vec![(0, 0.0); plan.steps.len()]));
        Self {
            executor: CpuExecutor::new(plan),
            threads,
            arenas: Mutex::default(),
            runs: AtomicU64::new(0),
            profile,
        }
    }

    async fn run_all(&self, run: Run<'_>, deliver: Deliver<'_>) -> Result<()> {
        let Run { chunks, source, at_once } = run;
        let Some(first) = chunks.first() else { return Ok(()) };
        let workers = at_once.clamp(1, self.threads.count());
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let each = self.executor.plan().flops(first.points.len(), first.lanes.len());
        if workers == 1 || each * (chunks.len() as f64) < PARALLEL {
            for chunk in chunks {
                deliver(chunk, self.run_one(number, chunk, source, Par::Seq)?)?;
                threads::breathe().await;
            }
            return Ok(());
        }
        // So few chunks that cores would be idle: let the matrix products use them.
        #[cfg(not(target_family = "wasm"))]
        let parallel = if chunks.len() < workers { Par::rayon(workers) } else { Par::Seq };
        #[cfg(target_family = "wasm")]
        let parallel = Par::Seq;
        // Chunks in groups, so that no more than a group's results wait to be delivered, and no more run at once than may.
        let group = if workers < self.threads.count() { workers } else { 2 * workers };
        for group in chunks.chunks(group) {
            let each = |chunk: &Chunk| self.run_one(number, chunk, source, parallel);
            let results = self.threads.install(|| self.threads.map(group, each))??;
            for (chunk, result) in group.iter().zip(results) {
                deliver(chunk, result)?;
            }
        }
        Ok(())
    }

    fn run_one(&self, run: u64, chunk: &Chunk, source: Source, parallel: Par) -> Result<ChunkResult> {
        let arenas = || self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arena = arenas().pop().unwrap_or_default();
        arena.serve(run);
        let result = match &self.profile {
            None => self.executor.run(chunk, source, &mut arena, parallel),
            Some(profile) => {
                self.executor.run_timed(chunk, source, &mut arena, parallel).map(|(result, seconds)| {
                    let mut profile = profile.lock().unwrap_or_else(PoisonError::into_inner);
                    for ((count, total), seconds) in profile.iter_mut().zip(seconds) {
                        *count += u64::from(seconds.is_some());
                        *total += seconds.unwrap_or(0.0);
                    }
                    result
                })
            }
        };
        arenas().push(arena);
        result
    }
}

impl<T: Scalar> Executor for Pool<T> {
    fn run<'a>(&'a self, run: Run<'a>, deliver: Deliver<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run_all(run, deliver))
    }

    fn take_times(&self) -> Vec<KernelTime> {
        let Some(profile) = &self.profile else { return Vec::new() };
        let mut profile = profile.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times = Vec::new();
        for (step, measured) in self.executor.plan().steps.iter().zip(profile.iter_mut()) {
            let (dispatches, seconds) = std::mem::take(measured);
            KernelTime::merge(
                &mut times,
                vec![KernelTime { kernel: step.kernel.name().into_owned(), dispatches, seconds }],
            );
        }
        times.retain(|time| time.dispatches > 0);
        times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        times
    }
}
