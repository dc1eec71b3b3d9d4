//! A plan on the GPU: buffers, bind groups and dispatches for chunks of one size.

use std::borrow::Cow;
use std::ops::Range;

use wgpu::BufferUsages;

use super::Engine;
use super::profile::Timestamps;
use crate::backend::{self, Chunk, Source};
use crate::error::{Error, Result};
use crate::kernel::dispatch::{Dispatch, GpuCall, Machine, Unsupported, parts};
use crate::kernel::linear::LinearShape;
use crate::kernel::{ConstantId, SeriesMut, Side, UnitRays};
use crate::plan::{Plan, Step, ValueId};
use crate::rays::Radii;

/// A plan's weights on the GPU, shared by all its programs.
///
/// Each constant is one buffer; the weights of a linear layer that exceed a binding are several.
#[derive(Debug)]
pub struct Weights(Vec<Vec<wgpu::Buffer>>);

impl Weights {
    /// Uploads the weights of a plan, in f32.
    ///
    /// # Errors
    /// If the GPU's memory doesn't suffice.
    pub async fn new(engine: &Engine, plan: &Plan) -> Result<Self> {
        let room = room(&engine.device().limits());
        let mut all = Vec::with_capacity(plan.constants.len());
        for (i, constant) in plan.constants.iter().enumerate() {
            let whole = 0..constant.len();
            let ranges: Vec<Range<usize>> = match linear_shape(plan, ConstantId(i)) {
                Some(shape) => parts(shape, room)
                    .map(|rows| rows.start * shape.inputs..rows.end * shape.inputs)
                    .collect(),
                None => vec![whole],
            };
            let mut buffers = Vec::with_capacity(ranges.len());
            for range in ranges {
                let numbers: Vec<f32> = constant[range].iter().map(|&x| x as f32).collect();
                let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
                let buffer = engine.buffer("hope weights", 4 * numbers.len() as u64, usage).await?;
                engine.write(&buffer, &numbers).await?;
                buffers.push(buffer);
            }
            all.push(buffers);
        }
        Ok(Self(all))
    }
}

/// The shape of a constant's rows, if it is the weight of linear layers and of nothing else.
fn linear_shape(plan: &Plan, id: ConstantId) -> Option<LinearShape> {
    let constants = plan.steps.iter().flat_map(|step| step.kernel.constants());
    let mut shapes = constants.filter(|constant| constant.id == id).map(|constant| constant.rows);
    let first = shapes.next()??;
    shapes.all(|shape| shape == Some(first)).then_some(first)
}

/// Numbers that a binding can hold.
fn room(limits: &wgpu::Limits) -> usize {
    (limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / 4) as usize
}

/// Mesa's llvmpipe (lavapipe) ends all loops of an invocation after 65,535 turns in all, without a word; ours are
/// counted roughly, hence the margin.
const LLVMPIPE_TURNS: usize = 50_000;

/// Whether a device can run a plan's kernels on chunks of some size.
///
/// # Errors
/// If a weight exceeds a binding and can't be cut, or a copy has too many index ranges.
pub(super) fn check(engine: &Engine, plan: &Plan) -> Result<()> {
    let fail = |cause: String| Err(Error::Device { device: engine.info().name.clone(), cause });
    let room = room(&engine.device().limits());
    for (i, constant) in plan.constants.iter().enumerate() {
        let piece = linear_shape(plan, ConstantId(i)).map_or(constant.len(), |shape| shape.inputs);
        if constant.len() > room && piece > room {
            return fail(format!(
                "a weight of {} exceeds its limit of {} for a binding: use --device cpu",
                crate::memory::human(4 * constant.len() as u64),
                crate::memory::human(4 * room as u64)
            ));
        }
    }
    let most_turns = match engine.info().driver.as_str() {
        "llvmpipe" => LLVMPIPE_TURNS,
        _ => usize::MAX,
    };
    for step in &plan.steps {
        // A single series: the number of them is no matter of an invocation.
        let turns = step.kernel.turns(&plan.shapes(step, 1, 1));
        if turns > most_turns {
            let layer = &plan.layers[step.layer];
            return fail(format!(
                "'{}' ({}) needs loops of about {turns} turns, but this driver silently ends a shader's loops after 65,535: \
                 use --device cpu, or a lower order",
                layer.name, layer.kind
            ));
        }
        match step.kernel.supported() {
            Ok(()) => {}
            Err(Unsupported::OnlyCpus) => {
                return fail("it takes plans of portable kernels only: plan with Kernels::Portable".into());
            }
            Err(Unsupported::TooManyProducts) => {
                return fail("the series have too many terms: lower the order, give a --subspace of fewer directions, or use --device cpu".into());
            }
            Err(Unsupported::TooManyAxes) => {
                let layer = &plan.layers[step.layer];
                return fail(format!(
                    "'{}' ({}) moves data along too many axes: use --device cpu",
                    layer.name, layer.kind
                ));
            }
        }
    }
    Ok(())
}

