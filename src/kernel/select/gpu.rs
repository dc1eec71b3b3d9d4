//! Dispatches of `shaders/select.wgsl`.

use super::{Choice, Select, SelectAdjoint};
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, Ends, FUNCTIONS, File, GRADING, GpuCall, OnGpu, Unsupported, Variants, ends, grid, params,
    wgsl, word,
};
use crate::kernel::kink::Grading;

const FILE: File = File {
    name: "select",
    source: wgsl!("select"),
    includes: &[FUNCTIONS, GRADING],
    entries: &["select_value", "select_adjoint"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        ends: Ends,
        variables: u32,
        accumulate: u32,
        above: u32,
        at_zero: u32,
    }
}

impl OnGpu for Select {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// The selector's orders, those of the value, and the degree of each block.
    fn turns(&self, shapes: &Shapes) -> usize {
        let degree = shapes.output.degree.max(shapes.inputs[0].degree);
        3 * (degree + 1) + self.grading().variables()
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![dispatch(call, "select_value", self.choice, self.grading())]
    }
}

impl OnGpu for SelectAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, shapes: &Shapes) -> usize {
        3 * (shapes.output.degree.max(shapes.inputs[0].degree) + 1)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![dispatch(call, "select_adjoint", self.0, Grading::One)]
    }
}

/// An invocation per series, or per number of block 0 where there are no higher orders.
fn dispatch(call: &GpuCall, entry: &'static str, choice: Choice, grading: Grading) -> Dispatch {
    let output = call.output();
    let params = Params {
        layouts: call.layouts(),
        ends: ends(grading),
        variables: word(grading.variables()),
        accumulate: call.accumulate(),
        above: u32::from(choice.above),
        at_zero: u32::from(choice.at_zero),
    };
    Dispatch::new(entry, params, grid(output.rows(output.degree.min(1)) * output.units))
}
