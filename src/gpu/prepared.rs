//! Expanding inside another application: its device, its encoder, its buffers.

use std::sync::Arc;

use super::combine::Combine;
use super::program::{Program, Weights};
use super::{Engine, GpuExecutor};
use crate::backend::{Chunk, Source};
use crate::error::{Error, Result};
use crate::kernel::Layout;
use crate::model::Model;
use crate::monomials::{self, Groups};
use crate::plan::{Kernels, Method, Plan, Rays, Target, ValueId};
use crate::rays::Directions;

/// A model prepared on a GPU for batches of one size: weights uploaded, pipelines compiled, buffers made.
///
/// [`Self::record`] goes into the host's command encoder, from a buffer of the host's with points to a buffer of the host's
/// with coefficients; nothing waits and nothing is mapped. See `examples/embed.rs`. Coefficients come in f32, as they are: where they leave it in the
/// inputs' unit, give directions of another length, as r v, whose c_k are r^k times as large; nothing here checks points and results either. For points and results in the processor's memory take
/// [`crate::Prepared`].
#[derive(Debug)]
pub struct Prepared {
    plan: Plan,
    program: Program,
    result: ValueId,
    points: usize,
    lanes: usize,
    mixed: Option<Combine>,
}

impl Prepared {
    /// Prepares the exact coefficients along directions that are the same for all points, all of a batch at once.
    ///
    /// # Errors
    /// If the device's limits don't allow so large a batch, the order exceeds 16, or memory doesn't suffice.
    pub async fn exact(
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
        let plan = Plan::exact(model, order, rays, Kernels::Portable)?;
        let result = plan.output;
        Self::new(engine, plan, result, points, directions.len(), Some(directions), &[]).await
    }

    /// Prepares all mixed coefficients in the inputs, or in the coordinates of a subspace with the directions `basis`,
    /// `[variables, inputs]`; in the order of [`monomials::exponents`].
    ///
    /// # Errors
    /// As [`Self::exact`], and if there are too many terms.
    pub async fn mixed(
        engine: &Arc<Engine>,
        model: &Model,
        order: usize,
        points: usize,
        basis: Option<&[f64]>,
    ) -> Result<Self> {
        let inputs = model.inputs();
        if let Some(rows) = basis {
            Directions::Shared { inputs, rows: rows.to_vec() }.check(points, inputs)?;
        }
        let variables = basis.map_or(inputs, |rows| rows.len() / inputs);
        let terms = monomials::check_count(variables, order)?;
        let groups = Arc::new(Groups::new(variables, order, usize::MAX)?);
        let plan = Plan::mixed(model, groups.monomials().clone(), Kernels::Portable)?;
        let basis = basis.map(<[f64]>::to_vec);
        let directions = Directions::Spanned { groups: groups.clone(), basis, inputs };
        let (result, lanes) = (plan.output, groups.len());
        let mut prepared = Self::new(engine, plan, result, points, lanes, Some(&directions), &[]).await?;
        let series = prepared.program.buffer(&prepared.plan, result);
        let layout = prepared.plan.layout(result, points, lanes);
        prepared.mixed = Some(Combine::new(engine, &groups, terms, series, layout).await?);
        Ok(prepared)
    }

    /// Prepares the published rule: unmixed coefficients of all outputs along all inputs.
    ///
    /// # Errors
    /// As [`Self::exact`], and if the rule has no answer for an operator.
    pub async fn hope(engine: &Arc<Engine>, model: &Model, order: usize, points: usize) -> Result<Self> {
        let plan = Plan::hope(model, order, &Target::Input, Kernels::Portable)?;
        let outputs: Vec<usize> = (0..model.outputs()).collect();
        let result = plan.adjoints[0];
        Self::new(engine, plan, result, points, outputs.len(), None, &outputs).await
    }

    /// Prepares gradients along directions that are the same for all points, by all inputs at once: `order` coefficients from t^0 on, of each of the
    /// selected outputs along each direction.
    ///
    /// # Errors
    /// As [`Self::exact`], and if there is no such output.
    pub async fn gradient(
        engine: &Arc<Engine>,
        model: &Model,
        order: usize,
        points: usize,
        directions: &Directions,
        outputs: &[usize],
    ) -> Result<Self> {
        directions.check(points, model.inputs())?;
        model.count_outputs(Some(outputs))?;
        let plan = Plan::gradient(model, order, Kernels::Portable)?;
        let result = plan.adjoints[0];
        let lanes = outputs.len().saturating_mul(directions.len());
        Self::new(engine, plan, result, points, lanes, Some(directions), outputs).await
    }

    async fn new(
        engine: &Arc<Engine>,
        plan: Plan,
        result: ValueId,
        points: usize,
        lanes: usize,
        directions: Option<&Directions>,
        outputs: &[usize],
    ) -> Result<Self> {
        GpuExecutor::check(engine, &plan)?;
        if points == 0 || lanes == 0 || !GpuExecutor::fits(engine, &plan, points, lanes) {
            let cause = format!(
                "a batch of {points} points with {lanes} series each exceeds the device's limits: prepare a smaller one"
            );
            return Err(Error::Batch { points, cause });
        }
        let weights = Weights::new(engine, &plan).await?;
        let program = Program::new(engine, &plan, &weights, points, lanes).await?;
        // What stays the same from batch to batch is written now: rays, or the outputs' adjoints.
        let origin = vec![0.0; plan.values[plan.input.0].units * points];
        let source = Source { points: &origin, directions, outputs, radii: None, weights: None };
        let chunk = Chunk::ahead(0..points, 0..lanes);
        program.upload(engine, &plan, &chunk, source).await?;
        Ok(Self { plan, program, result, points, lanes, mixed: None })
    }

    /// Records one batch: reads `[points, inputs]` f32 from the start of `input`, writes the coefficients in f32 to
    /// the start of `output`.
    ///
    /// [`Self::mixed`] writes `[points, outputs, terms]`, the others as [`Self::output_layout`] says. `input` needs the
    /// usage `COPY_SRC`, `output` `COPY_DST`. Commands recorded before see the old coefficients, those recorded after
    /// the new ones, as with every pass. One `Prepared` may be recorded many times.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder, input: &wgpu::Buffer, output: &wgpu::Buffer) {
        let inputs = self.plan.values[self.plan.input.0].units;
        let bytes = 4 * (self.points * inputs) as u64;
        encoder.copy_buffer_to_buffer(input, 0, self.program.buffer(&self.plan, self.plan.input), 0, bytes);
        self.program.record(encoder);
        let from = match &self.mixed {
            None => self.program.buffer(&self.plan, self.result),
            Some(combine) => {
                combine.record(encoder);
                &combine.result
            }
        };
        encoder.copy_buffer_to_buffer(from, 0, output, 0, self.output_bytes());
    }

    /// How the coefficients along rays, gradients, or those by the published rule lie in the output buffer.
    ///
    /// Exact: `[points, outputs]` values, then for each order up to the layout's degree `[points, rays, outputs]`.
    /// Gradients: for each coefficient from t^0 on `[points, outputs, rays, inputs]`. Published rule: for each order `[points, outputs, inputs]`. Orders above the degree are zero and not stored.
    pub fn output_layout(&self) -> Layout {
        self.plan.layout(self.result, self.points, self.lanes)
    }

    /// Bytes that `output` needs.
    pub fn output_bytes(&self) -> u64 {
        let length = self.mixed.as_ref().map_or_else(|| self.output_layout().len(), |mixed| mixed.length);
        4 * length as u64
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.plan.method
    }
}