/// A plan for chunks of `samples` points and `lanes` series each, ready to record.
#[derive(Debug)]
pub struct Program {
    pub(super) samples: usize,
    pub(super) lanes: usize,
    slots: Vec<wgpu::Buffer>,
    /// What rays meet: see [`Program::kinks`].
    pub(super) kinks: wgpu::Buffer,
    /// See [`Program::chunk`].
    chunk: wgpu::Buffer,
    steps: Vec<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    /// Index of the plan's step that it belongs to.
    step: usize,
    /// Name of its kernel.
    kernel: Cow<'static, str>,
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    grid: [u32; 3],
}

impl Program {
    /// Makes a plan ready for chunks of a size.
    ///
    /// # Errors
    /// If the GPU's memory doesn't suffice or a shader doesn't compile.
    pub async fn new(
        engine: &Engine,
        plan: &Plan,
        weights: &Weights,
        samples: usize,
        lanes: usize,
    ) -> Result<Self> {
        check(engine, plan)?;
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let mut slots = Vec::with_capacity(plan.slots);
        for length in plan.slot_lengths(samples, lanes) {
            slots.push(engine.buffer("hope values", 4 * length as u64, storage).await?);
        }
        let kinks = engine.buffer("hope kinks", kinks_bytes(samples, lanes), storage).await?;
        let chunk = engine.buffer("hope chunk", 16 + 4 * lanes as u64, storage).await?;
        let machine = machine(engine);
        let calls: Vec<(usize, Dispatch)> = plan
            .steps
            .iter()
            .enumerate()
            .flat_map(|(i, step)| {
                dispatches(plan, step, samples, lanes, machine).into_iter().map(move |d| (i, d))
            })
            .collect();
        let (params, offsets) = pack_params(engine, &calls).await?;
        let mut program =
            Self { samples, lanes, slots, kinks, chunk, steps: Vec::with_capacity(calls.len()) };
        for ((step, call), (offset, size)) in calls.into_iter().zip(offsets) {
            let kernel = plan.steps[step].kernel.name();
            let Step { inputs, output, .. } = &plan.steps[step];
            let value = |id: ValueId| &program.slots[plan.values[id.0].slot];
            let input = |i: usize| inputs.get(i).map_or(&program.chunk, |&id| value(id));
            let constant =
                |i: usize, part| call.constants[i].map_or(&program.chunk, |id| &weights.0[id.0][part]);
            let uniform = wgpu::BufferBinding { buffer: &params, offset, size: wgpu::BufferSize::new(size) };
            let buffers =
                [input(0), input(1), constant(0, call.part), constant(1, 0), value(*output), &program.kinks];
            let mut entries =
                vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(uniform) }];
            entries.extend(
                (1..)
                    .zip(buffers)
                    .map(|(binding, b)| wgpu::BindGroupEntry { binding, resource: b.as_entire_binding() }),
            );
            let bindings = engine.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(call.shader.entry),
                layout: &engine.layout,
                entries: &entries,
            });
            let pipeline = engine.pipeline(call.shader).await?;
            program.steps.push(Recorded { step, kernel, pipeline, bindings, grid: call.grid });
        }
        Ok(program)
    }

    /// Writes points and rays, or the outputs' adjoints, resets the kinks, and notes the chunk's first lane and radii.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn upload(
        &self,
        engine: &Engine,
        plan: &Plan,
        chunk: &Chunk,
        source: Source<'_>,
    ) -> Result<()> {
        for id in [Some(plan.input), plan.seed].into_iter().flatten() {
            let layout = plan.layout(id, self.samples, self.lanes);
            let mut data = vec![0f32; layout.len()];
            backend::write_given(plan, id, chunk, source, SeriesMut { data: &mut data, layout });
            engine.write(self.buffer(plan, id), &data).await?;
        }
        let mut kinks = vec![f32::INFINITY.to_bits(); 2 * self.samples * self.lanes];
        kinks.push(u32::from(chunk.side == Side::Behind));
        engine.write(&self.kinks, &kinks).await?;
        let exponents = source.radii.map_or(&[][..], Radii::exponents);
        let rays = UnitRays { first: chunk.lanes.start, order: &[], exponents };
        let mut numbers = vec![chunk.lanes.start as f32, 0.0, 0.0, 0.0];
        numbers.extend((0..self.lanes).map(|lane| rays.radius::<f32>(lane)));
        engine.write(&self.chunk, &numbers).await
    }

    /// Records the whole plan: one compute pass, nothing is read back between layers.
    ///
    /// Before the pass the input's buffer has to hold points and rays, and the seed's the outputs' adjoints: see
    /// [`Self::buffer`].
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        self.record_pass(encoder, None, &self.steps);
    }

    /// Records the dispatches of one of the plan's steps.
    pub(super) fn record_step(&self, encoder: &mut wgpu::CommandEncoder, step: usize) {
        self.record_pass(encoder, None, self.steps.iter().filter(|recorded| recorded.step == step));
    }

    /// Encodes the dispatches of one of the plan's steps.
    #[cfg(feature = "bench")]
    pub(super) fn encode_step(&self, pass: &mut wgpu::ComputePass<'_>, step: usize) {
        encode(pass, self.steps.iter().filter(|recorded| recorded.step == step));
    }

    /// Records the whole plan, each dispatch in a pass of its own that notes its time.
    pub(super) fn record_timed(&self, encoder: &mut wgpu::CommandEncoder, timestamps: &Timestamps) {
        for (i, recorded) in self.steps.iter().enumerate() {
            self.record_pass(encoder, Some(timestamps.writes(i)), [recorded]);
        }
    }

    fn record_pass<'a>(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        timestamp_writes: Option<wgpu::ComputePassTimestampWrites>,
        steps: impl IntoIterator<Item = &'a Recorded>,
    ) {
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("hope"), timestamp_writes });
        encode(&mut pass, steps);
    }

    /// Name of each dispatch's kernel.
    pub(super) fn kernels(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|recorded| recorded.kernel.as_ref())
    }

    /// Two words per (sample, lane): the distance to the nearest kink as an f32, and 1 if the ray begins on one, 0 if moreover a branch there is left
    /// undecided. Kernels only lower them, so they have to be the bits of an infinite f32 before. Then a u32: 0 if the series have to hold for t > 0, 1 for t < 0.
    pub fn kinks(&self) -> &wgpu::Buffer {
        &self.kinks
    }

    /// Numbers of the chunk, f32, that shaders without a second input find there: the number of its first lane, three that say nothing, and
    /// for each lane how far t = 1 goes. Rays along unit vectors go by them.
    pub fn chunk(&self) -> &wgpu::Buffer {
        &self.chunk
    }

    /// The buffer that a value of the plan lives in, from its start.
    pub fn buffer(&self, plan: &Plan, value: ValueId) -> &wgpu::Buffer {
        &self.slots[plan.values[value.0].slot]
    }
}

