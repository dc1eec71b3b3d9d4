//! Dispatches of `shaders/reduction.wgsl`.

use super::{Call, Dispatch, grid};
use crate::kernels::reduction::Reduction;

/// An invocation per group of `axis` units of a lane.
pub(super) fn reduce(call: &Call, reduction: Reduction, axis: usize) -> Vec<Dispatch> {
    let (entry, epsilon) = match reduction {
        Reduction::Softmax => ("softmax", 0.0),
        Reduction::LogSoftmax => ("log_softmax", 0.0),
        Reduction::Normalize { epsilon } => ("layer_norm", epsilon),
    };
    let mut params = call.params();
    params.push(axis);
    params.float(epsilon);
    params.0.extend([0; 2]);
    let output = call.output();
    let groups = output.rows(output.degree.min(1)) * (output.units / axis);
    let known = [output.degree, call.input(0).degree];
    vec![call.dispatch("reduction", entry, params, grid(groups)).knowing(known)]
}
