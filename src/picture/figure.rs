//! A finished picture and its files.

use std::io::Write as _;
use std::path::Path;

use resvg::{tiny_skia, usvg};

use super::font;
use crate::error::{Error, Result};
use crate::temporary::Temporary;

/// Pixels of a PNG per unit of the drawing.
const PIXELS: f64 = 2.0;

/// Width or height in pixels that a PNG has at most.
const LARGEST: f64 = 20_000.0;

/// A picture, ready to be written.
#[derive(Clone, Debug)]
pub struct Figure {
    width: f64,
    height: f64,
    /// SVG with text as text.
    source: String,
    /// Escaped.
    title: String,
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
    pub(super) fn new(width: f64, height: f64, source: String, title: String) -> Self {
        Self { width, height, source, title }
    }

    /// Width and height in units of 1/96 inch.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
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
        let options = usvg::WriteOptions {
            preserve_text: false,
            coordinates_precision: 3,
            ..usvg::WriteOptions::default()
        };
        let svg = self.tree()?.to_string(&options);
        // For screen readers, which can't read outlines.
        Ok(match svg.split_once('>') {
            Some((head, rest)) => {
                format!("{head} role=\"img\">\n    <title>{}</title>{rest}", self.title)
            }
            None => svg,
        })
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// If the picture can't be drawn or is too large.
    pub fn png(&self) -> Result<Vec<u8>> {
        let (width, height) = (PIXELS * self.width, PIXELS * self.height);
        let too_large = || {
            Error::Picture(format!(
                "{width} x {height} pixels are too many for a PNG: draw less, or write an .svg"
            ))
        };
        if width.max(height) > LARGEST {
            return Err(too_large());
        }
        let mut pixels =
            tiny_skia::Pixmap::new(width.round() as u32, height.round() as u32).ok_or_else(too_large)?;
        let scale = tiny_skia::Transform::from_scale(PIXELS as f32, PIXELS as f32);
        resvg::render(&self.tree()?, scale, &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| Error::Picture(error.to_string()))
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
        let failed = |reason| Error::Write { path: path.into(), reason };
        let (temporary, mut file) = Temporary::create(path).map_err(failed)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        drop(file);
        Temporary::commit([temporary]).map_err(failed)?;
        Ok(())
    }

    fn tree(&self) -> Result<usvg::Tree> {
        usvg::Tree::from_str(&self.source, &font::options())
            .map_err(|error| Error::Picture(error.to_string()))
    }
}