fn encode<'a>(pass: &mut wgpu::ComputePass<'_>, steps: impl IntoIterator<Item = &'a Recorded>) {
    for recorded in steps {
        pass.set_pipeline(&recorded.pipeline);
        pass.set_bind_group(0, &recorded.bindings, &[]);
        let [x, y, z] = recorded.grid;
        pass.dispatch_workgroups(x, y, z);
    }
}

fn kinks_bytes(samples: usize, lanes: usize) -> u64 {
    8 * (samples * lanes) as u64 + 4
}

/// The dispatches of a step.
fn dispatches(plan: &Plan, step: &Step, samples: usize, lanes: usize, machine: Machine) -> Vec<Dispatch> {
    let shapes = plan.shapes(step, samples, lanes);
    step.kernel.dispatches(&GpuCall { shapes, constants: &plan.constants, machine })
}

/// What dispatches depend on.
fn machine(engine: &Engine) -> Machine {
    Machine { room: room(&engine.device().limits()), tiling: engine.tiling() }
}

/// Whether a chunk of this size stays within a device's limits.
pub(super) fn fits(engine: &Engine, plan: &Plan, samples: usize, lanes: usize) -> bool {
    let machine = machine(engine);
    let most = engine.device().limits().max_compute_workgroups_per_dimension;
    let bound = |length: usize| length <= machine.room && length < u32::MAX as usize / 2;
    plan.slot_lengths(samples, lanes).into_iter().all(bound)
        && plan.steps.iter().filter(|step| step.kernel.supported().is_ok()).all(|step| {
            dispatches(plan, step, samples, lanes, machine).iter().all(|d| d.grid.iter().all(|&n| n <= most))
        })
}

