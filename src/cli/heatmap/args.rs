//! The options of `hope heatmap`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use crate::cli::device::PlaceArgs;
use crate::cli::image::Normalization;
use crate::cli::model::ModelArgs;
use crate::cli::smooth::SmoothArgs;
use crate::cli::values::{Class, MethodArg};

const EXAMPLES: &str = "\
Examples:
  The predicted change of the class score for pushing each pixel by 0.5, orders 1 to 3, beside the digit
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --delta 0.5

  Several digits in one picture, compared with the true changes: correlation, relative error, top-20 overlap
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png \\
          --image examples/mnist/digit_8.png --order 4 --compare --out heat.png --out heat.svg

  Each pixel to black instead, all maps as arrays, the score of class 8
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digits.npy \\
          --delta zero --class 8 --npz maps.npz

  A network whose images are normalised
      hope heatmap net.onnx --image photo.png --normalize \"0.485,0.456,0.406;0.229,0.224,0.225\"

Maps in the .npz (B images, n orders, p inputs, all f64):
  image      [B, p]      as read, before normalisation
  class      [B]         which output, and its score:
  value      [B]
  delta      [B, p]      by how much each input was changed, as the model takes it
  predicted  [B, n, p]   change of the score by the polynomial of each order
  true       [B, p]      with --compare: change of the score by the network
  rule       [B, n, p]   with --compare: by the published rule, unless it has no answer";

/// Show which pixels matter to a class: the predicted change of its score for changing each pixel, order by order.
///
/// The change of input i by d is predicted as the sum of c_k d^k, k = 1 to the order, with the coefficients c_k along
/// this input. Colour images show the sum over a pixel's channels, each changed on its own.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct HeatmapArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// An image, .png (brightness as numbers from 0 to 1) or .npy (one or many); may be given several times.
    #[arg(long, value_name = "IMG", required = true, help_heading = "What to compute")]
    pub image: Vec<PathBuf>,

    /// The class (output) to explain: its number, or "predicted" for the one with the highest score.
    #[arg(long, value_name = "C", default_value = "predicted", help_heading = "What to compute")]
    pub class: Class,

    /// Highest order, 1 to 30.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "What to compute")]
    pub order: usize,

    /// How each pixel is changed: by a number, to "zero", or to the "mean" of --mean; in the image's numbers, before
    /// --normalize.
    #[arg(
        long,
        value_name = "D",
        default_value = "0.5",
        allow_negative_numbers = true,
        help_heading = "What to compute"
    )]
    pub delta: Delta,

    /// The data set's mean image, for --delta mean: an .npy file of the input's shape.
    #[arg(long, value_name = "MEAN.npy", help_heading = "What to compute")]
    pub mean: Option<PathBuf>,

    /// The network takes (x - MEAN) / STD; three channels: R,G,B;R,G,B.
    #[arg(long, value_name = "MEAN,STD", help_heading = "What to compute")]
    pub normalize: Option<Normalization>,

    /// Compare with the true changes (a forward pass per pixel), for each order and for the published rule.
    #[arg(long, help_heading = "What to compute")]
    pub compare: bool,

    /// How many of the strongest pixels the comparison's overlap looks at.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to compute")]
    pub top: u32,

    /// How to compute the maps.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// The picture, .png or .svg; may be given several times [default: MODEL.heatmap.png].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Vec<PathBuf>,

    /// All maps as arrays.
    #[arg(long, value_name = "MAPS.npz", help_heading = "Output")]
    pub npz: Option<PathBuf>,
}

impl HeatmapArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let model = std::iter::once(&self.network.model);
        model.chain(&self.image).chain(&self.mean).map(PathBuf::as_path).collect()
    }
}

/// How pixels are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delta {
    /// By a number.
    By(f64),
    /// To zero.
    Zero,
    /// To the data set's mean.
    Mean,
}

impl FromStr for Delta {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match (given, given.parse::<f64>()) {
            ("zero", _) => Ok(Self::Zero),
            ("mean", _) => Ok(Self::Mean),
            (_, Ok(d)) if d.is_finite() && d != 0.0 => Ok(Self::By(d)),
            _ => Err(format!("'{given}' is no change: give a number other than 0, \"zero\" or \"mean\"")),
        }
    }
}

impl Delta {
    /// In words: `each pixel + 0.5`.
    pub fn words(self) -> String {
        match self {
            Self::By(d) if d < 0.0 => format!("each pixel − {}", -d),
            Self::By(d) => format!("each pixel + {d}"),
            Self::Zero => "each pixel to zero".into(),
            Self::Mean => "each pixel to the mean".into(),
        }
    }
}
