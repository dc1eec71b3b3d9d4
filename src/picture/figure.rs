//! A finished picture and its files.

use std::io::Write as _;
use std::path::Path;

use super::pixels;
use super::shape::{Drawing, Shape};
use super::svg::{self, Lettering};
use crate::error::{Error, Result};
use crate::temporary;

/// A picture, ready to be written.
#[derive(Clone, Debug)]
pub struct Figure {
    drawing: Drawing,
    /// SVG with text as text.
    source: String,
}

/// A file format for pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Scalable; text as outlines.
    Svg,
    /// Pixels, two per unit.
    Png,
}

impl Format {
    /// The format that a file's name asks for.
    ///
    /// # Errors
    /// If it ends in neither `.svg` nor `.png`.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Error::Picture(format!(
                "{}: a picture's name has to end in .svg or .png",
                path.display()
            ))),
        }
    }
}

impl Figure {
    pub(super) fn new(drawing: Drawing) -> Result<Self> {
        let source = svg::document(&drawing, Lettering::Characters)?;
        Ok(Self { drawing, source })
    }

    /// This picture with another one below it, both in the middle.
    ///
    /// # Errors
    /// If it can't be drawn.
    pub fn above(self, other: Self) -> Result<Self> {
        let (upper, lower) = (self.drawing, other.drawing);
        let width = upper.width.max(lower.width);
        let aside = |drawing: &Drawing| (width - drawing.width) / 2.0;
        let moves = [[aside(&upper), 0.0], [aside(&lower), upper.height]];
        let height = upper.height + lower.height;
        let title = [&*upper.title, &*lower.title].join("; ");
        let parts = [upper, lower].into_iter().zip(moves);
        let mut shapes: Vec<Shape> = Vec::new();
        for (drawing, by) in parts {
            shapes.extend(drawing.shapes.into_iter().map(|shape| shape.moved(by)));
        }
        Self::new(Drawing { width, height, title, shapes })
    }

    /// Width and height in units of 1/96 inch.
    pub fn size(&self) -> (f64, f64) {
        (self.drawing.width, self.drawing.height)
    }

    /// The SVG document as it was drawn, with text as text in DejaVu Sans: for tests and further editing. Files have
    /// outlines instead, see [`Self::svg`].
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The picture as an SVG document that needs nothing outside it: text is outlines, images are embedded.
    ///
    /// # Errors
    /// If the picture can't be drawn.
    pub fn svg(&self) -> Result<String> {
        svg::document(&self.drawing, Lettering::Outlines)
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// If the picture can't be drawn or is too large.
    pub fn png(&self) -> Result<Vec<u8>> {
        pixels::png(&self.drawing)
    }

    /// The bytes of a file in this format.
    ///
    /// # Errors
    /// If the picture can't be drawn.
    pub fn bytes(&self, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Svg => self.svg().map(String::into_bytes),
            Format::Png => self.png(),
        }
    }

    /// Writes the picture, as SVG or PNG by the name's ending, to a temporary file that is then renamed: there is never
    /// half a picture.
    ///
    /// # Errors
    /// If the name ends otherwise, the picture can't be drawn, or the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.bytes(Format::of(path)?)?;
        let written = temporary::write(path, |mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.map_err(|reason| Error::Write { path: path.into(), reason })
    }
}
