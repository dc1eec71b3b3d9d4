//! The cases, a file for each file of kernels, with its tolerances.

mod arithmetic;
mod conv;
mod elementwise;
mod linear;
mod pool;
mod reduction;
mod strided;

use hope::model::Window;

use crate::case::Case;

pub fn all() -> Vec<Case> {
    [
        linear::cases(),
        conv::cases(),
        pool::cases(),
        elementwise::cases(),
        arithmetic::cases(),
        strided::cases(),
        reduction::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A window of a table: `[height, width]` of each.
struct Geometry {
    name: &'static str,
    input: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad_begin: [usize; 2],
    pad_end: [usize; 2],
    /// Round the number of positions up.
    ceil: bool,
}

/// A window of one cell that goes over the image step by step.
const POINT: Geometry = Geometry {
    name: "1x1",
    input: [5, 7],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    pad_begin: [0, 0],
    pad_end: [0, 0],
    ceil: false,
};

impl Geometry {
    fn window(&self) -> Window {
        let Self { input, kernel, stride, dilation, pad_begin, pad_end, ceil, .. } = *self;
        let positions = |axis: usize| {
            let room =
                input[axis] + pad_begin[axis] + pad_end[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
            let steps = if ceil { room.div_ceil(stride[axis]) } else { room / stride[axis] };
            // The last window must not begin behind the image.
            if steps * stride[axis] >= input[axis] + pad_begin[axis] { steps } else { steps + 1 }
        };
        let output = [positions(0), positions(1)];
        Window { input, output, kernel, stride, dilation, pad_begin, pad_end }
    }
}
