//! Images as points of a network: how they lie in its input, files, sizes, normalisation.

mod normalization;
mod options;
mod read;
mod size;

use anyhow::{Result, anyhow, bail};

use hope::attribution::Groups;
use hope::model::Model;
use hope::picture::{Bitmap, Colour, Content};

use super::text;

pub use normalization::Normalization;
pub use options::ImageArgs;
pub use read::{is_image, read};
pub use size::Fit;

/// How an image lies in a network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub rows: usize,
    pub columns: usize,
    pub channels: usize,
    /// `[channels, rows, columns]`, else `[rows, columns, channels]`.
    channels_first: bool,
}

impl Layout {
    /// The layout of a model's input.
    ///
    /// # Errors
    /// If it is no image of one or three channels.
    pub fn of(model: &Model) -> Result<Self> {
        Self::of_shape(model.input_shape()).ok_or_else(|| {
            anyhow!(
                "the model's input, {}, is no image: images are rows x columns, with 1 or 3 channels before or behind",
                text::shape(model.input_shape())
            )
        })
    }

    fn of_shape(shape: &[usize]) -> Option<Self> {
        let (rows, columns, channels, channels_first) = match *shape {
            [rows, columns] => (rows, columns, 1, true),
            [channels @ (1 | 3), rows, columns] => (rows, columns, channels, true),
            [rows, columns, channels @ (1 | 3)] => (rows, columns, channels, false),
            _ => return None,
        };
        Some(Self { rows, columns, channels, channels_first })
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// Where a channel of a pixel is in the input.
    pub fn index(&self, pixel: usize, channel: usize) -> usize {
        if self.channels_first { channel * self.pixels() + pixel } else { pixel * self.channels + channel }
    }

    /// Pixel and channel of an input.
    pub fn place(&self, index: usize) -> (usize, usize) {
        if self.channels_first {
            (index % self.pixels(), index / self.pixels())
        } else {
            (index / self.channels, index % self.channels)
        }
    }

    /// Patches of so many rows and columns, row by row; those at the right and at the bottom may be smaller.
    ///
    /// # Errors
    /// If a patch is larger than the image.
    pub fn patches(&self, size: usize) -> Result<Groups> {
        if size > self.rows.max(self.columns) {
            bail!("--patch {size}: the images have {} rows and {} columns", self.rows, self.columns);
        }
        let across = self.columns.div_ceil(size);
        let of = (0..self.pixels() * self.channels).map(|i| {
            let pixel = self.place(i).0;
            pixel / self.columns / size * across + pixel % self.columns / size
        });
        Ok(Groups::new(of.collect())?)
    }

    /// Numbers of inputs as numbers of pixels: the sum over the channels.
    pub fn summed(&self, inputs: &[f64]) -> Vec<f64> {
        (0..self.pixels()).map(|p| (0..self.channels).map(|c| inputs[self.index(p, c)]).sum()).collect()
    }

    /// Numbers of inputs that are the same in all channels as numbers of pixels.
    pub fn of_first_channel(&self, inputs: &[f64]) -> Vec<f64> {
        (0..self.pixels()).map(|p| inputs[self.index(p, 0)]).collect()
    }

    /// The image to look at; numbers outside 0 to 1 are scaled to that range, which the second result says.
    ///
    /// # Errors
    /// If it can't be drawn.
    pub fn picture(&self, image: &[f64]) -> Result<(Content, bool)> {
        let low = image.iter().copied().fold(0.0f64, f64::min);
        let high = image.iter().copied().fold(1.0f64, f64::max);
        let level = |pixel, channel| {
            let x = (image[self.index(pixel, channel)] - low) / (high - low);
            (255.0 * x).round() as u8
        };
        let last = self.channels - 1;
        let pixels =
            (0..self.pixels()).map(|p| Colour(level(p, 0), level(p, 1.min(last)), level(p, last))).collect();
        let bitmap = Bitmap::new(self.columns, self.rows, pixels)?;
        Ok((Content::Image(bitmap), (low, high) != (0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_inputs() {
        let of = |shape: &[usize]| Layout::of_shape(shape);
        let first = of(&[3, 4, 5]).expect("an image");
        let last = of(&[4, 5, 3]).expect("an image");
        assert_eq!((first.rows, first.columns, first.channels), (4, 5, 3));
        assert_eq!((last.rows, last.columns, last.channels), (4, 5, 3));
        assert_eq!((first.index(7, 2), last.index(7, 2)), (47, 23));
        for layout in [first, last] {
            for i in 0..60 {
                let (pixel, channel) = layout.place(i);
                assert_eq!(layout.index(pixel, channel), i);
            }
        }
        let patches = first.patches(2).expect("patches");
        assert_eq!((patches.count(), &patches.of()[..5], patches.of()[45]), (6, &[0, 0, 1, 1, 2][..], 0));
        assert!(first.patches(6).is_err());
        assert_eq!(of(&[28, 28]).map(|l| l.channels), Some(1));
        for none in [&[784][..], &[4, 28, 28], &[2, 3, 4, 5], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }
}
