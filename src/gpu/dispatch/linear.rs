//! Parameters of `shaders/linear.wgsl` and `shaders/unit_rays.wgsl`.

use super::{Call, Dispatch, grid, power_scale, tiles};
use crate::kernels::linear::LinearShape;
use crate::plan::ConstantId;

pub(super) fn linear(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let rows = call.input(0).len() / shape.inputs;
    vec![product(call, "linear", shape, weight, bias, false, tiles(rows, shape.outputs, 1))]
}

pub(super) fn linear_of_unit_rays(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let grid_of_primal = tiles(call.samples, shape.outputs, 1);
    let primal = product(call, "linear_of_unit_rays", shape, weight, bias, false, grid_of_primal);
    let mut params = call.params();
    params.push(shape.inputs);
    params.push(shape.outputs);
    params.0.extend([0; 2]);
    let columns = Dispatch {
        constants: [Some(weight), None],
        ..call.dispatch("unit_rays", "unit_rays", params, grid(call.samples * call.lanes * shape.outputs))
    };
    vec![primal, columns]
}

pub(super) fn linear_adjoint(call: &Call, shape: LinearShape, weight: ConstantId) -> Vec<Dispatch> {
    let positions = call.output().units / shape.inputs;
    let rows = call.samples * call.lanes * positions;
    let grid = tiles(rows, shape.inputs, call.adjoint_orders());
    vec![product(call, "linear_adjoint", shape, weight, None, true, grid)]
}

fn product(
    call: &Call,
    entry: &'static str,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
    adjoint: bool,
    grid: [u32; 3],
) -> Dispatch {
    let mut params = call.params();
    params.push(shape.inputs);
    params.push(shape.outputs);
    params.flag(bias.is_some());
    params.push(0);
    params.flag(call.step.accumulate);
    let scale = if adjoint { power_scale(&call.plan.constants[weight.0]) } else { 1.0 };
    params.float(scale);
    params.float(1.0 / scale);
    params.flag(adjoint);
    Dispatch { constants: [Some(weight), bias], ..call.dispatch("linear", entry, params, grid) }
}
