//! Dispatches of `shaders/elementwise.wgsl`.

use super::{Bell, Compose, ComposeAdjoint};
use crate::activation::Activation;
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, FUNCTIONS, File, GpuCall, OnGpu, SERIES, Tiling, Unsupported, Variants, four, grid, params,
    wgsl, word,
};

const FILE: File = File {
    name: "elementwise",
    source: wgsl!("elementwise"),
    includes: &[FUNCTIONS, SERIES],
    entries: &["compose", "roots", "bell", "compose_adjoint"],
    constants: &["ORDER", "OUTER", "INNER", "GIVEN", "TERMS", "KINKS", "ACCUMULATE"],
    // No orders, one, an odd number of them and all, from lines and of series; without and with kinks.
    examples: &[
        &[0, 0, 0, 1, 1, 0, 0],
        &[1, 1, 1, 2, 2, 0, 1],
        &[2, 2, 1, 1, 3, 2, 0],
        &[5, 1, 5, 6, 6, 0, 1],
        &[5, 5, 5, 6, 6, 1, 0],
        &[16, 16, 1, 0, 16, 0, 0],
        &[16, 16, 16, 16, 16, 1, 1],
        &[15, 15, 1, 16, 16, 0, 0],
        &[15, 15, 15, 16, 16, 0, 0],
        &[15, 15, 15, 16, 16, 1, 1],
    ],
    variants: Variants::PerActivation,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        parameters: [f32; 4],
        kink_values: [f32; 4],
        lanes_each: u32,
        root: f32,
    }
}

/// Lanes that an invocation takes at the most.
const LANES_EACH: usize = 16;

impl OnGpu for Compose {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// At 0 some functions take a recurrence of the orders.
    fn turns(&self, shapes: &Shapes) -> usize {
        let orders = shapes.output.degree + 1;
        LANES_EACH * if self.0.root().is_some() { orders * (orders + 1) } else { 1 }
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let (order, given) = (call.output().degree, call.input(0).degree);
        let terms = terms(self.0, order);
        let lanes = if order == 0 { 1 } else { call.output().lanes };
        let dispatch = |entry| {
            elementwise(call, entry, self.0, lanes)
                .constant("ORDER", order)
                .constant("OUTER", terms)
                .constant("INNER", given)
                .constant("GIVEN", 0)
                .constant("TERMS", terms)
        };
        let mut dispatches = vec![dispatch("compose")];
        if self.0.root().is_some() && order > 0 {
            dispatches.push(dispatch("roots"));
        }
        dispatches
    }
}

impl OnGpu for Bell {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        LANES_EACH
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let (order, given) = (call.output().degree, call.input(1).degree);
        let terms = terms(self.0, order);
        let dispatch = elementwise(call, "bell", self.0, call.output().lanes)
            .constant("ORDER", order)
            .constant("OUTER", given.min(order))
            .constant("INNER", terms)
            .constant("GIVEN", 0)
            .constant("TERMS", terms);
        vec![dispatch]
    }
}

impl OnGpu for ComposeAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        LANES_EACH
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let (blocks, of_x, given) = (call.output().degree, call.input(0).degree, call.input(1).degree);
        // Of σ'; there is a coefficient of order 1 at least, should it be 0.
        let order = blocks - 1;
        let terms = terms(self.0, blocks).max(1);
        let dispatch = elementwise(call, "compose_adjoint", self.0, call.output().lanes)
            .constant("ORDER", order)
            .constant("OUTER", (terms - 1).min(order))
            .constant("INNER", of_x)
            .constant("GIVEN", given)
            .constant("TERMS", terms);
        vec![dispatch]
    }
}

/// Highest coefficient of the function that an order needs.
fn terms(function: Activation, order: usize) -> usize {
    function.polynomial_degree().map_or(order, |degree| degree.min(order))
}

/// A dispatch that still needs its degrees.
fn elementwise(call: &GpuCall, entry: &'static str, function: Activation, lanes: usize) -> Dispatch {
    let output = call.output();
    let each = lanes_each(call.machine.tiling, lanes, output.samples * output.units);
    let params = Params {
        layouts: call.layouts(),
        parameters: four(function.parameters()),
        kink_values: four(function.kinks()),
        lanes_each: word(each),
        root: function.root().unwrap_or(0.0) as f32,
    };
    let invocations = output.samples * lanes.div_ceil(each) * output.units;
    let mut dispatch = Dispatch::new(entry, params, grid(invocations))
        .constant("KINKS", function.kinks().len())
        .constant("ACCUMULATE", usize::from(call.shapes.accumulate));
    dispatch.shader.activation = Some(function.name());
    dispatch
}

/// Lanes that an invocation takes: as many as leave enough invocations to keep the device busy.
fn lanes_each(tiling: Tiling, lanes: usize, others: usize) -> usize {
    let busy = match tiling {
        Tiling::Workgroup => 1 << 17,
        Tiling::Subgroup | Tiling::Registers => 1 << 12,
    };
    (lanes * others / busy).clamp(1, LANES_EACH)
}
