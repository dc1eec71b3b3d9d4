//! Parameters of `shaders/conv.wgsl`.

use super::{Call, Dispatch, Product, power_scale};
use crate::gpu::tiling::Window;
use crate::kernels::conv::ConvShape;
use crate::plan::ConstantId;

pub(super) fn conv(
    call: &Call,
    shape: &ConvShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Vec<Dispatch> {
    let columns = call.input(0).total_rows() * shape.window.output_size();
    let size = [shape.out_channels / shape.groups, columns];
    let padded = shape.window.pad_begin != [0, 0] || shape.window.pad_end != [0, 0];
    let window = Some(Window { strided: false, edges: padded });
    let product = Product { entry: "conv", adjoint: false, size, layers: shape.groups, window };
    vec![dispatch(call, product, shape, weight, bias)]
}

pub(super) fn conv_adjoint(call: &Call, shape: &ConvShape, weight: ConstantId) -> Vec<Dispatch> {
    let columns = call.samples * call.lanes * shape.window.input_size();
    let size = [shape.in_channels / shape.groups, columns];
    let layers = shape.groups * call.adjoint_orders();
    let window = Some(Window { strided: shape.window.stride != [1, 1], edges: true });
    let product = Product { entry: "conv_adjoint", adjoint: true, size, layers, window };
    vec![dispatch(call, product, shape, weight, None)]
}

fn dispatch(
    call: &Call,
    product: Product,
    shape: &ConvShape,
    weight: ConstantId,
    bias: Option<ConstantId>,
) -> Dispatch {
    let window = &shape.window;
    let mut params = call.params();
    params.push(shape.in_channels / shape.groups);
    params.push(shape.out_channels / shape.groups);
    params.push(shape.groups);
    params.flag(bias.is_some());
    for pair in [window.input, window.output, window.kernel, window.stride, window.dilation, window.pad_begin]
    {
        pair.iter().for_each(|&size| params.push(size));
    }
    params.flag(call.step.accumulate);
    let scale = if product.adjoint { power_scale(&call.plan.constants[weight.0]) } else { 1.0 };
    params.float(scale);
    params.float(1.0 / scale);
    params.push(0);
    Dispatch { constants: [Some(weight), bias], ..call.product("conv", product, params) }
}
