//! Dispatches of `shaders/reduction.wgsl`.

use super::{Reduce, ReduceAdjoint, Reduction};
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, FUNCTIONS, File, GpuCall, OnGpu, Unsupported, Variants, grid, params, wgsl, word,
};

const FILE: File = File {
    name: "reduction",
    source: wgsl!("reduction"),
    includes: &[FUNCTIONS],
    entries: &[
        "softmax",
        "log_softmax",
        "layer_norm",
        "softmax_adjoint",
        "log_softmax_adjoint",
        "layer_norm_adjoint",
    ],
    constants: &["ORDER", "X_ORDER", "GIVEN"],
    examples: &[
        &[0, 0, 1],
        &[1, 1, 1],
        &[2, 2, 3],
        &[5, 1, 6],
        &[5, 5, 6],
        &[15, 1, 16],
        &[15, 15, 16],
        &[16, 16, 0],
    ],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        axis: u32,
        root_epsilon: f32,
        accumulate: u32,
    }
}

impl OnGpu for Reduce {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// Means for each order, and four passes over the units.
    fn turns(&self, shapes: &Shapes) -> usize {
        self.axis * (shapes.output.degree + 5)
    }

    /// An invocation per group of `axis` units of a lane.
    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let dispatch = reduction(call, self.reduction.name(), self.reduction, self.axis)
            .constant("ORDER", call.output().degree)
            .constant("X_ORDER", call.input(0).degree)
            .constant("GIVEN", 0);
        vec![dispatch]
    }
}

impl OnGpu for ReduceAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// Means for each order, and six passes over the units.
    fn turns(&self, shapes: &Shapes) -> usize {
        self.axis * (shapes.output.degree + 7)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let entry = match self.reduction {
            Reduction::Softmax => "softmax_adjoint",
            Reduction::LogSoftmax => "log_softmax_adjoint",
            Reduction::Normalize { .. } => "layer_norm_adjoint",
        };
        // Of the reduction's series.
        let order = call.output().degree - 1;
        let dispatch = reduction(call, entry, self.reduction, self.axis)
            .constant("ORDER", order)
            .constant("X_ORDER", call.input(0).degree.min(order))
            .constant("GIVEN", call.input(1).degree);
        vec![dispatch]
    }
}

/// A dispatch that still needs its degrees.
fn reduction(call: &GpuCall, entry: &'static str, reduction: Reduction, axis: usize) -> Dispatch {
    let epsilon = match reduction {
        Reduction::Softmax | Reduction::LogSoftmax => 0.0,
        Reduction::Normalize { epsilon } => epsilon,
    };
    let output = call.output();
    let groups = output.rows(output.degree.min(1)) * (output.units / axis);
    let params = Params {
        layouts: call.layouts(),
        axis: word(axis),
        root_epsilon: epsilon.sqrt() as f32,
        accumulate: call.accumulate(),
    };
    Dispatch::new(entry, params, grid(groups))
}
