//! The options of `hope expand`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use hope::results::ArchiveFormat;

use super::operator::OperatorArg;
use crate::cli::device::PlaceArgs;
use crate::cli::model::ModelArgs;
use crate::cli::points::PointsArgs;
use crate::cli::smooth::SmoothArgs;
use crate::cli::terms::TermsArg;
use crate::cli::values::{MethodArg, NumberType, Outputs, positive};

const EXAMPLES: &str = "\
Examples:
  Orders 1 to 3 along each pixel, at 40 digits; writes mnist_cnn_tanh.expansion.npz and .json
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3

  Only logits 3 and 8, in single precision, a file of half the size
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3 \\
          --outputs 3,8 --precision f32 --dtype f32 --out three_or_eight.npz

  By the published rule, and how far it is from the exact coefficients on 20 random rays
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3 \\
          --method hope --verify 20

  Along directions of your own, [R, 784], to a high order
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 12 \\
          --directions directions.npy

  All mixed coefficients to degree 4 of a network with two inputs, at two points
      hope expand two_inputs.onnx --at \"0.5,-0.5;0,0\" --order 4 --terms mixed

  Gradients of every order along directions, by all pixels at once: one backward pass for each output and direction
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 4 \\
          --terms gradient --directions directions.npy

  All pairs of pixels: the second derivatives of logit 3
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_3.png --terms hessian --outputs 3

  The Laplacian of a network of x, y and t in x and y, as a residual has it
      hope expand pinn.onnx --at points.npy --operator laplacian --inputs 0,1

  The same of a thousand variables, estimated by 256 random rays
      hope expand many.onnx --at points.npy --operator laplacian --samples 256 --seed 1

  A network with ReLU and max pooling has kinks; expand a smooth stand-in instead
      hope expand examples/mnist/mnist_cnn_relu_bn.onnx --at examples/mnist/digits.npy --order 3 \\
          --smooth relu=softplus:20,max_pool=logsumexp:20 --radius 0.5

  One digit, from an image
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_3.png --order 3

  In parts that are made once: a run that was interrupted goes on where it stopped
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3 --shards parts --shard-size 10
      hope merge parts --out result.npz

  Read the result in Python: c_2 of logit 7 along pixel 412 at digit 3
      numpy.load(\"mnist_cnn_tanh.expansion.npz\")[\"unmixed\"][3, 7, 2 - 1, 412]

  A folder of arrays that are mapped into memory: one number of many, without reading them all
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3 --out result/
      numpy.load(\"result/unmixed.npy\", mmap_mode=\"r\")[3, 7, 2 - 1, 412]

Results (B points, m outputs, p inputs, n orders, R directions, T terms; all f64):
  points   [B, p]
  value    [B, m]
  unmixed  [B, m, n, p]   coefficients along each input, orders 1 to n
  along    [B, m, n, R]   with directions [R, p] or [B, R, p]
  mixed    [B, m, T]      with exponents [T, d] (u8), by degree
  gradient [B, m, n, R, p]  coefficient of t^k of dy_o/dx_i along ray r (R = 1 without directions)
  hessian  [B, m, I, p]   second derivatives, not halved, in the rows of --inputs (inputs [I])
  operator [B, m]         the differential operator; with --samples operator_error [B, m], standard errors
  kink     [B, R]         distance to the nearest kink along each ray, where the network has kinks
                          (mixed, operator: [B, 1], the nearest of all rays they take)
All coefficients but those of hessian and operator are normalised: c_k is the k-th derivative divided by k!.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Format of shards: files of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShardFormat {
    /// numpy's archive.
    Npz,
    /// What many frameworks read and map into memory.
    Safetensors,
}

impl From<ShardFormat> for ArchiveFormat {
    fn from(format: ShardFormat) -> Self {
        match format {
            ShardFormat::Npz => Self::Npz,
            ShardFormat::Safetensors => Self::Safetensors,
        }
    }
}

/// What excludes --operator, and so the options that belong to it.
const OTHER_TERMS: [&str; 3] = ["terms", "directions", "subspace"];

/// What excludes --shards, and so the options that belong to it.
const OTHER_OUTPUT: [&str; 2] = ["out", "dry_run"];

/// Expand a network into Taylor polynomials at given points.
///
/// The exact method propagates truncated Taylor series along rays and is right for every network. The
/// published rule of HOPE (arXiv 2307.08192) is one backward pass: faster for many inputs, but exact only on
/// some networks; every result says which.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ExpandArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    #[command(flatten)]
    pub points: PointsArgs,

    /// Highest order, 1 to 30; 2 for second derivatives, 1 for the gradient without directions.
    #[arg(long, value_name = "N", required_unless_present_any = ["terms", "operator"], help_heading = "What to compute")]
    pub order: Option<usize>,

    /// Which coefficients [default: unmixed; along with --directions; mixed with --subspace].
    #[arg(long, value_enum, help_heading = "What to compute")]
    pub terms: Option<TermsArg>,

    /// Directions of the rays: an .npy file of shape [R, p], [R, …input shape], or [B, R, p] for other ones at
    /// each point.
    #[arg(long, value_name = "D.npy", conflicts_with = "subspace", help_heading = "What to compute")]
    pub directions: Option<PathBuf>,

    /// Directions of the variables of mixed terms: an .npy file of shape [d, p] or [d, …input shape].
    #[arg(long, value_name = "S.npy", help_heading = "What to compute")]
    pub subspace: Option<PathBuf>,

    /// A differential operator, one number for each output: laplacian, biharmonic, or a file with a list of terms such as
    /// [{"derivative": [0, 0]}, {"derivative": [1], "coefficient": -0.5}]; a coefficient may be a list of numbers or an .npy file, one number for each point.
    #[arg(long, value_name = "NAME|FILE.json", conflicts_with_all = OTHER_TERMS, help_heading = "What to compute")]
    pub operator: Option<OperatorArg>,

    /// Estimate the Laplacian or biharmonic operator by so many random rays, with standard errors (operator_error): for many inputs. Unbiased, not exact.
    #[arg(long, value_name = "K", requires = "operator", conflicts_with_all = OTHER_TERMS, value_parser = clap::value_parser!(u32).range(2..), help_heading = "What to compute")]
    pub samples: Option<u32>,

    /// Of the samples: equal seeds give equal rays.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "samples",
        conflicts_with_all = OTHER_TERMS,
        help_heading = "What to compute"
    )]
    pub seed: u64,

    /// Which inputs second derivatives have rows for, or a Laplacian or biharmonic operator is of: "all", or numbers such as 0,3 [default: all].
    #[arg(long, value_name = "LIST", help_heading = "What to compute")]
    pub inputs: Option<Outputs>,

    /// Which outputs: "all", or numbers such as 0,3.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "What to compute")]
    pub outputs: Outputs,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    /// Distance from the points up to which a smooth stand-in is compared with the network [default: 1].
    #[arg(long, value_name = "R", requires = "smooth", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub radius: Option<f64>,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Recompute K random rays in f64 and report the largest relative deviation [default: 3 for runs in f32, else 0].
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "How")]
    pub verify: Option<u32>,

    /// The result, overwritten if it exists: RESULT.npz, RESULT.safetensors, with RESULT.json beside it, or a folder RESULT/ of .npy files and result.json, for
    /// memory mapping [default: the model's name with .expansion.npz, in the current folder].
    #[arg(long, value_name = "RESULT.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// Write shards into this folder instead, files with some of the points each: what is there is skipped, so that a run that was
    /// interrupted goes on where it stopped. `hope merge` joins them.
    #[arg(long, value_name = "DIR", conflicts_with_all = OTHER_OUTPUT, help_heading = "Output")]
    pub shards: Option<PathBuf>,

    /// Points in a shard.
    #[arg(long, value_name = "N", default_value = "1024", requires = "shards", conflicts_with_all = OTHER_OUTPUT, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Output")]
    pub shard_size: u32,

    /// Format of the shards.
    #[arg(long, value_enum, default_value = "npz", requires = "shards", conflicts_with_all = OTHER_OUTPUT, help_heading = "Output")]
    pub shard_format: ShardFormat,

    /// Only say what it would take and write: operations, memory, time, the size of the result.
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,

    /// Number type in the result.
    #[arg(long, value_enum, default_value = "f64", help_heading = "Output")]
    pub dtype: NumberType,

    /// Deflate the .npz, as numpy.savez_compressed does: smaller where many coefficients are zero, slower to write.
    #[arg(long, help_heading = "Output")]
    pub compress: bool,
}
