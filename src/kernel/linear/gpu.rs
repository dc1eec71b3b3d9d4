//! Dispatches of `shaders/linear.wgsl` and `shaders/unit_rays.wgsl`.

use std::ops::Range;

use super::{Linear, LinearAdjoint, LinearOfUnitRays, LinearShape};
use crate::kernel::dispatch::{
    Dispatch, File, GpuCall, OnGpu, POWERS, Product, Unsupported, Variants, grid, params, parts,
    turns_of_product, wgsl, word,
};
use crate::kernel::{ConstantId, Exponent, Shapes};

const FILE: File = File {
    name: "linear",
    source: wgsl!("linear"),
    includes: &[POWERS],
    entries: &["linear", "linear_adjoint", "linear_of_unit_rays"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::PerTiling,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        inputs: u32,
        outputs: u32,
        first: u32,
        part: u32,
        has_bias: u32,
        accumulate: u32,
        powers: u32,
        scale: f32,
        inverse_scale: f32,
    }
}

const RAYS: File = File {
    name: "unit_rays",
    source: wgsl!("unit_rays"),
    includes: &[],
    entries: &["unit_rays"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: RayParams::MEMBERS,
};

params! {
    struct RayParams of RAYS {
        inputs: u32,
        outputs: u32,
        first: u32,
        part: u32,
    }
}

impl OnGpu for Linear {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        turns_of_product(self.shape.inputs)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let rows = call.input(0).len() / self.shape.inputs;
        by_parts(call, self.shape, self.weight, self.bias, Exponent::One, |part| Product {
            entry: "linear",
            adjoint: false,
            size: [part.len(), rows],
            layers: 1,
            conv: None,
        })
    }
}

impl OnGpu for LinearOfUnitRays {
    const FILES: &'static [&'static File] = &[&FILE, &RAYS];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        turns_of_product(self.shape.inputs)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let samples = call.output().samples;
        let mut all = by_parts(call, self.shape, self.weight, self.bias, Exponent::One, |part| Product {
            entry: "linear_of_unit_rays",
            adjoint: false,
            size: [part.len(), samples],
            layers: 1,
            conv: None,
        });
        for (i, part) in parts(self.shape, call.machine.room).enumerate() {
            let params = RayParams {
                layouts: call.layouts(),
                inputs: word(self.shape.inputs),
                outputs: word(self.shape.outputs),
                first: word(part.start),
                part: word(part.len()),
            };
            let columns = grid(call.output().rows(1) * part.len());
            let dispatch = Dispatch::new("unit_rays", params, columns);
            all.push(Dispatch { constants: [Some(self.weight), None], part: i, ..dispatch });
        }
        all
    }
}

impl OnGpu for LinearAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        turns_of_product(self.shape.outputs)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let positions = call.output().units / self.shape.inputs;
        let size = [self.shape.inputs, call.output().rows(1) * positions];
        let layers = call.adjoint_orders();
        let product = Product { entry: "linear_adjoint", adjoint: true, size, layers, conv: None };
        by_parts(call, self.shape, self.weight, None, self.exponent, |_| product)
    }
}

/// A product per part of the weights: forward each computes some outputs, the adjoint's parts are added up.
fn by_parts(
    call: &GpuCall,
    shape: LinearShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
    exponent: Exponent,
    product: impl Fn(&Range<usize>) -> Product,
) -> Vec<Dispatch> {
    let dispatch = |(i, part): (usize, Range<usize>)| {
        let product = product(&part);
        let scale = call.power_scale(weight, exponent);
        let params = Params {
            layouts: call.layouts(),
            inputs: word(shape.inputs),
            outputs: word(shape.outputs),
            first: word(part.start),
            part: word(part.len()),
            has_bias: u32::from(bias.is_some()),
            accumulate: u32::from(call.shapes.accumulate || (product.adjoint && i > 0)),
            powers: call.powers(exponent),
            scale: scale as f32,
            inverse_scale: (1.0 / scale) as f32,
        };
        let dispatch = product.dispatch(call.machine.tiling, params);
        Dispatch { constants: [Some(weight), bias], part: i, ..dispatch }
    };
    parts(shape, call.machine.room).enumerate().map(dispatch).collect()
}
