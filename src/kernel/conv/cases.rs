//! Convolutions: groups, strides, dilations, padding on one side, kernels as large as the image.

use hope::kernel::conv::{Conv, ConvAdjoint, ConvShape, Pooled, PooledConvAdjoint};
use hope::kernel::{ConstantId, Exponent};
use hope::model::{Pool, Window};

use crate::kernels::case::{CHUNKS, Case, Chunk, EXPONENTS, Geometry, POINT, Tolerance, value};

/// Sums of up to 257 products; powers of weights to the 16th.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-13, f32: 1e-5 };

/// Channels in and out, groups, geometry.
const SHAPES: &[(usize, usize, usize, Geometry)] = &[
    (3, 65, 1, POINT),
    (257, 2, 1, Geometry { name: "1x1-deep", input: [1, 3], ..POINT }),
    (65, 63, 1, Geometry { name: "line", input: [2, 5], kernel: [1, 3], ..POINT }),
    (
        2,
        3,
        1,
        Geometry { name: "same", input: [8, 8], kernel: [3, 3], pad_begin: [1, 1], pad_end: [1, 1], ..POINT },
    ),
    (
        2,
        3,
        1,
        Geometry {
            name: "asymmetric",
            input: [7, 9],
            kernel: [3, 2],
            stride: [2, 3],
            dilation: [1, 2],
            pad_begin: [2, 0],
            pad_end: [0, 1],
            ceil: false,
        },
    ),
    (4, 6, 2, Geometry { name: "groups", kernel: [2, 3], stride: [1, 2], pad_end: [1, 2], ..POINT }),
    (4, 4, 4, Geometry { name: "depthwise", kernel: [3, 3], pad_begin: [1, 1], pad_end: [1, 1], ..POINT }),
    (3, 6, 3, Geometry { name: "depthwise-wider", kernel: [2, 2], dilation: [2, 3], ..POINT }),
    (
        2,
        2,
        1,
        Geometry {
            name: "larger-than-half",
            input: [6, 8],
            kernel: [5, 7],
            pad_begin: [2, 3],
            pad_end: [2, 3],
            ..POINT
        },
    ),
    (2, 5, 1, Geometry { name: "whole-image", input: [4, 5], kernel: [4, 5], ..POINT }),
    (
        1,
        2,
        1,
        Geometry {
            name: "larger-than-image",
            input: [2, 3],
            kernel: [5, 6],
            pad_begin: [3, 1],
            pad_end: [1, 4],
            ..POINT
        },
    ),
    (
        2,
        3,
        1,
        Geometry {
            name: "one-dimensional",
            input: [1, 65],
            kernel: [1, 5],
            stride: [1, 2],
            dilation: [1, 3],
            pad_begin: [0, 0],
            pad_end: [0, 4],
            ceil: false,
        },
    ),
    // Some pixels lie in no window.
    (2, 3, 1, Geometry { name: "gaps", input: [8, 7], kernel: [2, 1], stride: [3, 2], ..POINT }),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (i, (in_channels, out_channels, groups, geometry)) in SHAPES.iter().enumerate() {
        let (in_channels, out_channels, groups) = (*in_channels, *out_channels, *groups);
        let shape = ConvShape { in_channels, out_channels, groups, window: geometry.window() };
        // Every shape with two of the chunks, so that every chunk meets several shapes.
        for (j, chunk) in [CHUNKS[i % 8], CHUNKS[(3 * i + 4) % 8]].into_iter().enumerate() {
            cases.push(conv(geometry, shape, chunk, j == 0));
        }
        let higher = CHUNKS.into_iter().filter(|chunk| chunk.degree > 0).collect::<Vec<_>>();
        let chunk = higher[i % higher.len()];
        let small = Chunk { samples: 2, lanes: 3, degree: 5 };
        for (exponent, (chunk, degree)) in
            EXPONENTS.into_iter().flat_map(|e| [(chunk, chunk.degree), (small, 2)].map(|of| (e, of)))
        {
            let case = || conv_adjoint(geometry, shape, chunk, degree, exponent);
            cases.extend([case(), case().accumulating()]);
        }
        let chunk = small;
        for (kernel, stride) in [([2, 2], [2, 2]), ([3, 1], [1, 2])] {
            let positions = shape.window.output;
            if geometry.dilation == [1, 1] && kernel[0] <= positions[0] && kernel[1] <= positions[1] {
                let pool = Geometry { input: positions, kernel, stride, ..POINT }.window();
                cases.push(pooled_conv_adjoint(geometry, shape, pool, chunk));
                cases.push(pooled_conv_adjoint(geometry, shape, pool, chunk).accumulating());
            }
        }
    }
    cases
}

fn units(shape: ConvShape) -> (usize, usize) {
    (shape.in_channels * shape.window.input_size(), shape.out_channels * shape.window.output_size())
}

fn conv(geometry: &Geometry, shape: ConvShape, chunk: Chunk, bias: bool) -> Case {
    let (inputs, outputs) = units(shape);
    let kernel = Conv { shape, weight: ConstantId(0), bias: bias.then_some(ConstantId(1)) };
    let name = format!("conv::{}-{}", geometry.name, chunk.name());
    let weights = shape.out_channels * shape.in_channels / shape.groups * shape.window.kernel_size();
    Case::new(name, kernel, chunk, value(outputs, chunk.degree, true), TOLERANCE)
        .plain_input(value(inputs, chunk.degree, true))
        .constant(weights, (-1.0, 1.0))
        .constant(shape.out_channels, (-1.0, 1.0))
}

/// `degree` is that of the adjoint given: the orders above become zero, or stay as they are.
fn conv_adjoint(
    geometry: &Geometry,
    shape: ConvShape,
    chunk: Chunk,
    degree: usize,
    exponent: Exponent,
) -> Case {
    let (inputs, outputs) = units(shape);
    let kernel = ConvAdjoint { shape, weight: ConstantId(0), exponent };
    let name = format!("conv_adjoint::{}-{}-of{degree}-{exponent:?}", geometry.name, chunk.name());
    let weights = shape.out_channels * shape.in_channels / shape.groups * shape.window.kernel_size();
    Case::new(name, kernel, chunk, value(inputs, chunk.degree, false), TOLERANCE)
        .plain_input(value(outputs, degree, false))
        .constant(weights, (-0.1, 0.1))
}

/// Of a convolution and the average pooling behind it. For CPUs.
fn pooled_conv_adjoint(geometry: &Geometry, shape: ConvShape, pool: Window, chunk: Chunk) -> Case {
    let pooling = Pool { channels: shape.out_channels, window: pool, count_include_pad: true };
    let pooled = Pooled::new(&shape.window, &pooling).expect("no padding, no dilation");
    let (inputs, _) = units(shape);
    let outputs = shape.out_channels * pool.output_size();
    let kernel = PooledConvAdjoint { shape, pooled: Box::new(pooled), weight: ConstantId(0) };
    let cells = pool.kernel;
    let name = format!("pooled_conv_adjoint::{}-{}x{}-{}", geometry.name, cells[0], cells[1], chunk.name());
    let weights = shape.out_channels * shape.in_channels / shape.groups * shape.window.kernel_size();
    Case::new(name, kernel, chunk, value(inputs, chunk.degree, false), TOLERANCE)
        .plain_input(value(outputs, chunk.degree, false))
        .constant(weights, (-0.1, 0.1))
}
