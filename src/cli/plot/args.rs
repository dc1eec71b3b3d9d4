//! The options of `hope plot`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::model::ModelArgs;
use crate::cli::points::{PointArgs, given};
use crate::cli::smooth::SmoothArgs;

const EXAMPLES: &str = "\
Examples:
  A network with one input, its Taylor polynomial of order 8 at 0.3, and that of the published rule
      hope plot one_input.onnx --at 0.3 --range 1.5 --order 8

  Maps of a network with two inputs, of its polynomial, and of the error
      hope plot tests/fixtures/reference/discover_2d.onnx --at 0,0 --range 1 --order 4

  Two inputs of many, the others stay where they are; and along directions of your own
      hope plot tests/fixtures/reference/discover_5d.onnx --at 0,0,0,0,0 --inputs 1,2 --range 1 --order 4
      hope plot net.onnx --at point.npy --subspace one_or_two_directions.npy --range 2 --order 6 --out net.svg

  In which directions the score of a class bends most at a digit
      hope plot examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_3.png --output 3 --hessian";

/// What excludes --hessian, and so the option that belongs to it.
const OF_POLYNOMIALS: [&str; 5] = ["range", "order", "method", "inputs", "subspace"];

/// Draw a network, its Taylor polynomial and that of the published rule around a point, with R²; or the spectrum of its Hessian there.
///
/// One input: a chart. Two inputs: maps. More: choose one or two with --inputs or --subspace. With --hessian: the eigenvalues of the Hessian of an output at the
/// point, and the eigenvectors of the largest, as images where the input is one.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PlotArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    #[command(flatten)]
    pub point: PointArgs,

    /// How far to draw on both sides of the centre.
    #[arg(
        long,
        value_name = "R",
        allow_negative_numbers = true,
        required_unless_present = "hessian",
        help_heading = "What to compute"
    )]
    pub range: Option<f64>,

    /// Order of the polynomials, 1 to 30.
    #[arg(long, value_name = "N", required_unless_present = "hessian", help_heading = "What to compute")]
    pub order: Option<usize>,

    /// Draw the spectrum of the Hessian of an output, and the eigenvectors of its largest eigenvalues by absolute value.
    #[arg(
        long,
        conflicts_with_all = OF_POLYNOMIALS,
        help_heading = "What to compute"
    )]
    pub hessian: bool,

    /// How many eigenvalues, the largest by absolute value [default: all of up to 1024 inputs, 16 of more].
    #[arg(
        long,
        value_name = "K",
        requires = "hessian",
        conflicts_with_all = OF_POLYNOMIALS,
        help_heading = "What to compute"
    )]
    pub eigenvalues: Option<usize>,

    /// Which polynomials [default: both, or only the exact one where the published rule has no answer].
    #[arg(long, value_enum, help_heading = "How")]
    pub method: Option<PlotMethod>,

    /// Which output to draw; needed if there are several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub output: Option<usize>,

    /// One or two inputs to draw along; the others stay at the centre.
    #[arg(
        long,
        value_name = "I,J",
        value_delimiter = ',',
        conflicts_with = "subspace",
        help_heading = "What to compute"
    )]
    pub inputs: Vec<usize>,

    /// One or two directions to draw along: an .npy file of shape [1, p] or [2, p].
    #[arg(long, value_name = "S.npy", help_heading = "What to compute")]
    pub subspace: Option<PathBuf>,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    /// The picture, .svg or .png; may be given several times [default: MODEL.plot.svg and MODEL.plot.png, with --hessian MODEL.hessian.svg and .png].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Vec<PathBuf>,
}

/// Which polynomials to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PlotMethod {
    /// The exact one.
    Exact,
    /// That of the published rule.
    Hope,
    /// Both.
    Both,
}

impl PlotArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        given([&self.subspace]).chain([self.network.model.as_path()]).chain(self.point.files()).collect()
    }
}
