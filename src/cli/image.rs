//! Images as points of a network: how they lie in its input, PNG files, normalisation.

use std::io::BufReader;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use hope::model::Model;
use hope::picture::{Bitmap, Colour, Content};
use hope::regular_file::RegularFile;

use super::text;

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

    /// Numbers of inputs as numbers of pixels: the sum over the channels.
    pub fn summed(&self, inputs: &[f64]) -> Vec<f64> {
        (0..self.pixels()).map(|p| (0..self.channels).map(|c| inputs[self.index(p, c)]).sum()).collect()
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

/// Whether a file's name says that it is a PNG.
pub fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// Reads a PNG file as a point of a network: brightness from 0 to 1, bytes divided by 255 (or 65535).
///
/// # Errors
/// If it can't be read, or has another size or other colours than the model takes.
pub fn read_png(path: &Path, layout: Layout) -> Result<Vec<f64>> {
    decode(path, layout).map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn decode(path: &Path, layout: Layout) -> Result<Vec<f64>> {
    let RegularFile { file, .. } =
        RegularFile::open(path).map_err(|error| anyhow!("cannot be read: {error}"))?;
    let no_png = |error: png::DecodingError| anyhow!("is no readable PNG: {error}");
    let mut decoder = png::Decoder::new(BufReader::new(file));
    // Palettes become colours, 1 to 4 bits 8.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(no_png)?;
    // The size is checked before memory is taken.
    let (rows, columns) = (reader.info().height as usize, reader.info().width as usize);
    if (rows, columns) != (layout.rows, layout.columns) {
        bail!(
            "the image is {columns} pixels wide and {rows} high, but the model takes {} x {}: resize it",
            layout.columns,
            layout.rows
        );
    }
    let size = reader.output_buffer_size().ok_or_else(|| anyhow!("the image is too large"))?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(no_png)?;
    let (colour, channels, alpha) = match frame.color_type {
        png::ColorType::Grayscale => ("grey", 1, false),
        png::ColorType::GrayscaleAlpha => ("grey", 1, true),
        png::ColorType::Rgba => ("RGB", 3, true),
        _ => ("RGB", 3, false),
    };
    if channels != layout.channels {
        let takes = if layout.channels == 1 { "one grey channel" } else { "RGB" };
        bail!("the image is {colour}, but the model takes {takes}: convert it");
    }
    let numbers: Vec<f64> = match frame.bit_depth {
        png::BitDepth::Sixteen => {
            bytes.as_chunks().0.iter().map(|&b| f64::from(u16::from_be_bytes(b)) / 65535.0).collect()
        }
        _ => bytes.iter().map(|&b| f64::from(b) / 255.0).collect(),
    };
    let stride = channels + usize::from(alpha);
    if alpha && numbers.chunks_exact(stride).any(|pixel| pixel[channels] < 1.0) {
        bail!(
            "the image has transparent pixels, which have no number for the model: remove its alpha channel"
        );
    }
    let mut image = vec![0.0; layout.pixels() * channels];
    for (p, pixel) in numbers.chunks_exact(stride).take(layout.pixels()).enumerate() {
        for (c, &x) in pixel[..channels].iter().enumerate() {
            image[layout.index(p, c)] = x;
        }
    }
    Ok(image)
}

/// `--normalize`: the model takes (x − mean) / std of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl std::str::FromStr for Normalization {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{given}' is no normalisation: give MEAN,STD such as 0.1307,0.3081, or \
                 means and deviations of three channels as R,G,B;R,G,B"
            )
        };
        let list = |text: &str| {
            text.split(',').map(|x| x.trim().parse().ok()).collect::<Option<Vec<f64>>>().ok_or_else(wrong)
        };
        let (mean, std) = match given.split_once(';') {
            Some((mean, std)) => (list(mean)?, list(std)?),
            None => match list(given)?[..] {
                [mean, std] => (vec![mean], vec![std]),
                _ => return Err(wrong()),
            },
        };
        let sound = mean.len() == std.len()
            && mean.iter().all(|x| x.is_finite())
            && std.iter().all(|x| x.is_finite() && *x > 0.0);
        if sound { Ok(Self { mean, std }) } else { Err(wrong()) }
    }
}

impl Normalization {
    /// What leaves images as they are.
    pub fn none() -> Self {
        Self { mean: vec![0.0], std: vec![1.0] }
    }

    /// Checks that there is one for each channel.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, layout: Layout) -> Result<()> {
        match self.mean.len() {
            1 => Ok(()),
            n if n == layout.channels => Ok(()),
            n => bail!(
                "--normalize has numbers for {}, the model's images have {}",
                text::count(n, "channel"),
                text::count(layout.channels, "channel")
            ),
        }
    }

    /// An image as the model takes it.
    pub fn apply(&self, layout: Layout, image: &[f64]) -> Vec<f64> {
        let of = |i: usize| layout.place(i).1 % self.mean.len();
        image.iter().enumerate().map(|(i, x)| (x - self.mean[of(i)]) / self.std[of(i)]).collect()
    }

    /// A push of all pixels, as the model takes it.
    pub fn deltas(&self, layout: Layout, delta: f64) -> Vec<f64> {
        let inputs = layout.pixels() * layout.channels;
        (0..inputs).map(|i| delta / self.std[layout.place(i).1 % self.std.len()]).collect()
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
        assert_eq!(of(&[28, 28]).map(|l| l.channels), Some(1));
        for none in [&[784][..], &[4, 28, 28], &[2, 3, 4, 5], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn normalisations() {
        let layout = Layout { rows: 1, columns: 1, channels: 3, channels_first: true };
        let three: Normalization = "0.5,0.4,0.3; 0.1,0.2,0.4".parse().expect("a normalisation");
        let image = three.apply(layout, &[0.6, 0.6, 0.7]);
        assert!(image.iter().zip([1.0, 1.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{image:?}");
        assert_eq!(three.deltas(layout, 0.4), [4.0, 2.0, 1.0]);
        assert!(three.check(Layout { channels: 1, ..layout }).is_err());
        for wrong in ["", "1", "0.5,0", "0.5,-1", "1,2,3", "1,2;3", "nan,1", "a,b"] {
            assert!(wrong.parse::<Normalization>().is_err(), "{wrong}");
        }
    }
}
