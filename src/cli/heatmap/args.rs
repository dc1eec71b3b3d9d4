//! The options of `hope heatmap`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use hope::attribution::MOST_STEPS;

use super::baseline::Baseline;
use super::classes::Classes;
use crate::cli::device::PlaceArgs;
use crate::cli::image::ImageArgs;
use crate::cli::model::ModelArgs;
use crate::cli::points::given;
use crate::cli::smooth::SmoothArgs;
use crate::cli::values::{MethodArg, positive};

const EXAMPLES: &str = "\
Examples:
  The predicted change of the class score for pushing each pixel by 0.5, orders 1 to 3, beside the digit
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --delta 0.5

  Several digits in one picture, compared with the true changes: correlation, relative error, top-20 overlap
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png \\
          --image examples/mnist/digit_8.png --order 4 --compare --out heat.png --out heat.svg

  Each patch of 4 x 4 pixels to black, all maps as arrays, the score of class 8
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digits.npy \\
          --patch 4 --baseline black --class 8 --npz maps.npz

  The change on the way to black, shared among the pixels without a rest, order by order
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --attribution along

  A photograph of any size, the three likeliest classes, the way to a blurred image, one backward pass per step
      hope heatmap resnet.onnx --image photo.jpg --preprocess imagenet --class top3 \\
          --attribution along --baseline blur --order 2

  Which attribution explains best, on 40 digits: deletion and insertion curves
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digits.npy --evaluate

Maps in the .npz (B images, n orders, p inputs, G patches or inputs, all f64); an image for each of its classes:
  image      [B, p]      as read, before normalisation
  class      [B]         which output, and its score:
  value      [B]
  delta      [B, p]      by how much each input was changed, as the model takes it
alone:
  predicted  [B, n, G]   change of the score by the polynomial of each order
  true       [B, G]      with --compare: change of the score by the network
  rule       [B, n, G]   with --compare: by the published rule, unless it has no answer
along:
  shares     [B, n, p]   share of each input in the term of each order; all together are the predicted change
  change     [B]         by how much the network changes the score to the end of the way
  steps      [B]         at how many points of the way it was expanded
  estimated  [B, n]      up to which part of the way the polynomial of each order holds: estimated from its coefficients,
  measured   [B, n]      and by asking the network
--evaluate, M methods, S points of a curve:
  methods    [M]         names
  parts      [S]         which part has been replaced
  deletion   [M, B, S]   the class's probability; insertion likewise
  seconds    [M, B]      time for the attribution";

/// Show which pixels matter to a class, order by order: each alone, or all together on the way to a baseline.
///
/// Alone: the change of input i by d is predicted as the sum of c_k d^k, k = 1 to the order, with the coefficients c_k along
/// this input, or along the changes of a whole patch. Along: the change of the score on the way x + t v is shared among the inputs; the term of
/// order k is the sum of v_i g_i / k, g the coefficients of the gradient along the way, by one backward pass for images of any size. Colour images show
/// the sum over a pixel's channels.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct HeatmapArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// An image, .png or .jpg (brightness as numbers from 0 to 1) or .npy (one or many); may be given several times.
    #[arg(long, value_name = "IMG", required = true, help_heading = "What to compute")]
    pub image: Vec<PathBuf>,

    /// The class (output) to explain: its number, several as 3,8, "predicted" for the one with the highest score, or "top3" for the three highest.
    #[arg(long, value_name = "C", default_value = "predicted", help_heading = "What to compute")]
    pub class: Classes,

    /// What is changed.
    #[arg(long, value_enum, default_value = "alone", help_heading = "What to compute")]
    pub attribution: Attribution,

    /// Highest order, 1 to 30.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "What to compute")]
    pub order: usize,

    /// Change the pixels of each patch of P x P together; with "along": add up their shares in the picture.
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to compute")]
    pub patch: Option<u32>,

    /// How each pixel is changed: by a number, to "zero", or to the "mean" of --mean; in the image's numbers, before
    /// --normalize [default: 0.5].
    #[arg(long, value_name = "D", allow_negative_numbers = true, help_heading = "What to compute")]
    pub delta: Option<Delta>,

    /// What pixels are changed to, or where the way ends: "black", "white", "mean" (that of --mean, else the image's own colour), "blur" (the image,
    /// blurred), or an image file [default for along: black].
    #[arg(long, value_name = "B", conflicts_with = "delta", help_heading = "What to compute")]
    pub baseline: Option<Baseline>,

    /// The way leads away from the baseline, as far as it is distant, instead of to it.
    #[arg(long, help_heading = "What to compute")]
    pub away: bool,

    /// At how many points of the way to expand; "auto" for 1, 2, 4, … 64 until the orders together explain the change within the tolerance.
    #[arg(long, value_name = "S", default_value = "auto", help_heading = "What to compute")]
    pub steps: Steps,

    /// What is tolerated on the way, as a part of the score's largest change there.
    #[arg(long, value_name = "E", default_value_t = 0.01, value_parser = positive, help_heading = "What to compute")]
    pub tolerance: f64,

    /// The data set's mean image, for "mean": an .npy file of the input's shape, or an image.
    #[arg(long, value_name = "MEAN", help_heading = "What to compute")]
    pub mean: Option<PathBuf>,

    #[command(flatten)]
    pub images: ImageArgs,

    /// Compare with the true changes (a forward pass per pixel or patch), for each order and for the published rule.
    #[arg(long, help_heading = "What to compute")]
    pub compare: bool,

    /// Judge attributions on these images instead: the class's probability while pixels (or patches) are replaced by the baseline's, the most important
    /// first, and put back; for each order on the way, integrated gradients, gradient x input, occlusion and chance. A table and a chart.
    #[arg(long, conflicts_with_all = ["compare", "delta", "away"], help_heading = "What to compute")]
    pub evaluate: bool,

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

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attribution {
    /// Each pixel or patch by itself.
    Alone,
    /// All pixels together, on the way to a baseline: the change is shared among them without a rest.
    Along,
}

