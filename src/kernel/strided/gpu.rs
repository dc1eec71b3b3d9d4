//! Dispatches of `shaders/strided.wgsl`.

use super::{StridedAdjoint, StridedCopy};
use crate::geometry::{Strided, StridedDim};
use crate::kernel::dispatch::{
    Dispatch, File, GpuCall, OnGpu, Unsupported, Variants, grid, params, wgsl, word,
};
use crate::kernel::{Exponent, Shapes};

/// Index ranges that fit the shader's parameters.
const MAX_DIMS: usize = 8;

const FILE: File = File {
    name: "strided",
    source: wgsl!("strided"),
    includes: &[],
    entries: &["fill", "strided", "strided_adjoint"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        dims: [[i32; 4]; MAX_DIMS],
        moving: u32,
        rank: u32,
        count: u32,
        terms: u32,
        input_offset: i32,
        output_offset: i32,
        scale: f32,
        fill: f32,
        accumulate: u32,
        powers: u32,
    }
}

impl OnGpu for StridedCopy {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        supported(&self.copy)
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        terms(&self.copy)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        // Sums leave no gaps to fill.
        let value = if self.copy.is_sum() { 0.0 } else { self.copy.fill };
        fill_and_copy(call, "strided", &self.copy, Exponent::One, self.fill.then_some(value))
    }
}

impl OnGpu for StridedAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        supported(&self.copy)
    }

    fn turns(&self, shapes: &Shapes) -> usize {
        terms(&self.copy.adjoint()) + shapes.output.degree
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let fill = (!call.shapes.accumulate).then_some(0.0);
        fill_and_copy(call, "strided_adjoint", &self.copy.adjoint(), self.exponent, fill)
    }
}

/// Whether a copy's index ranges fit the shader's parameters.
fn supported(copy: &Strided) -> Result<(), Unsupported> {
    match copy.dims.iter().filter(|dim| dim.size != 1).count() {
        0..=MAX_DIMS => Ok(()),
        _ => Err(Unsupported::TooManyAxes),
    }
}

/// Units that an output sums.
fn terms(copy: &Strided) -> usize {
    copy.dims.iter().filter(|dim| dim.output == 0).map(|dim| dim.size).product()
}

/// Fills the output first, or adds to it.
fn fill_and_copy(
    call: &GpuCall,
    entry: &'static str,
    copy: &Strided,
    exponent: Exponent,
    fill: Option<f64>,
) -> Vec<Dispatch> {
    let (moving, summed): (Vec<StridedDim>, Vec<StridedDim>) =
        copy.dims.iter().filter(|dim| dim.size != 1).partition(|dim| dim.output != 0);
    let size = |dims: &[StridedDim]| dims.iter().map(|dim| dim.size).product::<usize>();
    let count = size(&moving);
    let mut dims = [[0; 4]; MAX_DIMS];
    for (to, dim) in dims.iter_mut().zip(moving.iter().chain(&summed)) {
        *to = [dim.size as i32, dim.input as i32, dim.output as i32, 0];
    }
    let params = Params {
        layouts: call.layouts(),
        dims,
        moving: word(moving.len()),
        rank: word(moving.len() + summed.len()),
        count: word(count),
        terms: word(size(&summed)),
        input_offset: copy.input_offset as i32,
        output_offset: copy.output_offset as i32,
        scale: copy.scale as f32,
        fill: fill.unwrap_or(0.0) as f32,
        accumulate: u32::from(fill.is_none()),
        powers: call.powers(exponent),
    };
    let copied = Dispatch::new(entry, params, grid(call.input(0).total_rows() * count));
    let filled = fill.map(|_| Dispatch::new("fill", params, grid(call.output().len())));
    filled.into_iter().chain([copied]).collect()
}
