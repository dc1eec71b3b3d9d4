//! Mixed coefficients on the GPU: weighted sums of series along rays, by `shaders/combine.wgsl`.

use wgpu::BufferUsages;

use super::Engine;
use crate::error::{Error, Result};
use crate::interpolation::Interpolation;
use crate::kernel::Layout;
use crate::kernel::dispatch::{File, Layouts, Shader, Uniform, Variants, grid, params, wgsl, word};

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

/// One dispatch from series along an interpolation's rays to mixed coefficients.
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
        interpolation: &Interpolation,
        exponents: &[u8],
        series: &wgpu::Buffer,
        layout: Layout,
    ) -> Result<Self> {
        let (entries, table) = tables(interpolation, exponents);
        let terms = table.len() / 3;
        let length = layout.samples * layout.units * terms;
        let limits = engine.device().limits();
        let room = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) as usize / 4;
        // Floats hold integers to 2^24.
        if length.max(entries.len()) > room || entries.len() / 2 > 1 << 24 {
            let points = layout.samples;
            let cause = format!(
                "{terms} mixed terms of {points} points exceed the device's limits: prepare fewer points, or lower the order"
            );
            return Err(Error::Batch { points, cause });
        }
        let params = Params { layouts: Layouts::new(layout, layout, layout), terms: word(terms) };
        let params = engine.filled("hope parameters", &params.words(), BufferUsages::UNIFORM).await?;
        let entries = engine.filled("hope entries", &entries, BufferUsages::STORAGE).await?;
        let table = engine.filled("hope terms", &table, BufferUsages::STORAGE).await?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let result = engine.buffer("hope mixed", 4 * length as u64, usage).await?;
        let kinks = engine.buffer("hope kinks", 16, usage).await?;
        let bindings =
            engine.bind("hope combine", [&params, series, series, &entries, &table, &result, &kinks]);
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

/// `(ray, weight)` of each entry, and `(degree, first entry, entries)` of each term.
fn tables(interpolation: &Interpolation, exponents: &[u8]) -> (Vec<f32>, Vec<f32>) {
    let (mut entries, mut table) = (Vec::new(), Vec::new());
    let degrees = exponents
        .chunks_exact(interpolation.variables())
        .map(|exponent| exponent.iter().map(|&power| u32::from(power)).sum::<u32>());
    for (degree, term) in degrees.zip(interpolation.weights()) {
        table.extend([degree as f32, (entries.len() / 2) as f32, term.len() as f32]);
        entries.extend(term.into_iter().flat_map(|(ray, weight)| [ray as f32, weight as f32]));
    }
    (entries, table)
}
