//! Parameters of `shaders/elementwise.wgsl`.

use super::{Call, Dispatch, grid};
use crate::activation::Activation;
use crate::gpu::Tiling;

pub(super) fn compose(call: &Call, function: Activation) -> Vec<Dispatch> {
    let (order, given) = (call.output().degree, call.input(0).degree);
    let terms = terms(function, order);
    let lanes = if order == 0 { 1 } else { call.lanes };
    vec![elementwise(call, "compose", function, lanes, [order, terms, given, terms])]
}

pub(super) fn bell(call: &Call, function: Activation) -> Vec<Dispatch> {
    let (order, given) = (call.output().degree, call.input(1).degree);
    let terms = terms(function, order);
    vec![elementwise(call, "bell", function, call.lanes, [order, given.min(order), terms, terms])]
}

/// Highest coefficient of the function that an order needs.
fn terms(function: Activation, order: usize) -> usize {
    function.polynomial_degree().map_or(order, |degree| degree.min(order))
}

fn elementwise(
    call: &Call,
    entry: &'static str,
    function: Activation,
    lanes: usize,
    [order, outer, inner, terms]: [usize; 4],
) -> Dispatch {
    let mut params = call.params();
    // Infinite bounds of a clip: the largest numbers do as well, and WGSL has no infinity.
    let finite = |x: f64| x.clamp(f64::from(f32::MIN), f64::from(f32::MAX));
    for values in [function.parameters(), function.kinks()] {
        (0..4).for_each(|i| params.float(finite(values.get(i).copied().unwrap_or(0.0))));
    }
    let units = call.output().units;
    let each = lanes_each(call.machine.tiling, lanes, call.samples * units);
    params.push(each);
    params.0.extend([0; 3]);
    let invocations = call.samples * lanes.div_ceil(each) * units;
    let known = [order, outer, inner, terms, function.kinks().len(), usize::from(call.step.accumulate)];
    let mut dispatch = call.dispatch("elementwise", entry, params, grid(invocations)).knowing(known);
    dispatch.shader.activation = Some(function.name());
    dispatch
}

/// Lanes that an invocation takes: as many as leave enough invocations to keep the device busy.
fn lanes_each(tiling: Tiling, lanes: usize, others: usize) -> usize {
    let busy = match tiling {
        Tiling::Workgroup => 1 << 17,
        Tiling::Subgroup | Tiling::Registers => 1 << 12,
    };
    (lanes * others / busy).clamp(1, 16)
}
