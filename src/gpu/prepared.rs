//! Expanding inside another application: its device, its encoder, its buffers.

use std::sync::Arc;

use super::program::{Program, Weights};
use super::{Engine, GpuExecutor};
use crate::error::{Error, Result};
use crate::executor::{Chunk, Source};
use crate::kernels::Layout;
use crate::model::Model;
use crate::plan::{Method, Plan, Rays, Target};
use crate::rays::Directions;

/// A model prepared on a GPU for batches of one size: weights uploaded, pipelines compiled, buffers made.
///
/// [`Self::record`] goes into the host's command encoder, from a buffer of the host's with points to a buffer of the host's
/// with coefficients; nothing waits and nothing is mapped. See `examples/embed.rs`.
#[derive(Debug)]
pub struct Prepared {
    plan: Plan,
    program: Program,
    result: crate::plan::ValueId,
    points: usize,
    lanes: usize,
}

impl Prepared {
    /// Prepares the exact coefficients along directions that are the same for all points, all of a batch at once.
    ///
    /// # Errors
    /// If the device's limits don't allow so large a batch, the order exceeds 16, or memory doesn't suffice.
    pub fn exact(
        engine: &Arc<Engine>,
        model: &Model,
        order: usize,
        points: usize,
        directions: &Directions,
    ) -> Result<Self> {
        directions.check(points, model.inputs())?;
        let rays = match directions {
            Directions::Unit { .. } => Rays::Unit,
            _ => Rays::Any,
        };
        let plan = Plan::exact(model, order, rays)?;
        let result = plan.output;
        Self::new(engine, plan, result, points, directions.len(), Some(directions), &[])
    }

    /// Prepares the published rule: unmixed coefficients of all outputs along all inputs.
    ///
    /// # Errors
    /// As [`Self::exact`], and if the rule has no answer for an operator.
    pub fn hope(engine: &Arc<Engine>, model: &Model, order: usize, points: usize) -> Result<Self> {
        let plan = Plan::hope(model, order, &Target::Input)?;
        let outputs: Vec<usize> = (0..model.outputs()).collect();
        let result = plan.adjoints[0];
        Self::new(engine, plan, result, points, outputs.len(), None, &outputs)
    }

    fn new(
        engine: &Arc<Engine>,
        plan: Plan,
        result: crate::plan::ValueId,
        points: usize,
        lanes: usize,
        directions: Option<&Directions>,
        outputs: &[usize],
    ) -> Result<Self> {
        GpuExecutor::check(engine, &plan)?;
        if points == 0 || lanes == 0 || !GpuExecutor::fits(engine, &plan, points, lanes) {
            return Err(Error::Request(format!(
                "a batch of {points} points with {lanes} series each exceeds the device's limits: prepare a smaller one"
            )));
        }
        let weights = Weights::new(engine, &plan)?;
        let program = Program::new(engine, &plan, &weights, points, lanes)?;
        // What stays the same from batch to batch is written now: rays, or the outputs' adjoints.
        let origin = vec![0.0; plan.values[plan.input.0].units * points];
        let source = Source { points: &origin, directions, outputs };
        let chunk = Chunk { points: 0..points, lanes: 0..lanes };
        program.upload(engine, &plan, &chunk, source);
        Ok(Self { plan, program, result, points, lanes })
    }

    /// Records one batch: reads `[points, inputs]` f32 from the start of `input`, writes [`Self::output_layout`] f32 to
    /// the start of `output`.
    ///
    /// `input` needs the usage `COPY_SRC`, `output` `COPY_DST`. Commands recorded before see the old coefficients,
    /// those recorded after the new ones, as with every pass. One `Prepared` may be recorded many times.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder, input: &wgpu::Buffer, output: &wgpu::Buffer) {
        let inputs = self.plan.values[self.plan.input.0].units;
        let bytes = 4 * (self.points * inputs) as u64;
        encoder.copy_buffer_to_buffer(input, 0, self.program.buffer(&self.plan, self.plan.input), 0, bytes);
        self.program.record(encoder);
        let from = self.program.buffer(&self.plan, self.result);
        encoder.copy_buffer_to_buffer(from, 0, output, 0, self.output_bytes());
    }

    /// How the coefficients lie in the output buffer.
    ///
    /// Exact: `[points, outputs]` values, then for each order up to the layout's degree `[points, rays, outputs]`. Published rule:
    /// for each order `[points, outputs, inputs]`. Orders above the degree are zero and not stored.
    pub fn output_layout(&self) -> Layout {
        self.plan.layout(self.result, self.points, self.lanes)
    }

    /// Bytes that `output` needs.
    pub fn output_bytes(&self) -> u64 {
        4 * self.output_layout().len() as u64
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.plan.method
    }
}
