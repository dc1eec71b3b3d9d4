//! Dispatches of `shaders/reduction.wgsl`.

use super::{Reduce, Reduction};
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, FUNCTIONS, File, GpuCall, OnGpu, Unsupported, Variants, grid, params, wgsl, word,
};

const FILE: File = File {
    name: "reduction",
    source: wgsl!("reduction"),
    includes: &[FUNCTIONS],
    entries: &["softmax", "log_softmax", "layer_norm"],
    constants: &["ORDER", "X_ORDER"],
    examples: &[&[0, 0], &[1, 1], &[2, 2], &[5, 1], &[5, 5], &[16, 16]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        axis: u32,
        root_epsilon: f32,
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
        let (entry, epsilon) = match self.reduction {
            Reduction::Softmax => ("softmax", 0.0),
            Reduction::LogSoftmax => ("log_softmax", 0.0),
            Reduction::Normalize { epsilon } => ("layer_norm", epsilon),
        };
        let output = call.output();
        let groups = output.rows(output.degree.min(1)) * (output.units / self.axis);
        let params =
            Params { layouts: call.layouts(), axis: word(self.axis), root_epsilon: epsilon.sqrt() as f32 };
        let dispatch = Dispatch::new(entry, params, grid(groups))
            .constant("ORDER", output.degree)
            .constant("X_ORDER", call.input(0).degree);
        vec![dispatch]
    }
}
