//! Cutting the work into chunks that fit the memory and keep all cores busy.

use super::Chunk;
use crate::error::{Error, Result};
use crate::plan::Plan;

/// How the work is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunking {
    /// Points per batch: what is written at once.
    pub batch: usize,
    /// Points per chunk.
    pub samples: usize,
    /// Rays or outputs per chunk.
    pub lanes: usize,
    /// How many rays or outputs in a row may be in one chunk, or all of these.
    together: usize,
    /// Chunks that run at once.
    pub workers: usize,
    /// Bytes that all this takes at most.
    pub bytes: u64,
}

/// Sizes of the work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Number of points.
    pub points: usize,
    /// Rays or outputs of each.
    pub lanes: usize,
    /// So many in a row may be in one chunk.
    pub together: usize,
    /// Whether they have to be: see [`Plan::weights`].
    pub whole: bool,
    /// Bytes per number in the kernels.
    pub scalar: u64,
    /// Bytes of results per point and lane.
    pub lane_result: u64,
    /// As many of them as are kept until their batch is complete.
    pub lane_kept: u64,
    /// Bytes of results per point besides.
    pub point_result: u64,
    /// Bytes that are taken as long as the work goes on, besides weights.
    pub kept: u64,
    /// Series that a chunk should have.
    pub series: usize,
    /// Bytes allowed.
    pub budget: u64,
    /// Cores.
    pub cores: usize,
}

impl Chunking {
    /// `fits` tells whether a chunk of so many points and lanes stays within a device's limits.
    pub fn new(plan: &Plan, work: &Work, fits: &dyn Fn(usize, usize) -> bool) -> Result<Self> {
        let kept = plan.weights().saturating_mul(work.scalar).saturating_add(work.kept);
        // Results of a chunk may wait to be delivered while the worker computes the next one.
        let chunk_bytes = |samples: usize, lanes: usize| {
            let results = work.lane_result.saturating_mul(2 * (samples * lanes) as u64);
            plan.elements(samples, lanes).saturating_mul(work.scalar).saturating_add(results)
        };
        let point_bytes = work.lane_kept.saturating_mul(work.lanes as u64).saturating_add(work.point_result);
        let fewest = if work.whole { work.together } else { 1 };
        // At the least: one point's results and one worker with the smallest chunk.
        let smallest = chunk_bytes(1, fewest);
        let least = kept.saturating_add(point_bytes).saturating_add(smallest);
        if least > work.budget {
            return Err(Error::Memory { needed: least, allowed: work.budget });
        }
        let room = work.budget - kept - point_bytes;
        let fit = usize::try_from(room / smallest.max(1)).unwrap_or(usize::MAX);
        let workers = work.cores.min(fit).max(1);
        // Half of the room for the workers' chunks (all of it if they need it), the rest for results in a batch.
        let share = (room / 2 / workers as u64).max(smallest);
        let mut lanes = work.together.min(work.series).max(fewest);
        let mut samples = (work.series / lanes).clamp(1, work.points);
        let pieces = |lanes: usize| chunks(work.lanes, work.together) * chunks(work.together, lanes);
        // Few chunks: smaller ones, so that no core is idle.
        let divisible = |samples: usize, lanes: usize| samples > 1 || lanes > fewest;
        while samples * lanes > 8
            && divisible(samples, lanes)
            && chunks(work.points, samples) * pieces(lanes) < 2 * workers
        {
            halve(&mut samples, &mut lanes);
        }
        while (chunk_bytes(samples, lanes) > share || !fits(samples, lanes)) && divisible(samples, lanes) {
            halve(&mut samples, &mut lanes);
        }
        let chunks_bytes = chunk_bytes(samples, lanes).saturating_mul(workers as u64);
        let room = room.saturating_sub(chunks_bytes);
        let batch = usize::try_from(1 + room / point_bytes.max(1)).unwrap_or(usize::MAX);
        // Enough chunks in a batch for all workers, but results soon enough.
        let chunks_per_samples = pieces(lanes);
        let useful = (32 * workers).div_ceil(chunks_per_samples) * samples;
        let batch = batch.min(useful).min(work.points).max(1);
        let samples = samples.min(batch);
        let chunks_bytes = chunk_bytes(samples, lanes).saturating_mul(workers as u64);
        let bytes =
            kept.saturating_add(point_bytes.saturating_mul(batch as u64)).saturating_add(chunks_bytes);
        Ok(Self { batch, samples, lanes, together: work.together, workers, bytes })
    }

    /// Multiplications and additions of so many points and lanes, about.
    pub fn flops(&self, plan: &Plan, points: usize, lanes: usize) -> f64 {
        let chunks = points as f64 / self.samples as f64 * lanes as f64 / self.lanes as f64;
        plan.flops(self.samples, self.lanes) * chunks
    }

    /// The chunks of a batch of points.
    pub fn chunks(&self, points: std::ops::Range<usize>, lanes: usize) -> Vec<Chunk> {
        let mut all = Vec::new();
        for first in points.clone().step_by(self.samples) {
            let points = first..points.end.min(first + self.samples);
            // What belongs together in the innermost loop: such chunks may have something in common.
            let together = self.together.min(lanes).max(1);
            for lane in (0..together).step_by(self.lanes) {
                let end = together.min(lane + self.lanes);
                for start in (0..lanes).step_by(together) {
                    all.push(Chunk::ahead(points.clone(), start + lane..lanes.min(start + end)));
                }
            }
        }
        all
    }
}

fn chunks(total: usize, size: usize) -> usize {
    total.div_ceil(size)
}

fn halve(samples: &mut usize, lanes: &mut usize) {
    if *samples > 1 {
        *samples = samples.div_ceil(2);
    } else {
        *lanes = lanes.div_ceil(2);
    }
}
