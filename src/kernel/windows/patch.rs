//! Rectangular windows of a map of several channels.

use std::ops::Range;

use crate::geometry::Window;
use crate::kernel::conv::ConvShape;
use crate::scalar::Scalar;

/// Rows and columns of a map. Values inside a patch are `[channel][row][column]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch(pub [Range<usize>; 2]);

impl Patch {
    /// A whole map of `[channels, height, width]`.
    pub fn whole([_, height, width]: [usize; 3]) -> Self {
        Self([0..height, 0..width])
    }

    /// A square of a size in the middle of a map.
    pub(super) fn middle([_, height, width]: [usize; 3], size: usize) -> Self {
        let middle = |length: usize| {
            let size = size.min(length);
            let start = (length - size) / 2;
            start..start + size
        };
        Self([middle(height), middle(width)])
    }

    /// The smallest patch that holds some pixels `(row, column)`.
    pub(super) fn around(pixels: impl Iterator<Item = (usize, usize)>) -> Self {
        let grow = |range: &Range<usize>, at: usize| match range.is_empty() {
            true => at..at + 1,
            false => range.start.min(at)..range.end.max(at + 1),
        };
        pixels
            .fold(Self::default(), |Self([rows, columns]), (y, x)| Self([grow(&rows, y), grow(&columns, x)]))
    }

    /// Pixels.
    pub fn area(&self) -> usize {
        self.0[0].len() * self.0[1].len()
    }

    /// Position of a pixel of the map inside the patch.
    pub(super) fn unit(&self, channel: usize, y: usize, x: usize) -> usize {
        let [rows, columns] = &self.0;
        (channel * rows.len() + y - rows.start) * columns.len() + x - columns.start
    }

    /// The positions of a sliding window that see some of the patch.
    pub(super) fn reached(&self, window: &Window) -> Self {
        Self([0, 1].map(|axis| {
            let Range { start, end } = self.0[axis];
            let (stride, pad) = (window.stride[axis], window.pad_begin[axis]);
            let reach = (window.kernel[axis] - 1) * window.dilation[axis];
            let first = (start + pad).saturating_sub(reach).div_ceil(stride);
            let last = match start < end {
                true => ((end - 1 + pad) / stride + 1).min(window.output[axis]),
                false => 0,
            };
            first.min(last)..last
        }))
    }

    /// What the positions in this patch of a sliding window's output see of its input.
    pub(super) fn seen(&self, window: &Window) -> Self {
        Self([0, 1].map(|axis| {
            let Range { start, end } = self.0[axis];
            let (stride, pad) = (window.stride[axis], window.pad_begin[axis]);
            let reach = (window.kernel[axis] - 1) * window.dilation[axis];
            let first = (start * stride).saturating_sub(pad);
            let last = (end.saturating_sub(1) * stride + reach + 1).saturating_sub(pad);
            first..last.min(window.input[axis]).max(first)
        }))
    }

    /// A sliding window from this patch of the input to a patch of the output: what it sees outside counts as padding.
    ///
    /// The first position's window must not begin behind this patch's start: see [`begins_before`].
    pub(super) fn window(&self, output: &Self, window: &Window) -> Window {
        let length = |patch: &Self| [patch.0[0].len(), patch.0[1].len()];
        let (input, positions) = (length(self), length(output));
        let pad_begin = [0, 1].map(|axis| {
            (self.0[axis].start + window.pad_begin[axis])
                .saturating_sub(output.0[axis].start * window.stride[axis])
        });
        let pad_end = [0, 1].map(|axis| {
            let reach = (window.kernel[axis] - 1) * window.dilation[axis];
            let needed = positions[axis].saturating_sub(1) * window.stride[axis] + reach + 1;
            needed.saturating_sub(input[axis] + pad_begin[axis])
        });
        Window { input, output: positions, pad_begin, pad_end, ..*window }
    }
}

/// Whether the first position that sees a pixel begins there or before, wherever the pixel is.
pub fn begins_before(window: &Window) -> bool {
    (0..2).all(|axis| (window.kernel[axis] - 1) * window.dilation[axis] + 1 >= window.stride[axis])
}

