//! Where units come from and go to: matrices, sliding windows, pooling, strided copies. Plain data that models and kernels share.

/// Pooling, channel by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Number of channels.
    pub channels: usize,
    /// The windows.
    pub window: Window,
    /// Average pooling: padding counts into the mean. (What a last window in ceil mode hangs over never does.)
    pub count_include_pad: bool,
}

/// Shape of the weight, row-major `[outputs, inputs]`. A row of the value holds several positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// Size of x's last axis.
    pub inputs: usize,
    /// Size of y's last axis.
    pub outputs: usize,
}

/// Matrix products of two values, one for each group: `[groups, rows, inner]` times `[groups, inner, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMulShape {
    /// Number of products.
    pub groups: usize,
    /// Rows of the left factors and the results.
    pub rows: usize,
    /// Columns of the left factors, rows of the right ones.
    pub inner: usize,
    /// Columns of the right factors and the results.
    pub columns: usize,
}

/// Geometry of a sliding window in two dimensions, `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Image size.
    pub input: [usize; 2],
    /// Number of positions.
    pub output: [usize; 2],
    /// Window size.
    pub kernel: [usize; 2],
    /// Steps between positions.
    pub stride: [usize; 2],
    /// Steps between the window's cells.
    pub dilation: [usize; 2],
    /// Padding before the image.
    pub pad_begin: [usize; 2],
    /// Padding after the image; what lies beyond is no padding but overhang of ceil mode.
    pub pad_end: [usize; 2],
}

impl Window {
    /// Pixels of the image.
    pub fn input_size(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Number of positions.
    pub fn output_size(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Cells of the window.
    pub fn kernel_size(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Image coordinate along `axis` of cell `k` of the window at position `o`, if inside the image.
    #[inline(always)]
    pub fn source(&self, axis: usize, o: usize, k: usize) -> Option<usize> {
        (o * self.stride[axis] + k * self.dilation[axis])
            .checked_sub(self.pad_begin[axis])
            .filter(|&i| i < self.input[axis])
    }

    /// Positions along `axis` at which cell `k` of the window lies inside the image: a range.
    pub fn inside(&self, axis: usize, k: usize) -> std::ops::Range<usize> {
        let (shift, stride) = (k * self.dilation[axis], self.stride[axis]);
        let begin = self.pad_begin[axis].saturating_sub(shift).div_ceil(stride);
        let reach = (self.input[axis] + self.pad_begin[axis]).saturating_sub(shift);
        let end = reach.div_ceil(stride).min(self.output[axis]);
        begin..end.max(begin)
    }

    /// Whether some cell of some position lies outside the image: the very first or the very last does.
    pub fn reaches_outside(&self) -> bool {
        (0..2).any(|axis| {
            let reach = (self.kernel[axis] - 1) * self.dilation[axis];
            let last = (self.output[axis] - 1) * self.stride[axis] + reach;
            self.pad_begin[axis] > 0 || last >= self.input[axis]
        })
    }

    /// Cells of the window at position `o` along `axis` that lie inside the image.
    pub fn cells(&self, axis: usize, o: usize) -> std::ops::Range<usize> {
        let begin = self.pad_begin[axis];
        self.cells_before(axis, o, begin)..self.cells_before(axis, o, begin + self.input[axis])
    }

    /// Number of cells that count into a mean along `axis` at position `o`.
    pub fn counted(&self, axis: usize, o: usize, include_pad: bool) -> usize {
        match include_pad {
            false => self.cells(axis, o).len(),
            true => {
                let padded = self.input[axis] + self.pad_begin[axis] + self.pad_end[axis];
                self.cells_before(axis, o, padded)
            }
        }
    }

    /// Cells of the window at position `o` along `axis` before a coordinate of the padded image.
    fn cells_before(&self, axis: usize, o: usize, edge: usize) -> usize {
        edge.saturating_sub(o * self.stride[axis]).div_ceil(self.dilation[axis]).min(self.kernel[axis])
    }

    /// Number of positions along `axis`, from `o` on, at which the same cells of the window lie inside the image.
    pub fn positions_alike(&self, axis: usize, o: usize) -> usize {
        let (cells, begin) = (self.cells(axis, o), self.pad_begin[axis]);
        // The last cell before each edge stays before it as long as this: `cells_before` in turn.
        let as_long = |count: usize, edge: usize| match count {
            0 => usize::MAX,
            count => {
                (edge - o * self.stride[axis] - (count - 1) * self.dilation[axis]).div_ceil(self.stride[axis])
            }
        };
        as_long(cells.start, begin)
            .min(as_long(cells.end, begin + self.input[axis]))
            .min(self.output[axis] - o)
    }

    /// A position along `axis` at which no cell counts. Sizes come from files: their positions aren't walked one by one.
    pub fn empty_position(&self, axis: usize, include_pad: bool) -> Option<usize> {
        let empty = |o: &usize| self.counted(axis, *o, include_pad) == 0;
        // What begins inside the image has its first cell there: the others begin before it, or behind it as the last one does.
        let before = self.pad_begin[axis].div_ceil(self.stride[axis]).min(self.output[axis]);
        // Cells no farther apart than the image is long don't leap over it: the earlier a window ends, the less it holds.
        let leaping = self.dilation[axis] > self.input[axis];
        let to_try = if leaping { before } else { before.min(1) };
        (0..to_try).chain([self.output[axis] - 1]).find(empty)
    }

    /// Positions whose window may hold a pixel, at the most.
    pub fn most_at_a_pixel(&self) -> usize {
        let along = |axis: usize| {
            let reach = (self.kernel[axis] - 1) * self.dilation[axis];
            (reach / self.stride[axis] + 1).min(self.output[axis])
        };
        along(0) * along(1)
    }

    /// Whether no pixel lies in two windows.
    pub fn is_disjoint(&self) -> bool {
        (0..2).all(|axis| {
            let extent = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            self.output[axis] == 1 || extent <= self.stride[axis] || self.kernel[axis] == 1
        })
    }
}

/// A copy between strided views: for every index tuple, `y[output_offset + Σ i·output] += scale · x[input_offset + Σ i·input]`.
///
/// One form for permutation, slicing, reversal, padding, broadcasting (input stride 0) and sums over axes
/// (output stride 0). Exchanging the roles of input and output gives the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Strided {
    /// The index ranges.
    pub dims: Vec<StridedDim>,
    /// First unit read.
    pub input_offset: usize,
    /// First unit written.
    pub output_offset: usize,
    /// Factor.
    pub scale: f64,
    /// Value of the units that nothing is copied to.
    pub fill: f64,
}

/// One index range of a [`Strided`] copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StridedDim {
    /// Number of steps.
    pub size: usize,
    /// Units between steps in the input.
    pub input: isize,
    /// Units between steps in the output.
    pub output: isize,
}

impl Strided {
    /// Whether no output sums or repeats inputs and none is scaled: each input goes to one output at most.
    pub fn is_selection(&self) -> bool {
        self.scale == 1.0 && !self.is_sum() && self.dims.iter().all(|d| d.input != 0 || d.size == 1)
    }

