//! Parameters of `shaders/linear.wgsl` and `shaders/unit_rays.wgsl`.

use std::ops::Range;

use super::{Call, Dispatch, grid, parts, power_scale, tiles};
use crate::kernels::linear::LinearShape;
use crate::plan::ConstantId;

pub(super) fn linear(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let rows = call.input(0).len() / shape.inputs;
    by_parts(call, shape, |part| Product {
        entry: "linear",
        weight,
        bias,
        adjoint: false,
        grid: tiles(rows, part.len(), 1),
    })
}

pub(super) fn linear_of_unit_rays(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let mut all = by_parts(call, shape, |part| Product {
        entry: "linear_of_unit_rays",
        weight,
        bias,
        adjoint: false,
        grid: tiles(call.samples, part.len(), 1),
    });
    for (i, part) in parts(shape, call.room).enumerate() {
        let mut params = call.params();
        [shape.inputs, shape.outputs, part.start, part.len()].into_iter().for_each(|n| params.push(n));
        let columns = grid(call.samples * call.lanes * part.len());
        all.push(Dispatch {
            constants: [Some(weight), None],
            part: i,
            ..call.dispatch("unit_rays", "unit_rays", params, columns)
        });
    }
    all
}

pub(super) fn linear_adjoint(call: &Call, shape: LinearShape, weight: ConstantId) -> Vec<Dispatch> {
    let positions = call.output().units / shape.inputs;
    let rows = call.samples * call.lanes * positions;
    let grid = tiles(rows, shape.inputs, call.adjoint_orders());
    by_parts(call, shape, |_| Product { entry: "linear_adjoint", weight, bias: None, adjoint: true, grid })
}

/// A product with a part of the weights.
struct Product {
    entry: &'static str,
    weight: ConstantId,
    bias: Option<ConstantId>,
    adjoint: bool,
    grid: [u32; 3],
}

/// A product per part of the weights: forward each computes some outputs, the adjoint's parts are added up.
fn by_parts(call: &Call, shape: LinearShape, product: impl Fn(&Range<usize>) -> Product) -> Vec<Dispatch> {
    let dispatch = |(i, part): (usize, Range<usize>)| {
        let Product { entry, weight, bias, adjoint, grid } = product(&part);
        let mut params = call.params();
        params.push(shape.inputs);
        params.push(shape.outputs);
        params.push(part.start);
        params.push(part.len());
        params.flag(bias.is_some());
        params.flag(call.step.accumulate || (adjoint && i > 0));
        let scale = if adjoint { power_scale(&call.plan.constants[weight.0]) } else { 1.0 };
        params.float(scale);
        params.float(1.0 / scale);
        params.flag(adjoint);
        params.0.extend([0; 3]);
        Dispatch { constants: [Some(weight), bias], part: i, ..call.dispatch("linear", entry, params, grid) }
    };
    parts(shape, call.room).enumerate().map(dispatch).collect()
}
