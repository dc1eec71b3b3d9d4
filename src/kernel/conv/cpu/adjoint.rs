//! The transposed convolution, `x̄[k] = convᵀ(z̄[k], W)`, or with powers of the weights, `W∘k` at order k.
//!
//! A product gives what each output position sends to each cell of its window. Channels vary fastest in it, so that
//! adding a line of cells to the image is one long run; the image gets its own order in the end.

use std::ops::Range;

use faer::{MatMut, MatRef, Par};
use multiversion::multiversion;

use super::copy_short;
use crate::geometry::Window;
use crate::kernel::conv::{ConvShape, Pooled};
use crate::kernel::powers::Powers;
use crate::kernel::product::matmul;
use crate::kernel::{Exponent, Series, SeriesMut};
use crate::scalar::Scalar;

/// `x̄[k] = convᵀ(z̄[k], W)`, or with `W∘k`, for each order; or added to x̄.
pub fn conv_adjoint<T: Scalar>(
    shape: &ConvShape,
    weight: &[T],
    exponent: Exponent,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
    parallel: Par,
) {
    match exponent {
        Exponent::One => {
            if !accumulate {
                x.clear_above(z.layout.degree);
            }
            // Blocks of lower orders come first: those of z are a prefix of those of x.
            let length = z.layout.total_rows() * x.layout.units;
            let mut scratch = Scratch::new(shape, z.layout.total_rows(), parallel);
            scratch.transposed(weight, T::one(), z.data, &mut x.data[..length], accumulate);
        }
        Exponent::Order => {
            let mut powers = Powers::of(weight);
            let next = || {
                let (power, scale) = powers.next();
                (power.to_vec(), scale)
            };
            by_order(shape, next, z, x, accumulate, parallel);
        }
    }
}

/// [`conv_adjoint`] of the adjoint of an average pooling, whose weights `1 / cells` get the same powers.
pub fn pooled_conv_adjoint<T: Scalar>(
    shape: &ConvShape,
    pooled: &Pooled,
    weight: &[T],
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
    parallel: Par,
) {
    let mut powers = Powers::of(weight);
    let mean = T::of(1.0 / pooled.cells() as f64);
    let mut factor = T::one();
    let next = || {
        let (power, scale) = powers.next();
        factor *= mean;
        (pooled.spread(power), scale * factor)
    };
    by_order(&pooled.shape(shape), next, z, x, accumulate, parallel);
}

/// `powers` gives the kernels of the next order, from the first on, and a factor.
fn by_order<T: Scalar>(
    shape: &ConvShape,
    mut powers: impl FnMut() -> (Vec<T>, T),
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
    parallel: Par,
) {
    if !accumulate {
        x.clear_above(z.layout.degree);
    }
    let mut scratch = Scratch::new(shape, z.layout.rows(1), parallel);
    for order in 1..=z.layout.degree {
        let (power, scale) = powers();
        scratch.transposed(&power, scale, z.block(order), x.block(order), accumulate);
    }
}

/// Working memory of a transposed convolution.
struct Scratch<'a, T> {
    shape: &'a ConvShape,
    parallel: Par,
    /// As many rows as a panel has room for; of large images a part of the lines after the other.
    rows_at_once: usize,
    lines_at_once: usize,
    gathered: Vec<T>,
    panel: Vec<T>,
    images: Vec<T>,
}

impl<'a, T: Scalar> Scratch<'a, T> {
    /// For up to so many rows.
    fn new(shape: &'a ConvShape, rows: usize, parallel: Par) -> Self {
        let window = &shape.window;
        let channels = shape.in_channels / shape.groups;
        let (positions, pixels, width) = (window.output_size(), window.input_size(), window.output[1]);
        let rows_at_once = shape.rows();
        let lines_at_once = if rows_at_once > 1 { rows_at_once * window.output[0] } else { shape.lines() };
        let columns = rows_at_once.min(rows) * positions;
        let columns = columns.min(lines_at_once * width);
        Self {
            shape,
            parallel,
            rows_at_once,
            lines_at_once,
            gathered: vec![T::zero(); shape.group_outputs() * columns],
            panel: vec![T::zero(); shape.depth() * columns],
            images: vec![T::zero(); rows_at_once * channels * pixels],
        }
    }

