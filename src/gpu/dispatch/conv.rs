//! Parameters of `shaders/conv.wgsl`.

use super::{Call, Dispatch, power_scale, tiles};
use crate::kernels::conv::ConvShape;
use crate::plan::ConstantId;

pub(super) fn conv(
    call: &Call,
    shape: &ConvShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let columns = call.input(0).total_rows() * shape.window.output_size();
    let grid = tiles(shape.out_channels / shape.groups, columns, shape.groups);
    vec![product(call, "conv", shape, weight, bias, false, grid)]
}

pub(super) fn conv_adjoint(call: &Call, shape: &ConvShape, weight: ConstantId) -> Vec<Dispatch> {
    let columns = call.samples * call.lanes * shape.window.input_size();
    let grid = tiles(shape.in_channels / shape.groups, columns, shape.groups * call.adjoint_orders());
    vec![product(call, "conv_adjoint", shape, weight, None, true, grid)]
}

fn product(
    call: &Call,
    entry: &'static str,
    shape: &ConvShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
    adjoint: bool,
    grid: [u32; 3],
) -> Dispatch {
    let window = &shape.window;
    let mut params = call.params();
    params.push(shape.in_channels / shape.groups);
    params.push(shape.out_channels / shape.groups);
    params.push(shape.groups);
    params.flag(bias.is_some());
    for pair in [window.input, window.output, window.kernel, window.stride, window.dilation, window.pad_begin]
    {
        pair.iter().for_each(|&size| params.push(size));
    }
    params.flag(call.step.accumulate);
    let scale = if adjoint { power_scale(&call.plan.constants[weight.0]) } else { 1.0 };
    params.float(scale);
    params.float(1.0 / scale);
    params.flag(adjoint);
    Dispatch { constants: [Some(weight), bias], ..call.dispatch("conv", entry, params, grid) }
}
