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

    /// Whether some cell of some position lies outside the image.
    pub fn reaches_outside(&self) -> bool {
        (0..2).any(|axis| (0..self.kernel[axis]).any(|k| self.inside(axis, k).len() < self.output[axis]))
    }

    /// Number of cells that count into a mean along `axis` at position `o`.
    pub fn counted(&self, axis: usize, o: usize, include_pad: bool) -> usize {
        let end = self.input[axis] + self.pad_begin[axis] + if include_pad { self.pad_end[axis] } else { 0 };
        let begin = if include_pad { 0 } else { self.pad_begin[axis] };
        (0..self.kernel[axis])
            .map(|k| o * self.stride[axis] + k * self.dilation[axis])
            .filter(|i| (begin..end).contains(i))
            .count()
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
