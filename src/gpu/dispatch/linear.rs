//! Parameters of `shaders/linear.wgsl` and `shaders/unit_rays.wgsl`.

use std::ops::Range;

use super::{Call, Dispatch, Product, grid, parts, power_scale};
use crate::kernels::linear::LinearShape;
use crate::plan::ConstantId;

pub(super) fn linear(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let rows = call.input(0).len() / shape.inputs;
    by_parts(call, shape, weight, bias, |part| Product {
        entry: "linear",
        adjoint: false,
        size: [part.len(), rows],
        layers: 1,
        window: None,
    })
}

pub(super) fn linear_of_unit_rays(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let mut all = by_parts(call, shape, weight, bias, |part| Product {
        entry: "linear_of_unit_rays",
        adjoint: false,
        size: [part.len(), call.samples],
        layers: 1,
        window: None,
    });
    for (i, part) in parts(shape, call.machine.room).enumerate() {
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
    let size = [shape.inputs, rows];
    let layers = call.adjoint_orders();
    let product = Product { entry: "linear_adjoint", adjoint: true, size, layers, window: None };
    by_parts(call, shape, weight, None, |_| product)
}

/// A product per part of the weights: forward each computes some outputs, the adjoint's parts are added up.
fn by_parts(
    call: &Call,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
    product: impl Fn(&Range<usize>) -> Product,
) -> Vec<Dispatch> {
    let dispatch = |(i, part): (usize, Range<usize>)| {
        let product = product(&part);
        let mut params = call.params();
        params.push(shape.inputs);
        params.push(shape.outputs);
        params.push(part.start);
        params.push(part.len());
        params.flag(bias.is_some());
        params.flag(call.step.accumulate || (product.adjoint && i > 0));
        let scale = if product.adjoint { power_scale(&call.plan.constants[weight.0]) } else { 1.0 };
        params.float(scale);
        params.float(1.0 / scale);
        Dispatch { constants: [Some(weight), bias], part: i, ..call.product("linear", product, params) }
    };
    parts(shape, call.machine.room).enumerate().map(dispatch).collect()
}
