//! Parameters of `shaders/elementwise.wgsl`.

use super::{Call, Dispatch, Shader, grid};
use crate::activation::Activation;

pub(super) fn compose(call: &Call, function: Activation) -> Vec<Dispatch> {
    let lanes = if call.output().degree == 0 { 1 } else { call.lanes };
    vec![elementwise(call, "compose", function, lanes)]
}

pub(super) fn bell(call: &Call, function: Activation) -> Vec<Dispatch> {
    vec![elementwise(call, "bell", function, call.lanes)]
}

fn elementwise(call: &Call, entry: &'static str, function: Activation, lanes: usize) -> Dispatch {
    let mut params = call.params();
    // Infinite bounds of a clip: the largest numbers do as well, and WGSL has no infinity.
    let finite = |x: f64| x.clamp(f64::from(f32::MIN), f64::from(f32::MAX));
    for values in [function.parameters(), function.kinks()] {
        (0..4).for_each(|i| params.float(finite(values.get(i).copied().unwrap_or(0.0))));
    }
    params.push(function.kinks().len());
    params.flag(call.step.accumulate);
    params.0.extend([0; 2]);
    let units = call.output().units;
    let mut dispatch = call.dispatch("elementwise", entry, params, grid(call.samples * lanes * units));
    dispatch.shader = Shader { activation: Some(function.name()), ..dispatch.shader };
    dispatch
}