/// At how many points of the way to expand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps(pub Option<usize>);

impl FromStr for Steps {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match (given, given.parse()) {
            ("auto", _) => Ok(Self(None)),
            (_, Ok(steps @ 1..=MOST_STEPS)) => Ok(Self(Some(steps))),
            _ => Err(format!("'{given}' is no number of steps: give \"auto\", or 1 to {MOST_STEPS}")),
        }
    }
}

impl HeatmapArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let baseline = self.baseline.as_ref().and_then(Baseline::file);
        let model = std::iter::once(self.network.model.as_path());
        model
            .chain(self.image.iter().map(PathBuf::as_path))
            .chain(given([&self.mean]))
            .chain(baseline)
            .collect()
    }

    /// Checks what goes together.
    ///
    /// # Errors
    /// If options contradict each other.
    pub fn check(&self) -> Result<()> {
        let along = self.attribution == Attribution::Along;
        let means = self.delta == Some(Delta::Mean) || self.baseline == Some(Baseline::Mean);
        match () {
            () if along && self.delta.is_some() => {
                bail!("--attribution along goes to a --baseline, not by --delta")
            }
            () if along && self.compare => {
                bail!(
                    "--compare is for pixels changed alone: what --attribution along predicts is always measured"
                )
            }
            () if along && self.method == MethodArg::Hope => bail!(
                "--method hope has no gradients along a way: --attribution along takes the exact method"
            ),
            () if self.evaluate && self.method == MethodArg::Hope => {
                bail!("--evaluate takes the exact method: --method hope has no gradients along a way")
            }
            () if self.patch.is_some() && self.method == MethodArg::Hope => {
                bail!(
                    "--method hope has no coefficients along directions, such as those of a patch: use the exact method"
                )
            }
            () if !along && (self.away || self.steps.0.is_some()) => {
                bail!("--away and --steps are about a way: they go with --attribution along")
            }
            () if self.delta == Some(Delta::Mean) && self.mean.is_none() => {
                bail!("--delta mean needs --mean MEAN.npy")
            }
            () if self.mean.is_some() && !means => {
                bail!("--mean goes with --delta mean or --baseline mean only")
            }
            () => Ok(()),
        }
    }

    /// How each pixel is changed, in words.
    pub fn change(&self) -> String {
        match (&self.baseline, self.delta) {
            (Some(baseline), _) => format!("{} to {}", self.each(), baseline.words()),
            (None, Some(delta)) => delta.words(self.each()),
            (None, None) => Delta::DEFAULT.words(self.each()),
        }
    }

    fn each(&self) -> &'static str {
        if self.patch.is_some() { "each patch" } else { "each pixel" }
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
    /// What is done if nothing is said.
    pub const DEFAULT: Self = Self::By(0.5);

    /// In words: `each pixel + 0.5`.
    pub fn words(self, each: &str) -> String {
        match self {
            Self::By(d) if d < 0.0 => format!("{each} − {}", -d),
            Self::By(d) => format!("{each} + {d}"),
            Self::Zero => format!("{each} to zero"),
            Self::Mean => format!("{each} to the mean"),
        }
    }
}
