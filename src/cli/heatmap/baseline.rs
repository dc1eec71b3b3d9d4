//! `--baseline`: an image without what is to be explained.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::cli::image::Layout;

/// The blur's standard deviation, as a part of the shorter side.
const BLUR: f64 = 1.0 / 16.0;

/// What pixels are changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Brightness 0.
    Black,
    /// Brightness 1.
    White,
    /// The data set's mean image, else the image's own mean colour.
    Mean,
    /// The image, blurred.
    Blur,
    /// An image in a file.
    File(PathBuf),
}

impl FromStr for Baseline {
    type Err = Infallible;

    fn from_str(given: &str) -> Result<Self, Infallible> {
        Ok(match given {
            "black" => Self::Black,
            "white" => Self::White,
            "mean" => Self::Mean,
            "blur" => Self::Blur,
            file => Self::File(file.into()),
        })
    }
}

impl Baseline {
    /// The file that it is read from.
    pub fn file(&self) -> Option<&Path> {
        if let Self::File(path) = self { Some(path) } else { None }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Black => "black".into(),
            Self::White => "white".into(),
            Self::Mean => "the mean".into(),
            Self::Blur => "the blurred image".into(),
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The baseline of an image; `given` is the mean or the file's image, if there is one.
    pub fn of(&self, layout: Layout, image: &[f64], given: Option<&[f64]>) -> Vec<f64> {
        match (self, given) {
            (Self::Black, _) => vec![0.0; image.len()],
            (Self::White, _) => vec![1.0; image.len()],
            (Self::Blur, _) => blurred(layout, image),
            (_, Some(given)) => given.to_vec(),
            (_, None) => {
                let mut sums = vec![0.0; layout.channels];
                image.iter().enumerate().for_each(|(i, x)| sums[layout.place(i).1] += x);
                (0..image.len()).map(|i| sums[layout.place(i).1] / layout.pixels() as f64).collect()
            }
        }
    }
}

/// Rows, then columns, with the weights of a normal distribution; what lies outside doesn't count.
fn blurred(layout: Layout, image: &[f64]) -> Vec<f64> {
    let sigma = BLUR * layout.rows.min(layout.columns) as f64;
    let reach = (3.0 * sigma).ceil() as usize;
    let weight = |distance: usize| (-0.5 * (distance as f64 / sigma).powi(2)).exp();
    let weights: Vec<f64> = (0..=reach).map(weight).collect();
    let along = |image: &[f64], across: bool| {
        let mut out = vec![0.0; image.len()];
        for (i, out) in out.iter_mut().enumerate() {
            let (pixel, channel) = layout.place(i);
            let (row, column) = (pixel / layout.columns, pixel % layout.columns);
            let (here, last) = if across { (column, layout.columns - 1) } else { (row, layout.rows - 1) };
            let (mut sum, mut total) = (0.0, 0.0);
            for other in here.saturating_sub(reach)..=(here + reach).min(last) {
                let place =
                    if across { row * layout.columns + other } else { other * layout.columns + column };
                let weight = weights[other.abs_diff(here)];
                sum += weight * image[layout.index(place, channel)];
                total += weight;
            }
            *out = sum / total;
        }
        out
    };
    along(&along(image, true), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hope::model::Model;

    #[test]
    fn baselines_of_images() {
        let b = Model::builder(&[3, 4, 5]);
        let x = b.input();
        let model = b.build(x).expect("a model");
        let layout = Layout::of(&model).expect("images");
        let image: Vec<f64> = (0..60).map(|i| f64::from(i / 20)).collect(); // each channel of one colour
        for baseline in [Baseline::Mean, Baseline::Blur] {
            let found = baseline.of(layout, &image, None);
            assert!(found.iter().zip(&image).all(|(a, b)| (a - b).abs() < 1e-12), "{baseline:?}: {found:?}");
        }
        let mut dot = vec![0.0; 60];
        dot[7] = 1.0;
        let found = Baseline::Blur.of(layout, &dot, None);
        assert!(found[7] > found[8] && found[8] > 0.0 && found[27] == 0.0, "{found:?}");
        assert_eq!(Baseline::Mean.of(layout, &dot, Some(&image)), image);
        assert_eq!(Baseline::White.of(layout, &dot, None), vec![1.0; 60]);
    }
}
