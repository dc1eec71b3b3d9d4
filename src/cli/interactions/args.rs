//! The options of `hope interactions`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::device::PlaceArgs;
use crate::cli::image::ImageArgs;
use crate::cli::model::ModelArgs;
use crate::cli::points::given;
use crate::cli::smooth::SmoothArgs;
use crate::cli::values::{Class, MethodArg, Outputs};

const EXAMPLES: &str = "\
Examples:
  The pairs among four inputs, ranked
      hope interactions tests/fixtures/reference/discover_5d.onnx --at 0,0,0,0,0 --inputs 0,1,2,3,4

  All pairs of pixels of a digit
      hope interactions examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --map pairs.png

  The pairs among the 24 pixels that matter most to the class of a digit; table and map
      hope interactions examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --strongest 24 \\
          --out pairs.csv --map pairs.png

  The pairs of patches of 4 x 4 pixels
      hope interactions examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --patch 4 --map patches.png

The table (CSV) has a line per pair, the strongest first: rank, the two inputs (and their rows and columns in images), and
the coefficient c_ij, the mixed second derivative: changing inputs i and j by a and b does, to second order, c_ij a b more
than the two changes alone. Patches are numbered row by row, and named by their first pixel.";

/// Rank pairs of inputs by their mixed second-order coefficients.
///
/// All inputs, those of --inputs, or by a coarse pass the K with the largest |c_1 d| + |c_2 d^2|, d from --delta. The pairs of a smooth network are the
/// rows of its Hessian, one backward pass for each input: all pairs of 784 pixels take a tenth of a second.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("where").required(true).args(["at", "image"])))]
#[command(group(clap::ArgGroup::new("which").args(["inputs", "strongest", "patch"])))]
pub struct InteractionsArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// The point: numbers such as "0.5,-0.5", an .npy file of the input's shape or of several points (see --point), or a .png or .jpg image
    /// where the network takes images of its size (brightness as numbers from 0 to 1).
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, help_heading = "What to compute")]
    pub at: Vec<String>,

    /// The point, as an image, .png, .jpg or .npy: pairs are named by rows and columns, and --normalize applies.
    #[arg(long, value_name = "IMG", help_heading = "What to compute")]
    pub image: Option<PathBuf>,

    /// Which of the points in --at or --image, by its number from 0; needed if there are several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub point: Option<usize>,

    /// The inputs, "all" or by their numbers such as 0,3 (an image's pixels row by row) [default: all].
    #[arg(long, value_name = "LIST", help_heading = "What to compute")]
    pub inputs: Option<Outputs>,

    /// The K inputs that matter most by themselves.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub strongest: Option<usize>,

    /// The patches of P x P pixels of --image, instead of inputs: what changing all pixels of two patches does beyond the two changes alone.
    #[arg(long, value_name = "P", requires = "image", conflicts_with = "at", value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to compute")]
    pub patch: Option<u32>,

    /// The change of an input by which --strongest weighs its coefficients.
    #[arg(
        long,
        value_name = "D",
        default_value_t = 1.0,
        allow_negative_numbers = true,
        help_heading = "What to compute"
    )]
    pub delta: f64,

    /// The class (output) to explain: its number, or "predicted" for the one with the highest score.
    #[arg(long, value_name = "C", default_value = "predicted", help_heading = "What to compute")]
    pub class: Class,

    #[command(flatten)]
    pub images: ImageArgs,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// All pairs as a table [default: MODEL.interactions.csv].
    #[arg(long, value_name = "TABLE.csv", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// A picture of the coefficients, .png or .svg; may be given several times.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub map: Vec<PathBuf>,
}

impl InteractionsArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let model = self.network.model.as_path();
        given([&self.image]).chain([model]).chain(self.at.iter().map(Path::new)).collect()
    }
}