/// Copies what two patches of a map have in common.
pub(super) fn copy<T: Copy>(channels: usize, from: (&Patch, &[T]), to: (&Patch, &mut [T])) {
    let ((source, from), (target, to)) = (from, to);
    let common = |axis: usize| {
        let (a, b) = (&source.0[axis], &target.0[axis]);
        a.start.max(b.start)..a.end.min(b.end)
    };
    let (rows, columns) = (common(0), common(1));
    if columns.is_empty() {
        return;
    }
    for channel in 0..channels {
        for y in rows.clone() {
            let from = &from[source.unit(channel, y, columns.start)..][..columns.len()];
            let to = &mut to[target.unit(channel, y, columns.start)..][..columns.len()];
            for (to, &from) in to.iter_mut().zip(from) {
                *to = from;
            }
        }
    }
}

/// The convolution as a matrix `[units of the output patch, units of the input patch]`; `matrix` is zero before.
pub(super) fn convolution_matrix<T: Scalar>(
    shape: &ConvShape,
    weight: &[T],
    input: &Patch,
    output: &Patch,
    matrix: &mut [T],
) {
    let window = &shape.window;
    let [rows, columns] = &output.0;
    let (channels, outputs) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
    let taps_x: Vec<Vec<Run>> = columns.clone().map(|x| runs(window, 1, x, &input.0[1])).collect();
    let inputs = shape.in_channels * input.area();
    let mut lines = matrix.chunks_exact_mut(inputs);
    for out_channel in 0..shape.out_channels {
        let first_channel = out_channel / outputs * channels;
        for y in rows.clone() {
            let taps_y = runs(window, 0, y, &input.0[0]);
            for (taps_x, line) in taps_x.iter().zip(&mut lines) {
                for channel in 0..channels {
                    for (tap, at) in taps_y.iter().flat_map(Run::pairs) {
                        let kernel = (out_channel * channels + channel) * window.kernel[0] + tap;
                        let unit = input.unit(first_channel + channel, at, input.0[1].start);
                        for run in taps_x {
                            let from = &weight[kernel * window.kernel[1] + run.tap..][..run.count];
                            let to = &mut line[unit + run.at - input.0[1].start..][..run.count];
                            for (to, &from) in to.iter_mut().zip(from) {
                                *to = from;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Neighbouring cells of a sliding window on neighbouring pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    tap: usize,
    at: usize,
    count: usize,
}

impl Run {
    /// Its cells, each with its pixel.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Self { tap, at, count } = *self;
        (0..count).map(move |i| (tap + i, at + i))
    }
}

/// The cells of a sliding window at a position that lie on some pixels.
fn runs(window: &Window, axis: usize, position: usize, pixels: &Range<usize>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for tap in 0..window.kernel[axis] {
        let Some(at) = window.source(axis, position, tap).filter(|at| pixels.contains(at)) else { continue };
        match runs.last_mut() {
            Some(run) if run.at + run.count == at => run.count += 1,
            _ => runs.push(Run { tap, at, count: 1 }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(size: usize, kernel: usize, stride: usize, dilation: usize, pad: usize) -> Window {
        let output = (size + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
        Window {
            input: [size; 2],
            output: [output; 2],
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [dilation; 2],
            pad_begin: [pad; 2],
            pad_end: [pad; 2],
        }
    }

    /// All positions whose window holds a pixel, and no others, by trying each.
    #[test]
    fn patches_reach_what_windows_see() {
        for (kernel, stride, dilation, pad) in
            [(3, 1, 1, 1), (5, 2, 1, 0), (2, 2, 1, 0), (3, 2, 2, 2), (1, 3, 1, 0)]
        {
            let window = window(13, kernel, stride, dilation, pad);
            for start in 0..13 {
                for end in start + 1..=13 {
                    let patch = Patch([start..end, start..end]);
                    let reached = patch.reached(&window).0[0].clone();
                    let holds = |o: usize| {
                        (0..kernel).any(|k| window.source(0, o, k).is_some_and(|i| (start..end).contains(&i)))
                    };
                    for o in (0..window.output[0]).filter(|&o| holds(o)) {
                        assert!(reached.contains(&o), "{window:?} {start}..{end} misses {o}");
                    }
                    if !reached.is_empty() && dilation == 1 && kernel >= stride {
                        assert!(holds(reached.start) && holds(reached.end - 1), "{window:?} {start}..{end}");
                    }
                    let seen = Patch([reached.clone(), reached.clone()]).seen(&window).0[0].clone();
                    for o in reached {
                        for i in (0..kernel).filter_map(|k| window.source(0, o, k)) {
                            assert!(seen.contains(&i));
                        }
                    }
                }
            }
        }
    }
}
