//! Going on where a GPU fails: smaller chunks when memory is short, a new device when it was lost.

use std::sync::Arc;

use super::profile::Profile;
use super::{Engine, GpuExecutor};
use crate::error::{Error, Result};
use crate::executor::{Chunk, Deliver, Executor, KernelTime, Source};
use crate::plan::Plan;

/// A [`GpuExecutor`] that keeps what is finished and tries the rest again.
#[derive(Debug)]
pub struct ResilientExecutor {
    plan: Plan,
    timed: bool,
    engine: Arc<Engine>,
    executor: Option<GpuExecutor>,
    reopened: bool,
    profile: Profile,
}

impl ResilientExecutor {
    /// Prepares a plan; the device is used at the first run. `timed` as for [`GpuExecutor::new`].
    pub fn new(engine: Arc<Engine>, plan: Plan, timed: bool) -> Self {
        Self { plan, timed, engine, executor: None, reopened: false, profile: Profile::default() }
    }
}

impl Executor for ResilientExecutor {
    async fn run(&mut self, chunks: &[Chunk], source: Source<'_>, deliver: Deliver<'_>) -> Result<()> {
        persist(self, chunks, source, deliver).await
    }

    fn take_times(&mut self) -> Vec<KernelTime> {
        self.profile.take()
    }
}

/// What may fail and be tried again.
trait Attempt {
    /// Runs chunks; some may be delivered before it fails.
    async fn attempt(&mut self, chunks: &[Chunk], source: Source<'_>, deliver: Deliver<'_>) -> Result<()>;

    /// Replaces a lost device, if it still may; says whether it did.
    async fn reopen(&mut self) -> Result<bool>;
}

impl Attempt for ResilientExecutor {
    async fn attempt(&mut self, chunks: &[Chunk], source: Source<'_>, deliver: Deliver<'_>) -> Result<()> {
        let executor = match &mut self.executor {
            Some(executor) => executor,
            none => {
                let executor = GpuExecutor::new(self.engine.clone(), self.plan.clone(), self.timed).await?;
                none.insert(executor)
            }
        };
        let result = executor.run(chunks, source, deliver).await;
        self.profile.merge(executor.take_times());
        result
    }

    async fn reopen(&mut self) -> Result<bool> {
        if self.reopened {
            return Ok(false);
        }
        self.engine = Arc::new(self.engine.reopen().await?);
        self.executor = None;
        self.reopened = true;
        Ok(true)
    }
}

/// Tries until all chunks are delivered or nothing helps.
async fn persist(
    worker: &mut impl Attempt,
    chunks: &[Chunk],
    source: Source<'_>,
    deliver: Deliver<'_>,
) -> Result<()> {
    let mut open = chunks.to_vec();
    loop {
        let mut delivered = 0;
        let mut count = |chunk: &Chunk, result| {
            delivered += 1;
            deliver(chunk, result)
        };
        let result = worker.attempt(&open, source, &mut count).await;
        open.drain(..delivered);
        match result {
            Err(Error::DeviceMemory { .. }) if open.iter().any(Chunk::is_divisible) => {
                tracing::warn!("the GPU's memory is short: trying again with smaller chunks");
                open = open.into_iter().flat_map(Chunk::halves).collect();
            }
            Err(Error::DeviceLost { device, reason }) => {
                if !worker.reopen().await? {
                    return Err(Error::DeviceLost { device, reason });
                }
                tracing::warn!("the GPU was lost ({reason}): going on with a new device");
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::ChunkResult;

    /// A device that has room for so many series, and is lost after so many chunks.
    struct Fragile {
        room: usize,
        lost_after: Option<usize>,
        reopens: usize,
    }

    impl Attempt for Fragile {
        async fn attempt(&mut self, chunks: &[Chunk], _: Source<'_>, deliver: Deliver<'_>) -> Result<()> {
            for chunk in chunks {
                if self.lost_after == Some(0) {
                    return Err(Error::DeviceLost { device: "fragile".into(), reason: "a test".into() });
                }
                if chunk.points.len() * chunk.lanes.len() > self.room {
                    return Err(Error::DeviceMemory { device: "fragile".into(), bytes: 1 });
                }
                self.lost_after = self.lost_after.map(|n| n - 1);
                deliver(chunk, ChunkResult::default())?;
            }
            Ok(())
        }

        async fn reopen(&mut self) -> Result<bool> {
            self.lost_after = None;
            self.reopens = self.reopens.wrapping_sub(1);
            Ok(self.reopens != usize::MAX)
        }
    }

    /// The series delivered, each as (point, lane), in the order of delivery.
    fn deliveries(worker: &mut Fragile, chunks: &[Chunk]) -> (Vec<(usize, usize)>, Result<()>) {
        let mut series = Vec::new();
        let mut deliver = |chunk: &Chunk, _| {
            series.extend(chunk.points.clone().flat_map(|p| chunk.lanes.clone().map(move |l| (p, l))));
            Ok(())
        };
        let source = Source { points: &[], directions: None, outputs: &[] };
        let result = pollster::block_on(persist(worker, chunks, source, &mut deliver));
        (series, result)
    }

    #[test]
    fn short_memory_means_smaller_chunks_and_a_lost_device_a_new_one() {
        let chunks = [Chunk { points: 0..3, lanes: 0..7 }, Chunk { points: 3..4, lanes: 0..7 }];
        let all: Vec<(usize, usize)> = (0..4).flat_map(|p| (0..7).map(move |l| (p, l))).collect();
        for (room, lost_after, reopens) in [(100, None, 0), (7, None, 0), (2, Some(3), 1), (1, Some(0), 1)] {
            let (mut series, result) = deliveries(&mut Fragile { room, lost_after, reopens }, &chunks);
            assert!(result.is_ok(), "room for {room}: {result:?}");
            series.sort_unstable();
            assert_eq!(series, all, "each once");
        }
        let (_, result) = deliveries(&mut Fragile { room: 0, lost_after: None, reopens: 0 }, &chunks);
        assert!(matches!(result, Err(Error::DeviceMemory { .. })));
        let lost = Fragile { room: 100, lost_after: Some(1), reopens: 0 };
        let (series, result) = deliveries(&mut { lost }, &chunks);
        assert!(matches!(result, Err(Error::DeviceLost { .. })));
        assert_eq!(series.len(), 21, "the finished chunk is kept");
    }
}
