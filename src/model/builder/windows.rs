//! Convolutions and pooling: operators that slide a window over an image.

use super::super::{Conv, NodeId, Op, Pool, Weights, Window};
use super::{ModelBuilder, checked_units};
use crate::error::Result;

/// Windows in the padding that are looked at one by one, whether a pixel lies in them.
const MOST_LEAPS: usize = 1 << 16;

/// Kernel geometry of convolutions and pooling, per spatial axis (one or two).
#[derive(Clone, Debug, Default)]
pub struct Geometry {
    /// Window size.
    pub kernel: Vec<usize>,
    /// Steps between positions; empty: 1.
    pub stride: Vec<usize>,
    /// Steps between the window's cells; empty: 1.
    pub dilation: Vec<usize>,
    /// Padding before the image; empty: 0.
    pub pad_begin: Vec<usize>,
    /// Padding after the image; empty: 0.
    pub pad_end: Vec<usize>,
    /// Round the number of positions up: the last window may hang over.
    pub ceil: bool,
}

impl ModelBuilder {
    /// Convolution of `[channels, length]` or `[channels, height, width]`, also with a first axis of size 1 before them, with `weight`
    /// of shape `[out_channels, channels / groups, …kernel]`.
    pub fn conv(
        &mut self,
        x: NodeId,
        shape: &[usize],
        weight: impl Into<Weights>,
        bias: Option<Vec<f64>>,
        groups: usize,
        geometry: &Geometry,
    ) -> Result<NodeId> {
        let (weight, bias) = (weight.into(), bias.map(Weights::from));
        let (batch, input) = self.image(x, shape.len().saturating_sub(2));
        if input.len() != shape.len().wrapping_sub(1) || !(2..=3).contains(&input.len()) {
            let cause = format!(
                "the input has shape {:?} per sample and the weight {shape:?}; convolutions in one or two dimensions are supported",
                self.shape(x)
            );
            return self.fail("Conv", cause);
        }
        let (in_channels, out_channels) = (input[0], shape[0]);
        if groups == 0
            || !in_channels.is_multiple_of(groups)
            || !out_channels.is_multiple_of(groups)
            || shape[1] != in_channels / groups
            || out_channels == 0
        {
            let cause = format!(
                "{in_channels} input channels in {groups} group(s) do not fit a weight of shape {shape:?}"
            );
            return self.fail("Conv", cause);
        }
        if checked_units(shape) != Some(weight.len()) || geometry.kernel != shape[2..] {
            let cause = format!(
                "the weight has shape {shape:?} but {} values, kernel_shape is {:?}",
                weight.len(),
                geometry.kernel
            );
            return self.fail("Conv", cause);
        }
        self.check_bias("Conv", &bias, out_channels)?;
        self.finite("Conv", &weight)?;
        let (window, spatial) = self.window("Conv", &input[1..], geometry)?;
        let conv = Conv { weight, bias, in_channels, out_channels, groups, window };
        let y = batch.into_iter().chain([out_channels]).chain(spatial).collect();
        self.push("Conv", Op::Conv(conv), vec![x], y)
    }

    /// The shape of an image with so many axes besides its channels, and the first axis of size 1 that may stand before it.
    fn image(&self, x: NodeId, axes: usize) -> (Option<usize>, Vec<usize>) {
        match self.shape(x) {
            [1, image @ ..] if image.len() == axes + 1 => (Some(1), image.to_vec()),
            image => (None, image.to_vec()),
        }
    }

    /// Mean over windows of each channel.
    pub fn average_pool(
        &mut self,
        x: NodeId,
        geometry: &Geometry,
        count_include_pad: bool,
    ) -> Result<NodeId> {
        let (pool, y) = self.pool("AveragePool", x, geometry, count_include_pad)?;
        self.push("AveragePool", Op::AveragePool(pool), vec![x], y)
    }

    /// Maximum over windows of each channel.
    pub fn max_pool(&mut self, x: NodeId, geometry: &Geometry) -> Result<NodeId> {
        let (pool, y) = self.pool("MaxPool", x, geometry, false)?;
        self.push("MaxPool", Op::MaxPool(pool), vec![x], y)
    }

