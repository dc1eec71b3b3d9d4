//! Dispatches of `shaders/strided.wgsl`.

use super::{Call, Dispatch, Params, grid};
use crate::model::{Strided, StridedDim};

const FILE: &str = "strided";

/// Index ranges that fit the shader's parameters.
const MAX_DIMS: usize = 8;

pub(super) fn strided(call: &Call, copy: &Strided, fill: bool) -> Vec<Dispatch> {
    // Sums leave no gaps to fill.
    let value = if copy.is_sum() { 0.0 } else { copy.fill };
    fill_and_copy(call, "strided", copy, fill.then_some(value))
}

pub(super) fn strided_adjoint(call: &Call, copy: &Strided) -> Vec<Dispatch> {
    let fill = (!call.step.accumulate).then_some(0.0);
    fill_and_copy(call, "strided_adjoint", &copy.adjoint(), fill)
}

/// Whether a copy's index ranges fit the shader's parameters.
pub(in crate::gpu) fn fits(copy: &Strided) -> bool {
    copy.dims.iter().filter(|dim| dim.size != 1).count() <= MAX_DIMS
}

/// Fills the output first, or adds to it.
fn fill_and_copy(call: &Call, entry: &'static str, copy: &Strided, fill: Option<f64>) -> Vec<Dispatch> {
    let (moving, summed): (Vec<StridedDim>, Vec<StridedDim>) =
        copy.dims.iter().filter(|dim| dim.size != 1).partition(|dim| dim.output != 0);
    let size = |dims: &[StridedDim]| dims.iter().map(|dim| dim.size).product::<usize>();
    let count = size(&moving);
    let mut params = call.params();
    push_dims(&mut params, moving.iter().chain(&summed));
    params.push(moving.len());
    params.push(moving.len() + summed.len());
    params.push(count);
    params.push(size(&summed));
    params.push(copy.input_offset);
    params.push(copy.output_offset);
    params.float(copy.scale);
    params.float(fill.unwrap_or(0.0));
    params.flag(fill.is_none());
    params.0.extend([0; 3]);

    let copied = call.dispatch(FILE, entry, params.clone(), grid(call.input(0).total_rows() * count));
    let filled = fill.map(|_| call.dispatch(FILE, "fill", params, grid(call.output().len())));
    filled.into_iter().chain([copied]).collect()
}

fn push_dims<'a>(params: &mut Params, dims: impl Iterator<Item = &'a StridedDim>) {
    let end = params.0.len() + 4 * MAX_DIMS;
    for dim in dims {
        params.push(dim.size);
        params.signed(dim.input);
        params.signed(dim.output);
        params.push(0);
    }
    debug_assert!(params.0.len() <= end, "checked before: see `fits`");
    params.0.resize(end, 0);
}
