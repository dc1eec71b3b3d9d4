//! Linear maps: every product visited once.

use hope::kernel::conv::ConvShape;
use hope::kernel::linear::LinearShape;
use hope::model::{Strided, Window};

use super::{Run, rows};

/// `y_o = Σ_i W_oi x_i + b_o`, for each position.
pub(super) fn linear(shape: LinearShape, w: &[f64], bias: Option<&[f64]>, x: &[f64], y: &mut [f64]) {
    for position in 0..x.len() / shape.inputs {
        for o in 0..shape.outputs {
            let mut sum = bias.map_or(0.0, |b| b[o]);
            for i in 0..shape.inputs {
                sum += w[o * shape.inputs + i] * x[position * shape.inputs + i];
            }
            y[position * shape.outputs + o] = sum;
        }
    }
}

/// `x̄_i = Σ_o W_oi^exponent z̄_o`, for each position.
pub(super) fn linear_adjoint(shape: LinearShape, w: &[f64], exponent: i32, z: &[f64], x: &mut [f64]) {
    for position in 0..z.len() / shape.outputs {
        for i in 0..shape.inputs {
            for o in 0..shape.outputs {
                let power = w[o * shape.inputs + i].powi(exponent);
                x[position * shape.inputs + i] += power * z[position * shape.outputs + o];
            }
        }
    }
}

/// Coordinate in the image of a cell of a window, if it is inside.
pub(super) fn source(window: &Window, axis: usize, position: usize, cell: usize) -> Option<usize> {
    let at = (position * window.stride[axis] + cell * window.dilation[axis]) as isize
        - window.pad_begin[axis] as isize;
    (at >= 0 && at < window.input[axis] as isize).then_some(at as usize)
}

/// Visits every product `W x` of a convolution: the indices of the weight, of the input unit and of the output unit.
pub(super) fn for_each_product(shape: &ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let w = &shape.window;
    let (of_in, of_out) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
    for out_channel in 0..shape.out_channels {
        for channel in 0..of_in {
            let in_channel = out_channel / of_out * of_in + channel;
            for (oy, ox) in pairs(w.output) {
                for (ky, kx) in pairs(w.kernel) {
                    let (Some(y), Some(x)) = (source(w, 0, oy, ky), source(w, 1, ox, kx)) else { continue };
                    let weight = ((out_channel * of_in + channel) * w.kernel[0] + ky) * w.kernel[1] + kx;
                    let from = (in_channel * w.input[0] + y) * w.input[1] + x;
                    visit(weight, from, (out_channel * w.output[0] + oy) * w.output[1] + ox);
                }
            }
        }
    }
}

pub(super) fn pairs(size: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..size[0]).flat_map(move |y| (0..size[1]).map(move |x| (y, x)))
}

/// Visits every index tuple of a copy: the unit read and the unit written.
pub(super) fn for_each_copy(copy: &Strided, mut visit: impl FnMut(usize, usize)) {
    let mut tuples = vec![(copy.input_offset as isize, copy.output_offset as isize)];
    for dim in &copy.dims {
        let steps =
            |(from, to)| (0..dim.size as isize).map(move |i| (from + i * dim.input, to + i * dim.output));
        tuples = tuples.into_iter().flat_map(steps).collect();
    }
    tuples.into_iter().for_each(|(from, to)| visit(from as usize, to as usize));
}

impl Run<'_> {
    pub(super) fn strided(&self, copy: &Strided, fill: bool) -> Vec<f64> {
        let (x, layout) = (self.case.layout(0), self.case.output_layout());
        let mut output = self.case.before.clone();
        for row in rows(layout) {
            let y = &mut output[layout.row(row.order, row.sample, row.lane)];
            if fill {
                y.fill(if row.order == 0 { copy.fill } else { 0.0 });
                for_each_copy(copy, |_, to| y[to] = 0.0);
            }
            if row.order <= x.degree {
                let x = self.row(0, row);
                for_each_copy(copy, |from, to| y[to] += copy.scale * x[from]);
            }
        }
        output
    }
}