/// Puts the parameters of all dispatches into one uniform buffer; returns offset and size of each.
async fn pack_params(
    engine: &Engine,
    calls: &[(usize, Dispatch)],
) -> Result<(wgpu::Buffer, Vec<(u64, u64)>)> {
    let alignment = engine.device().limits().min_uniform_buffer_offset_alignment as usize;
    let mut bytes: Vec<u8> = Vec::new();
    let mut offsets = Vec::with_capacity(calls.len());
    for (_, call) in calls {
        bytes.resize(bytes.len().next_multiple_of(alignment), 0);
        let offset = bytes.len();
        bytes.extend_from_slice(bytemuck::cast_slice(&call.params));
        offsets.push((offset as u64, (bytes.len() - offset) as u64));
    }
    let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
    let buffer = engine.buffer("hope parameters", bytes.len() as u64, usage).await?;
    engine.write(&buffer, &bytes).await?;
    Ok((buffer, offsets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Relu, Tanh};
    use crate::gpu::Tiling;
    use crate::model::{Geometry, Model};
    use crate::plan::{Kernels, Rays, Target};

    fn model() -> Model {
        let mut b = Model::builder(&[2, 6, 6]);
        let x = b.input();
        let square = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
        let h = b.conv(x, &[2, 2, 2, 2], vec![0.25; 16], Some(vec![0.5; 2]), 1, &square).unwrap();
        let h = b.activation(h, Tanh).unwrap();
        let g = b.activation(h, Relu).unwrap();
        let h = b.add(h, g).unwrap();
        let h = b.reshape(h, &[18]).unwrap();
        let y = b.linear(h, &[3, 18], vec![0.1; 54], None).unwrap();
        b.build(y).unwrap()
    }

    fn count(plan: &Plan, samples: usize, lanes: usize) -> usize {
        let machine = Machine { room: 1 << 25, tiling: Tiling::Workgroup };
        plan.steps.iter().map(|step| dispatches(plan, step, samples, lanes, machine).len()).sum()
    }

    #[test]
    fn the_number_of_dispatches_depends_on_the_layers_only() {
        let model = model();
        let exact = |order| Plan::exact(&model, order, Rays::Unit, Kernels::Portable).unwrap();
        let hope = |order| Plan::hope(&model, order, &Target::Input, Kernels::Portable).unwrap();
        for make in [&exact as &dyn Fn(usize) -> Plan, &hope] {
            let least = count(&make(2), 1, 1);
            for (order, samples, lanes) in [(2, 9, 70), (8, 1, 1), (16, 100, 1000)] {
                assert_eq!(count(&make(order), samples, lanes), least);
            }
        }
    }
}
