//! Convolution by im2col and a matrix product, and its adjoint with powers of the weights.
//!
//! A convolution is a linear layer: exact, each coefficient alike, the bias on order 0; published rule, the
//! transposed convolution with W∘k. Lines (rows of the output image, of any series row) are gathered into a
//! panel of cache size, so that one product serves many rows.

mod adjoint;

pub use adjoint::{conv_adjoint, pooled_conv_adjoint};

use faer::{MatMut, MatRef, Par};

use super::ConvShape;
use crate::kernel::product::matmul;
use crate::kernel::{Series, SeriesMut};
use crate::packing;
use crate::scalar::Scalar;

/// Columns of a panel: enough for an efficient product, few enough for the cache.
const PANEL: usize = 512;

impl ConvShape {
    /// Output lines that one panel holds.
    fn lines(&self) -> usize {
        (PANEL / self.window.output[1]).max(1)
    }

    /// Images that one panel holds, at least one.
    fn rows(&self) -> usize {
        (PANEL / self.window.output_size()).max(1)
    }

    /// Elements of scratch that a call needs.
    pub fn scratch(&self) -> usize {
        let columns = (self.lines() * self.window.output[1]).max(self.rows() * self.window.output_size());
        let (depth, outputs) = (self.depth(), self.group_outputs());
        let packed =
            packing::elements(outputs, depth, columns).max(packing::elements(columns, outputs, depth));
        packed
            + self.lines() * self.window.output[1] * (depth + outputs)
            + self.out_channels * depth
            + self.rows() * self.in_channels * self.window.input_size()
    }
}

/// `y = conv(x, W) + b`.
pub fn conv<T: Scalar>(
    shape: &ConvShape,
    weight: &[T],
    bias: Option<&[T]>,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    parallel: Par,
) {
    let window = &shape.window;
    let (depth, outputs) = (shape.depth(), shape.group_outputs());
    let (height, width) = (window.output[0], window.output[1]);
    let all_lines = x.layout.total_rows() * height;
    let primal_lines = x.layout.rows(0) * height;
    let mut panel = vec![T::zero(); depth * shape.lines() * width];
    let mut result = vec![T::zero(); outputs * shape.lines() * width];
    for group in 0..shape.groups {
        let weight = &weight[group * outputs * depth..][..outputs * depth];
        let weight = MatRef::from_row_major_slice(weight, outputs, depth);
        for first in (0..all_lines).step_by(shape.lines()) {
            let lines = first..all_lines.min(first + shape.lines());
            let columns = lines.len() * width;
            im2col(shape, group, x.data, lines.clone(), &mut panel[..depth * columns]);
            matmul(
                T::one(),
                weight,
                MatRef::from_row_major_slice(&panel[..depth * columns], depth, columns),
                MatMut::from_row_major_slice_mut(&mut result[..outputs * columns], outputs, columns),
                false,
                parallel,
            );
            for (output, result) in result[..outputs * columns].chunks_exact(columns).enumerate() {
                let channel = group * outputs + output;
                let bias = bias.map(|b| b[channel]);
                for (line, result) in lines.clone().zip(result.chunks_exact(width)) {
                    let (row, oy) = (line / height, line % height);
                    let at = ((row * shape.out_channels + channel) * height + oy) * width;
                    let y = &mut y.data[at..at + width];
                    copy_short(result, y);
                    if let Some(bias) = bias.filter(|_| line < primal_lines) {
                        y.iter_mut().for_each(|y| *y += bias);
                    }
                }
            }
        }
    }
}

/// Calls `visit(panel index, image index, count, image step)` for each run of panel columns that lies in
/// the image; `image index` counts from the start of `x`.
#[inline(always)]
fn for_each_run(
    shape: &ConvShape,
    group: usize,
    lines: std::ops::Range<usize>,
    mut visit: impl FnMut(usize, usize, usize, usize),
) {
    let window = &shape.window;
    let (height, width) = (window.output[0], window.output[1]);
    let columns = lines.len() * width;
    let channels = shape.in_channels / shape.groups;
    let step = window.stride[1];
    for channel in 0..channels {
        for ky in 0..window.kernel[0] {
            for kx in 0..window.kernel[1] {
                let depth = (channel * window.kernel[0] + ky) * window.kernel[1] + kx;
                let inside = window.inside(1, kx);
                if inside.is_empty() {
                    continue;
                }
                let source = inside.start * step + kx * window.dilation[1] - window.pad_begin[1];
                for (index, line) in lines.clone().enumerate() {
                    let (row, oy) = (line / height, line % height);
                    let Some(y) = window.source(0, oy, ky) else { continue };
                    let channel = row * shape.in_channels + group * channels + channel;
                    let image = (channel * window.input[0] + y) * window.input[1] + source;
                    visit(depth * columns + index * width + inside.start, image, inside.len(), step);
                }
            }
        }
    }
}

/// Gathers what each output position sees: `panel[depth][line, ox]`.
fn im2col<T: Scalar>(
    shape: &ConvShape,
    group: usize,
    x: &[T],
    lines: std::ops::Range<usize>,
    panel: &mut [T],
) {
    if shape.window.reaches_outside() {
        panel.fill(T::zero());
    }
    for_each_run(shape, group, lines, |at, image, count, step| {
        let panel = &mut panel[at..at + count];
        if step == 1 {
            copy_short(&x[image..image + count], panel);
        } else {
            for (panel, &x) in panel.iter_mut().zip(x[image..].iter().step_by(step)) {
                *panel = x;
            }
        }
    });
}

/// Copies what is often a few numbers long: too short for a call of memcpy to pay off.
#[inline(always)]
fn copy_short<T: Copy>(from: &[T], to: &mut [T]) {
    for (from, to) in from.chunks(8).zip(to.chunks_mut(8)) {
        match (from.first_chunk::<8>(), to.first_chunk_mut::<8>()) {
            (Some(from), Some(to)) => *to = *from,
            _ => to.copy_from_slice(from),
        }
    }
}