    /// The larger of two values, with broadcasting: max pooling over both, which takes one of them as it is. A sum with the
    /// difference's ReLU would round one off against the other.
    pub fn maximum(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        let shape = self.broadcast_shape("Max", self.shape(a), self.shape(b))?;
        let units = shape.iter().product(); // checked with the shape
        let mut row = |x| -> Result<NodeId> {
            let x = self.broadcast(x, &shape)?;
            self.reshape(x, &[1, 1, units])
        };
        let rows = [row(a)?, row(b)?];
        let both = self.concat(&rows, 1)?;
        let largest = self.max_pool(both, &Geometry { kernel: vec![2, 1], ..Geometry::default() })?;
        self.reshape(largest, &shape)
    }

    fn pool(
        &self,
        kind: &str,
        x: NodeId,
        geometry: &Geometry,
        count_include_pad: bool,
    ) -> Result<(Pool, Vec<usize>)> {
        let (batch, input) = self.image(x, geometry.kernel.len());
        if !(2..=3).contains(&input.len()) {
            let cause = format!(
                "the input has shape {:?} per sample; pooling in one or two dimensions is supported",
                self.shape(x)
            );
            return self.fail(kind, cause);
        }
        let (window, spatial) = self.window(kind, &input[1..], geometry)?;
        for axis in 0..2 {
            let leaping = window.dilation[axis] > window.input[axis];
            if leaping && window.pad_begin[axis] / window.stride[axis] > MOST_LEAPS {
                let cause = "more windows than can be looked at begin in the padding, and their cells are farther apart than the image is long: reduce the padding";
                return self.fail(kind, cause.into());
            }
            if window.empty_position(axis, count_include_pad).is_some() {
                return self.fail(kind, "a window lies entirely in the padding: reduce the padding".into());
            }
        }
        let pool = Pool { channels: input[0], window, count_include_pad };
        Ok((pool, batch.into_iter().chain([input[0]]).chain(spatial).collect()))
    }

    /// Checks a geometry and counts positions.
    fn window(&self, kind: &str, input: &[usize], geometry: &Geometry) -> Result<(Window, Vec<usize>)> {
        let axes = input.len();
        let per_axis = |values: &[usize], default: usize| -> Option<[usize; 2]> {
            match values {
                [] => Some([default; 2]),
                [one] if axes == 1 => Some([default, *one]),
                [a, b] if axes == 2 => Some([*a, *b]),
                _ => None,
            }
        };
        let all = (|| {
            Some(Window {
                input: per_axis(input, 1)?,
                output: [1, 1],
                kernel: per_axis(&geometry.kernel, 1)?,
                stride: per_axis(&geometry.stride, 1)?,
                dilation: per_axis(&geometry.dilation, 1)?,
                pad_begin: per_axis(&geometry.pad_begin, 0)?,
                pad_end: per_axis(&geometry.pad_end, 0)?,
            })
        })();
        let limit = 1 << 31;
        let sane = |w: &Window| {
            let positive = [w.input, w.kernel, w.stride, w.dilation].concat();
            let bounded = [w.pad_begin, w.pad_end].concat();
            positive.iter().all(|&v| (1..limit).contains(&v)) && bounded.iter().all(|&v| v < limit)
        };
        let Some(mut window) = all.filter(sane) else {
            return self.fail(kind, format!("impossible geometry {geometry:?} for an image of {input:?}"));
        };
        for axis in 0..2 {
            let padded = window.input[axis]
                .checked_add(window.pad_begin[axis])
                .and_then(|size| size.checked_add(window.pad_end[axis]));
            let extent = (window.kernel[axis] - 1).checked_mul(window.dilation[axis]).map(|e| e + 1);
            let Some(room) = extent.zip(padded).and_then(|(extent, padded)| padded.checked_sub(extent))
            else {
                let cause = format!("the window {geometry:?} is larger than the padded image {input:?}");
                return self.fail(kind, cause);
            };
            let stride = window.stride[axis];
            let mut positions = room / stride + 1;
            // As PyTorch and ONNX Runtime: a last window must start inside the image or its left padding.
            if geometry.ceil
                && !room.is_multiple_of(stride)
                && positions * stride < window.input[axis] + window.pad_begin[axis]
            {
                positions += 1;
            }
            window.output[axis] = positions;
        }
        Ok((window, window.output[2 - axes..].to_vec()))
    }
}
