//! Time per kernel, by timestamp queries where the device has them.

use std::collections::BTreeMap;

use wgpu::BufferUsages;

use super::Engine;
use crate::backend::KernelTime;
use crate::error::Result;

/// Timestamps at both ends of each of some compute passes.
#[derive(Debug)]
pub(super) struct Timestamps {
    sets: Vec<wgpu::QuerySet>,
    resolved: wgpu::Buffer,
    passes: usize,
}

/// Passes that one query set has room for.
const PASSES_PER_SET: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// Bytes of a timestamp.
const STAMP: u64 = wgpu::QUERY_SIZE as u64;

impl Timestamps {
    /// Queries for a number of passes; nothing, if the device has none.
    pub async fn new(engine: &Engine, passes: usize) -> Result<Option<Self>> {
        if passes == 0 || !engine.has_timestamps() {
            return Ok(None);
        }
        let set = |first: usize| {
            engine.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("hope times"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * (passes - first).min(PASSES_PER_SET) as u32,
            })
        };
        let sets = (0..passes).step_by(PASSES_PER_SET).map(set).collect();
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let resolved = engine.buffer("hope times", 2 * STAMP * passes as u64, usage).await?;
        Ok(Some(Self { sets, resolved, passes }))
    }

    /// Where a pass writes its times.
    pub fn writes(&self, pass: usize) -> wgpu::ComputePassTimestampWrites<'_> {
        let first = 2 * (pass % PASSES_PER_SET) as u32;
        wgpu::ComputePassTimestampWrites {
            query_set: &self.sets[pass / PASSES_PER_SET],
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }

    /// Copies all times to a buffer.
    pub fn read_into(&self, encoder: &mut wgpu::CommandEncoder, staging: &wgpu::Buffer, offset: u64) {
        for (i, set) in self.sets.iter().enumerate() {
            let first = i * PASSES_PER_SET;
            let count = 2 * (self.passes - first).min(PASSES_PER_SET) as u32;
            // A whole set is a multiple of the alignment that resolving asks for.
            encoder.resolve_query_set(set, 0..count, &self.resolved, 2 * STAMP * first as u64);
        }
        encoder.copy_buffer_to_buffer(&self.resolved, 0, staging, offset, self.bytes());
    }

    /// Bytes of all times.
    pub fn bytes(&self) -> u64 {
        2 * STAMP * self.passes as u64
    }
}

/// Times added up over chunks.
#[derive(Debug, Default)]
pub(super) struct Profile(BTreeMap<String, (u64, f64)>);

impl Profile {
    /// Adds a dispatch.
    pub fn add(&mut self, kernel: String, seconds: f64) {
        let (dispatches, total) = self.0.entry(kernel).or_default();
        *dispatches += 1;
        *total += seconds;
    }

    /// All kernels, the slowest first; empties the profile.
    pub fn take(&mut self) -> Vec<KernelTime> {
        let mut times: Vec<_> = std::mem::take(&mut self.0)
            .into_iter()
            .map(|(kernel, (dispatches, seconds))| KernelTime { kernel, dispatches, seconds })
            .collect();
        times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        times
    }
}