    /// `x = scale · convᵀ(z, kernels)` for some rows, or added to x.
    fn transposed(&mut self, kernels: &[T], scale: T, z: &[T], x: &mut [T], accumulate: bool) {
        let (shape, parallel) = (self.shape, self.parallel);
        let window = &shape.window;
        let (depth, outputs) = (shape.depth(), shape.group_outputs());
        let channels = shape.in_channels / shape.groups;
        let (pixels, width) = (window.input_size(), window.output[1]);
        let rows = z.len() / (shape.out_channels * window.output_size());
        for group in 0..shape.groups {
            let kernels =
                channels_last(&kernels[group * outputs * depth..][..outputs * depth], channels, depth);
            let kernels = MatRef::from_row_major_slice(&kernels, outputs, depth);
            for first in (0..rows).step_by(self.rows_at_once) {
                let block = first..rows.min(first + self.rows_at_once);
                let images = &mut self.images[..block.len() * channels * pixels];
                images.fill(T::zero());
                let lines = block.start * window.output[0]..block.end * window.output[0];
                for start in lines.clone().step_by(self.lines_at_once) {
                    let part = start..lines.end.min(start + self.lines_at_once);
                    let columns = part.len() * width;
                    let gathered = &mut self.gathered[..outputs * columns];
                    gather(shape, group, z, part.clone(), gathered);
                    let panel = &mut self.panel[..depth * columns];
                    matmul(
                        scale,
                        MatRef::from_row_major_slice(gathered, outputs, columns).transpose(),
                        kernels,
                        MatMut::from_row_major_slice_mut(panel, columns, depth),
                        false,
                        parallel,
                    );
                    let part = part.start - lines.start..part.end - lines.start;
                    add_windows(window, channels, panel, part, images);
                }
                for (row, image) in block.zip(images.chunks_exact(channels * pixels)) {
                    let at = (row * shape.in_channels + group * channels) * pixels;
                    channels_first(image, channels, &mut x[at..at + channels * pixels], accumulate);
                }
            }
        }
    }
}

/// Kernels `[outputs, channels, cells]` as `[outputs, cells, channels]`.
fn channels_last<T: Scalar>(kernels: &[T], channels: usize, depth: usize) -> Vec<T> {
    let cells = depth / channels;
    let mut turned = vec![T::zero(); kernels.len()];
    for (from, to) in kernels.chunks_exact(depth).zip(turned.chunks_exact_mut(depth)) {
        for (channel, from) in from.chunks_exact(cells).enumerate() {
            for (cell, &w) in from.iter().enumerate() {
                to[cell * channels + channel] = w;
            }
        }
    }
    turned
}

/// The output channels of a group in some lines: `[outputs, lines, width]`.
fn gather<T: Scalar>(shape: &ConvShape, group: usize, z: &[T], lines: Range<usize>, into: &mut [T]) {
    let (height, width) = (shape.window.output[0], shape.window.output[1]);
    let outputs = shape.group_outputs();
    for (output, into) in into.chunks_exact_mut(lines.len() * width).enumerate() {
        let channel = group * outputs + output;
        let mut line = lines.start;
        let mut done = 0;
        // Runs of lines of the same row lie side by side.
        while line < lines.end {
            let (row, y) = (line / height, line % height);
            let count = (height - y).min(lines.end - line);
            let at = ((row * shape.out_channels + channel) * height + y) * width;
            copy_short(&z[at..at + count * width], &mut into[done..done + count * width]);
            done += count * width;
            line += count;
        }
    }
}

/// Adds each position's window to its image `[pixels, channels]`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_windows<T: Scalar>(
    window: &Window,
    channels: usize,
    panel: &[T],
    lines: Range<usize>,
    images: &mut [T],
) {
    let (height, width) = (window.output[0], window.output[1]);
    let depth = window.kernel_size() * channels;
    // The cells of a position's line that lie in the image, and the pixel of the first.
    let runs: Vec<(Range<usize>, usize)> = (0..width).map(|x| cells_inside(window, x)).collect();
    let neighbours = window.dilation[1] == 1;
    for (line, panel) in lines.zip(panel.chunks_exact(width * depth)) {
        let (row, oy) = (line / height, line % height);
        for ((cells, first), panel) in runs.iter().zip(panel.chunks_exact(depth)) {
            for ky in 0..window.kernel[0] {
                let Some(y) = window.source(0, oy, ky) else { continue };
                let from =
                    &panel[(ky * window.kernel[1] + cells.start) * channels..][..cells.len() * channels];
                let at = ((row * window.input[0] + y) * window.input[1] + first) * channels;
                if neighbours {
                    add(from, &mut images[at..at + from.len()]);
                    continue;
                }
                for (cell, from) in from.chunks_exact(channels).enumerate() {
                    add(from, &mut images[at + cell * window.dilation[1] * channels..][..channels]);
                }
            }
        }
    }
}

/// Cells of a window's line at a position that lie in the image, and the pixel of the first.
fn cells_inside(window: &Window, x: usize) -> (Range<usize>, usize) {
    let mut inside = (0..window.kernel[1]).filter_map(|k| Some((k, window.source(1, x, k)?)));
    match inside.next() {
        None => (0..0, 0),
        Some((first, pixel)) => (first..inside.next_back().map_or(first, |(last, _)| last) + 1, pixel),
    }
}

#[inline(always)]
fn add<T: Scalar>(from: &[T], to: &mut [T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// An image `[pixels, channels]` as `[channels, pixels]`.
fn channels_first<T: Scalar>(image: &[T], channels: usize, into: &mut [T], accumulate: bool) {
    let pixels = into.len() / channels;
    for (channel, into) in into.chunks_exact_mut(pixels).enumerate() {
        for (pixel, into) in into.iter_mut().enumerate() {
            let sum = image[pixel * channels + channel];
            *into = if accumulate { *into + sum } else { sum };
        }
    }
}