    /// Whether outputs sum several inputs.
    pub fn is_sum(&self) -> bool {
        self.dims.iter().any(|d| d.output == 0 && d.size > 1)
    }

    /// Number of copied units.
    pub fn count(&self) -> usize {
        self.dims.iter().map(|d| d.size).product()
    }

    /// The transposed linear map.
    pub fn adjoint(&self) -> Self {
        Self {
            dims: self
                .dims
                .iter()
                .map(|d| StridedDim { size: d.size, input: d.output, output: d.input })
                .collect(),
            input_offset: self.output_offset,
            output_offset: self.input_offset,
            scale: self.scale,
            fill: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every window along an axis of a few pixels, beside counting cell by cell.
    #[test]
    fn positions_are_what_walking_finds() {
        let mut seen = [0; 3];
        for code in 0..5 * 4 * 4 * 4 * 5 * 5 {
            let mut rest = code;
            let mut digit = |base: usize| {
                let digit = rest % base;
                rest /= base;
                digit
            };
            let (input, kernel, stride, dilation) = (1 + digit(5), 1 + digit(4), 1 + digit(4), 1 + digit(4));
            let (begin, end) = (digit(5), digit(5));
            let reach = (kernel - 1) * dilation;
            let Some(room) = (input + begin + end).checked_sub(reach + 1) else { continue };
            // As many as fit, and the one that hangs over in ceil mode.
            let fit = room / stride + 1;
            let over = !room.is_multiple_of(stride) && fit * stride < input + begin;
            for output in fit..=fit + over as usize {
                let window = Window {
                    input: [input, 1],
                    output: [output, 1],
                    kernel: [kernel, 1],
                    stride: [stride, 1],
                    dilation: [dilation, 1],
                    pad_begin: [begin, 0],
                    pad_end: [end, 0],
                };
                let cells =
                    |o| -> Vec<usize> { (0..kernel).filter(|&k| window.source(0, o, k).is_some()).collect() };
                let padded =
                    |o| (0..kernel).filter(|k| o * stride + k * dilation < input + begin + end).count();
                for o in 0..output {
                    assert_eq!(window.cells(0, o).collect::<Vec<_>>(), cells(o), "{window:?} at {o}");
                    assert_eq!(window.counted(0, o, false), cells(o).len());
                    assert_eq!(window.counted(0, o, true), padded(o));
                    let alike = (o..output).take_while(|&other| cells(other) == cells(o)).count();
                    if !cells(o).is_empty() {
                        assert_eq!(window.positions_alike(0, o), alike, "{window:?} at {o}");
                        seen[0] += 1;
                    }
                }
                for (include_pad, empty) in [
                    (false, (0..output).find(|&o| cells(o).is_empty())),
                    (true, (0..output).find(|&o| padded(o) == 0)),
                ] {
                    let found = window.empty_position(0, include_pad);
                    assert_eq!(found.is_some(), empty.is_some(), "{window:?} {include_pad}");
                    seen[1] += empty.is_some() as usize;
                }
                let outside = (0..output).any(|o| cells(o).len() < kernel);
                assert_eq!(window.reaches_outside(), outside, "{window:?}");
                seen[2] += outside as usize;
            }
        }
        assert!(seen.iter().all(|&n| n > 1000), "{seen:?}");
    }
}
