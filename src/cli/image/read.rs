//! Image files: PNG and JPEG, as brightness from 0 to 1.

use std::io::BufReader;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use hope::regular_file::RegularFile;

use super::size::Pixels;
use super::{Fit, Layout};

/// Pixels of a file at most, if it is to be resized.
const MOST_PIXELS: usize = 1 << 26;

/// Whether a file's name says that it is an image that can be read.
pub fn is_image(path: &Path) -> bool {
    Kind::of(path).is_some()
}

/// A kind of image file.
#[derive(Clone, Copy)]
enum Kind {
    Png,
    Jpeg,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            _ => None,
        }
    }
}

/// Reads an image file as a point of a network: brightness from 0 to 1, bytes divided by 255 (or 65535).
///
/// # Errors
/// If it can't be read, or has another size (that `fit` doesn't change) or other colours than the model takes.
pub fn read(path: &Path, layout: Layout, fit: Fit) -> Result<Vec<f64>> {
    decode(path, layout, fit).map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn decode(path: &Path, layout: Layout, fit: Fit) -> Result<Vec<f64>> {
    let RegularFile { file, .. } =
        RegularFile::open(path).map_err(|error| anyhow!("cannot be read: {error}"))?;
    // The size is checked before memory is taken.
    let check = |rows: usize, columns: usize| match fit {
        Fit::Exact if (rows, columns) != (layout.rows, layout.columns) => bail!(
            "the image is {columns} pixels wide and {rows} high, but the model takes {} x {}: resize it, or say how by --resize where a command has it",
            layout.columns,
            layout.rows
        ),
        _ if rows.checked_mul(columns).is_none_or(|pixels| pixels > MOST_PIXELS || pixels == 0) => {
            bail!(
                "the image is {columns} pixels wide and {rows} high: resize it, {MOST_PIXELS} are read at most"
            )
        }
        _ => Ok(()),
    };
    let pixels = match Kind::of(path) {
        Some(Kind::Jpeg) => jpeg(BufReader::new(file), check)?,
        _ => png(BufReader::new(file), check)?,
    };
    if pixels.channels > layout.channels {
        bail!("the image is RGB, but the model takes one grey channel: convert it");
    }
    let pixels = pixels.fitted([layout.rows, layout.columns], fit)?;
    let mut image = vec![0.0; layout.pixels() * layout.channels];
    for (p, pixel) in pixels.numbers.chunks_exact(pixels.channels).enumerate() {
        for c in 0..layout.channels {
            // Grey is the same in all colours.
            image[layout.index(p, c)] = f64::from(pixel[c % pixels.channels]) / 65535.0;
        }
    }
    Ok(image)
}

/// A byte on the scale to 65535, which 255 divides: x / 255 is the same number.
fn widened(byte: u8) -> u16 {
    u16::from(byte) * 257
}

fn png(file: BufReader<std::fs::File>, check: impl Fn(usize, usize) -> Result<()>) -> Result<Pixels> {
    let no_png = |error: png::DecodingError| anyhow!("is no readable PNG: {error}");
    let mut decoder = png::Decoder::new(file);
    // Palettes become colours, 1 to 4 bits 8.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(no_png)?;
    let (rows, columns) = (reader.info().height as usize, reader.info().width as usize);
    check(rows, columns)?;
    let size = reader.output_buffer_size().ok_or_else(|| anyhow!("the image is too large"))?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(no_png)?;
    let (channels, alpha) = match frame.color_type {
        png::ColorType::Grayscale => (1, false),
        png::ColorType::GrayscaleAlpha => (1, true),
        png::ColorType::Rgba => (3, true),
        _ => (3, false),
    };
    let mut numbers: Vec<u16> = match frame.bit_depth {
        png::BitDepth::Sixteen => bytes.as_chunks().0.iter().map(|&b| u16::from_be_bytes(b)).collect(),
        _ => bytes.iter().copied().map(widened).collect(),
    };
    if alpha {
        let stride = channels + 1;
        if numbers.chunks_exact(stride).any(|pixel| pixel[channels] < u16::MAX) {
            bail!(
                "the image has transparent pixels, which have no number for the model: remove its alpha channel"
            );
        }
        numbers = numbers.chunks_exact(stride).flat_map(|pixel| &pixel[..channels]).copied().collect();
    }
    numbers.truncate(rows * columns * channels);
    Ok(Pixels { rows, columns, channels, numbers })
}

fn jpeg(file: BufReader<std::fs::File>, check: impl Fn(usize, usize) -> Result<()>) -> Result<Pixels> {
    let no_jpeg = |error: &dyn std::fmt::Debug| anyhow!("is no readable JPEG: {error:?}");
    // Strict: what is cut off is an error, not grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(file, options);
    decoder.decode_headers().map_err(|error| no_jpeg(&error))?;
    let info = decoder.info().ok_or_else(|| no_jpeg(&"it has no size"))?;
    let (rows, columns) = (usize::from(info.height), usize::from(info.width));
    check(rows, columns)?;
    let (channels, colours) = match info.components {
        1 => (1, ColorSpace::Luma),
        3 => (3, ColorSpace::RGB),
        n => bail!("is a JPEG of {n} colours (CMYK?): convert it to RGB"),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let bytes = decoder.decode().map_err(|error| no_jpeg(&error))?;
    if bytes.len() != rows * columns * channels {
        return Err(no_jpeg(&"it has other pixels than its size says"));
    }
    Ok(Pixels { rows, columns, channels, numbers: bytes.into_iter().map(widened).collect() })
}
