//! The plain forward pass on a GPU: the network's values without any coefficients.

use std::sync::Arc;

use super::{Engine, GpuExecutor};
use crate::error::{Error, Result};
use crate::executor::{Chunk, ChunkResult, Executor, Source};
use crate::model::Model;
use crate::plan::Plan;

/// Points that are computed together at most.
const TOGETHER: usize = 4096;

/// A network prepared to be run on a GPU, in f32.
#[derive(Debug)]
pub struct GpuForward {
    executor: GpuExecutor,
    inputs: usize,
    outputs: Vec<usize>,
    /// Points that are computed together at most.
    together: usize,
}

impl GpuForward {
    /// Uploads the weights.
    ///
    /// # Errors
    /// If the device can't run the network or its memory doesn't suffice.
    pub async fn new(engine: &Arc<Engine>, model: &Model) -> Result<Self> {
        let plan = Plan::forward(model);
        GpuExecutor::check(engine, &plan)?;
        let mut together = TOGETHER;
        while together > 1 && !GpuExecutor::fits(engine, &plan, together, 1) {
            together /= 2;
        }
        let executor = GpuExecutor::new(engine.clone(), plan, false).await?;
        Ok(Self { executor, inputs: model.inputs(), outputs: (0..model.outputs()).collect(), together })
    }

    /// The outputs at points `[points, inputs]`: `[points, outputs]`.
    ///
    /// # Errors
    /// If the numbers are no points, a value is not finite, or the device fails.
    pub async fn run(&mut self, points: &[f64]) -> Result<Vec<f64>> {
        if points.is_empty() || !points.len().is_multiple_of(self.inputs) {
            return Err(Error::Request(format!(
                "the model takes {} numbers per point, but {} were given",
                self.inputs,
                points.len()
            )));
        }
        let count = points.len() / self.inputs;
        let chunk = |first: usize| Chunk { points: first..count.min(first + self.together), lanes: 0..1 };
        let chunks: Vec<Chunk> = (0..count).step_by(self.together).map(chunk).collect();
        let source = Source { points, directions: None, outputs: &self.outputs };
        let mut values = Vec::with_capacity(count * self.outputs.len());
        let mut deliver = |_: &Chunk, result: ChunkResult| {
            values.extend(result.value);
            Ok(())
        };
        self.executor.run(&chunks, source, &mut deliver).await?;
        Ok(values)
    }
}
