//! Mixed coefficients on the GPU: weighted sums of series along rays, by `shaders/combine.wgsl`.

use wgpu::BufferUsages;

use super::Engine;
use crate::error::{Error, Result};
use crate::kernel::Layout;
use crate::kernel::dispatch::{File, Layouts, Shader, Uniform, Variants, grid, params, wgsl, word};
use crate::monomials::Groups;

pub(super) const FILE: File = File {
    name: "combine",
    source: wgsl!("combine"),
    includes: &[],
    entries: &["combine"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        terms: u32,
    }
}

/// One dispatch from series in groups of variables to all mixed coefficients.
#[derive(Debug)]
pub(super) struct Combine {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    grid: [u32; 3],
    /// `[samples, units, terms]`.
    pub result: wgpu::Buffer,
    pub length: usize,
}

impl Combine {
    /// Prepares it for the series in a buffer.
    ///
    /// # Errors
    /// If the weights or the result exceed the device's limits.
    pub async fn new(
        engine: &Engine,
        groups: &Groups,
        terms: usize,
        series: &wgpu::Buffer,
        layout: Layout,
    ) -> Result<Self> {
        let table = table(groups, terms);
        let length = layout.samples * layout.units * terms;
        let limits = engine.device().limits();
        let room = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) as usize / 4;
        // Floats hold integers to 2^24.
        if length.max(table.len()) > room || table.len() > 1 << 24 {
            let points = layout.samples;
            let cause = format!(
                "{terms} mixed terms of {points} points exceed the device's limits: prepare fewer points, or lower the order"
            );
            return Err(Error::Batch { points, cause });
        }
        let params = Params { layouts: Layouts::new(layout, layout, layout), terms: word(terms) };
        let params = engine.filled("hope parameters", &params.words(), BufferUsages::UNIFORM).await?;
        let table = engine.filled("hope terms", &table, BufferUsages::STORAGE).await?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let result = engine.buffer("hope mixed", 4 * length as u64, usage).await?;
        let kinks = engine.buffer("hope kinks", 16, usage).await?;
        let bindings =
            engine.bind("hope combine", [&params, series, series, &table, &table, &result, &kinks]);
        let pipeline = engine.pipeline(Shader::new(&FILE, "combine")).await?;
        Ok(Self { pipeline, bindings, grid: grid(length), result, length })
    }

    pub fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        let descriptor = wgpu::ComputePassDescriptor { label: Some("hope combine"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        let [x, y, z] = self.grid;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// The group and the block of each term.
fn table(groups: &Groups, terms: usize) -> Vec<f32> {
    let mut table = vec![0.0; 2 * terms];
    for group in 0..groups.len() {
        for block in 0..=groups.monomials().blocks() {
            if let Some(term) = groups.term(group, block) {
                table[2 * term..][..2].copy_from_slice(&[group as f32, block as f32]);
            }
        }
    }
    table
}
