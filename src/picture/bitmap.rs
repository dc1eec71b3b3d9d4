//! Images of coloured pixels, and reading and writing them as PNG.

use base64::Engine as _;

use super::colour::Colour;
use crate::error::{Error, Result};

/// An image, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Bitmap {
    /// An image of these pixels, `[height, width]`.
    ///
    /// # Errors
    /// If there are not that many pixels, or none.
    pub fn new(width: usize, height: usize, pixels: Vec<Colour>) -> Result<Self> {
        if pixels.is_empty() || width.checked_mul(height) != Some(pixels.len()) {
            return Err(Error::Picture(format!(
                "{} pixels do not make an image of {width} x {height}",
                pixels.len()
            )));
        }
        Ok(Self { width, height, pixels })
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The colour in a column and a row; none outside.
    pub fn pixel(&self, x: usize, y: usize) -> Option<Colour> {
        if x < self.width { self.pixels.get(y * self.width + x).copied() } else { None }
    }

    /// All of them, row by row.
    pub(super) fn pixels(&self) -> &[Colour] {
        &self.pixels
    }

    /// The image upside down.
    pub(super) fn flipped(&self) -> Self {
        let rows = self.pixels.chunks_exact(self.width).rev();
        Self { pixels: rows.flatten().copied().collect(), ..*self }
    }

    /// Each pixel as a square of `zoom` by `zoom`.
    pub(super) fn enlarged(&self, zoom: usize) -> Self {
        let (width, height) = (self.width * zoom, self.height * zoom);
        let pixels = (0..width * height)
            .map(|i| self.pixels[(i / width / zoom) * self.width + i % width / zoom])
            .collect();
        Self { width, height, pixels }
    }

    /// The image as a PNG file.
    ///
    /// # Errors
    /// If it is too large for PNG.
    pub fn png(&self) -> Result<Vec<u8>> {
        let bytes: Vec<u8> = self.pixels.iter().flat_map(|c| [c.0, c.1, c.2]).collect();
        encode(self.width, self.height, png::ColorType::Rgb, &bytes)
    }

    /// The image as SVG embeds it.
    pub(super) fn data_url(&self) -> Result<String> {
        let text = base64::engine::general_purpose::STANDARD.encode(self.png()?);
        Ok(format!("data:image/png;base64,{text}"))
    }
}

/// A PNG file of bytes `[height, width, channels]`.
///
/// # Errors
/// If it is too large for PNG.
pub(super) fn encode(width: usize, height: usize, colours: png::ColorType, bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |error: png::EncodingError| Error::Picture(error.to_string());
    let size = |n: usize| u32::try_from(n).map_err(|_| Error::Picture(format!("{n} pixels in a row")));
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(width)?, size(height)?);
    encoder.set_color(colours);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(bytes).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_squares() -> Result<()> {
        let (a, b) = (Colour(1, 2, 3), Colour(4, 5, 6));
        let image = Bitmap::new(2, 2, vec![a, b, b, b])?;
        let large = image.enlarged(3);
        assert_eq!((large.width(), large.height()), (6, 6));
        assert_eq!((large.pixel(2, 2), large.pixel(3, 2), large.pixel(2, 3)), (Some(a), Some(b), Some(b)));
        assert_eq!(image.flipped().pixel(0, 1), Some(a));
        assert_eq!(image.pixel(2, 0), None);
        assert!(Bitmap::new(2, 2, vec![a]).is_err() && Bitmap::new(0, 0, vec![]).is_err());
        Ok(())
    }
}
