//! A convolution and the average pooling behind it as one convolution.
//!
//! The mean over windows of a sliding window is a sliding window: its kernel is W, spread over the cells of the
//! pooling window, and its stride the product of the strides. A 5 x 5 convolution with 2 x 2 pooling becomes
//! 6 x 6 with stride 2: 36 products per pooled pixel instead of 100.

use super::ConvShape;
use crate::geometry::{Pool, Window};
use crate::scalar::Scalar;

/// Where the fused kernel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooled {
    /// The convolution's own window.
    pub conv: Window,
    /// The pooling's.
    pub pool: Window,
    /// The fused one.
    pub window: Window,
}

impl Pooled {
    /// None if the pooling's means have different counts, or something is dilated.
    pub fn new(conv: &Window, pool: &Pool) -> Option<Self> {
        let pool = pool.window;
        if pool.reaches_outside() || conv.dilation != [1, 1] || pool.dilation != [1, 1] {
            return None;
        }
        let window = Window {
            output: pool.output,
            kernel: [0, 1].map(|axis| (pool.kernel[axis] - 1) * conv.stride[axis] + conv.kernel[axis]),
            stride: [0, 1].map(|axis| conv.stride[axis] * pool.stride[axis]),
            ..*conv
        };
        Some(Self { conv: *conv, pool, window })
    }

    /// Cells of the pooling.
    pub fn cells(&self) -> usize {
        self.pool.kernel_size()
    }

    /// The fused convolution's shape.
    pub fn shape(&self, conv: &ConvShape) -> ConvShape {
        ConvShape { window: self.window, ..*conv }
    }

    /// Products that it saves, for each pair of channels: negative if it costs more.
    pub fn saving(&self) -> i64 {
        let apart = self.conv.output_size() * self.conv.kernel_size()
            + self.pool.output_size() * self.pool.kernel_size();
        apart as i64 - (self.window.output_size() * self.window.kernel_size()) as i64
    }

    /// Kernels `[images, kernel]` spread over the cells: the fused kernels, times [`Self::cells`].
    pub fn spread<T: Scalar>(&self, weight: &[T]) -> Vec<T> {
        let (small, large) = (self.conv.kernel_size(), self.window.kernel_size());
        let mut fused = vec![T::zero(); weight.len() / small * large];
        for (from, to) in weight.chunks_exact(small).zip(fused.chunks_exact_mut(large)) {
            for (py, px) in pixels(self.pool.kernel) {
                for (ky, kx) in pixels(self.conv.kernel) {
                    let (y, x) = (py * self.conv.stride[0] + ky, px * self.conv.stride[1] + kx);
                    to[y * self.window.kernel[1] + x] += from[ky * self.conv.kernel[1] + kx];
                }
            }
        }
        fused
    }
}

fn pixels([height, width]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}
