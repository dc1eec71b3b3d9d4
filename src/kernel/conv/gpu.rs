//! Dispatches of `shaders/conv.wgsl`.

use super::{Conv, ConvAdjoint, ConvShape, PooledConvAdjoint};
use crate::kernel::dispatch::{
    ConvTile, Dispatch, File, GpuCall, OnGpu, POWERS, Product, Unsupported, Variants, only_for_cpus, params,
    turns_of_product, wgsl, word,
};
use crate::kernel::{ConstantId, Exponent, Shapes};

const FILE: File = File {
    name: "conv",
    source: wgsl!("conv"),
    includes: &[POWERS],
    entries: &["conv", "conv_adjoint"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::PerTiling,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        in_channels: u32,
        out_channels: u32,
        groups: u32,
        has_bias: u32,
        in_height: u32,
        in_width: u32,
        out_height: u32,
        out_width: u32,
        kernel_height: u32,
        kernel_width: u32,
        stride_y: u32,
        stride_x: u32,
        dilation_y: u32,
        dilation_x: u32,
        pad_y: u32,
        pad_x: u32,
        accumulate: u32,
        powers: u32,
        scale: f32,
        inverse_scale: f32,
    }
}

impl OnGpu for Conv {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        turns_of_product(self.shape.depth())
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let window = &self.shape.window;
        let columns = call.input(0).total_rows() * window.output_size();
        let padded = window.pad_begin != [0, 0] || window.pad_end != [0, 0];
        let product = Product {
            entry: "conv",
            adjoint: false,
            size: [self.shape.group_outputs(), columns],
            layers: self.shape.groups,
            conv: Some(ConvTile { strided: false, edges: padded }),
        };
        vec![dispatch(call, product, &self.shape, self.weight, self.bias, Exponent::One)]
    }
}

impl OnGpu for ConvAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        turns_of_product(self.shape.group_outputs() * self.shape.window.kernel_size())
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let ConvShape { in_channels, groups, window, .. } = self.shape;
        let product = Product {
            entry: "conv_adjoint",
            adjoint: true,
            size: [in_channels / groups, call.output().rows(1) * window.input_size()],
            layers: groups * call.adjoint_orders(),
            conv: Some(ConvTile { strided: window.stride != [1, 1], edges: true }),
        };
        vec![dispatch(call, product, &self.shape, self.weight, None, self.exponent)]
    }
}

only_for_cpus!(PooledConvAdjoint);

fn dispatch(
    call: &GpuCall,
    product: Product,
    shape: &ConvShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
    exponent: Exponent,
) -> Dispatch {
    let window = &shape.window;
    let pair = |[y, x]: [usize; 2]| [word(y), word(x)];
    let [in_height, in_width] = pair(window.input);
    let [out_height, out_width] = pair(window.output);
    let [kernel_height, kernel_width] = pair(window.kernel);
    let [stride_y, stride_x] = pair(window.stride);
    let [dilation_y, dilation_x] = pair(window.dilation);
    let [pad_y, pad_x] = pair(window.pad_begin);
    let scale = call.power_scale(weight, exponent);
    let params = Params {
        layouts: call.layouts(),
        in_channels: word(shape.in_channels / shape.groups),
        out_channels: word(shape.group_outputs()),
        groups: word(shape.groups),
        has_bias: u32::from(bias.is_some()),
        in_height,
        in_width,
        out_height,
        out_width,
        kernel_height,
        kernel_width,
        stride_y,
        stride_x,
        dilation_y,
        dilation_x,
        pad_y,
        pad_x,
        accumulate: call.accumulate(),
        powers: call.powers(exponent),
        scale: scale as f32,
        inverse_scale: (1.0 / scale) as f32,
    };
    Dispatch { constants: [Some(weight), bias], ..product.dispatch(call.machine.tiling, params) }
}
