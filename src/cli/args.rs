//! The options, from which parser, help and shell completions follow.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use hope::plan::Method;

use super::device::PlaceArgs;
use super::eval::EvalArgs;
use super::load::NetworkArgs;
use super::polynomial::PolynomialArgs;

const EXAMPLES: &str = "\
Examples:
  Look at a network: its layers, and what an expansion will cost
      hope check examples/mnist/mnist_cnn_tanh.onnx --order 5

  Expand a classifier to order 3 at 40 digits, along each of the 784 pixels
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3

  Which pixels matter to the class of a digit, order by order, compared with perturbing them
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --compare

  Shell completions
      hope completions bash > ~/.local/share/bash-completion/completions/hope

`hope expand --help` has more examples and explains every option.";

/// Turns a trained neural network into local Taylor polynomials of high order.
#[derive(Debug, Parser)]
#[command(name = "hope", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Expand(Box<ExpandArgs>),
    Check(CheckArgs),
    Polynomial(Box<PolynomialArgs>),
    Eval(EvalArgs),
    Plot(super::plot::PlotArgs),
    Heatmap(super::heatmap::HeatmapArgs),
    Interactions(super::interactions::InteractionsArgs),
    Trust(Box<super::trust::TrustArgs>),
    Converge(Box<super::converge::ConvergeArgs>),
    Discover(Box<super::discover::DiscoverArgs>),
    Surrogate(Box<super::surrogate::SurrogateArgs>),
    Bench(Box<super::bench::BenchArgs>),
    /// List the GPUs and software drivers that can compute.
    Adapters,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

const EXPAND_EXAMPLES: &str = "\
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

  A network with ReLU and max pooling has kinks; expand a smooth stand-in instead
      hope expand examples/mnist/mnist_cnn_relu_bn.onnx --at examples/mnist/digits.npy --order 3 \\
          --smooth relu=softplus:20,max_pool=logsumexp:20 --radius 0.5

  Read the result in Python: c_2 of logit 7 along pixel 412 at digit 3
      numpy.load(\"mnist_cnn_tanh.expansion.npz\")[\"unmixed\"][3, 7, 2 - 1, 412]

Results (B points, m outputs, p inputs, n orders, R directions, T terms; all f64):
  points   [B, p]
  value    [B, m]
  unmixed  [B, m, n, p]   coefficients along each input, orders 1 to n
  along    [B, m, n, R]   with directions [R, p] or [B, R, p]
  mixed    [B, m, T]      with exponents [T, d] (u8), by degree
  kink     [B, R]         distance to the nearest kink along each ray, where the network has kinks
                          (mixed: [B, 1], the nearest of all rays it takes)
All coefficients are normalised: c_k is the k-th derivative divided by k!.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Expand a network into Taylor polynomials at given points.
///
/// The exact method propagates truncated Taylor series along rays and is right for every network. The
/// published rule of HOPE (arXiv 2307.08192) is one backward pass: faster for many inputs, but exact only on
/// some networks; every result says which.
#[derive(Debug, Args)]
#[command(after_long_help = EXPAND_EXAMPLES)]
pub struct ExpandArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// Reference points: an .npy file of shape [B, …input shape] or [B, p], or numbers such as "0.5,-0.5;0,0".
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true, help_heading = "What to compute")]
    pub at: String,

    /// Highest order, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

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

    /// Which outputs: "all", or numbers such as 0,3.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "What to compute")]
    pub outputs: Outputs,

    #[command(flatten)]
    pub network: NetworkArgs,

    #[command(flatten)]
    pub smooth: super::smooth::SmoothArgs,

    /// Distance from the points up to which a smooth stand-in is compared with the network [default: 1].
    #[arg(long, value_name = "R", requires = "smooth", value_parser = super::rays::positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub radius: Option<f64>,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Recompute K random rays in f64 and report the largest relative deviation.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "How")]
    pub verify: Option<u32>,

    /// The result, overwritten if it exists; RESULT.json is written beside it [default: the model's name with
    /// .expansion.npz, in the current folder].
    #[arg(long, value_name = "RESULT.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// Number type in the result.
    #[arg(long, value_enum, default_value = "f64", help_heading = "Output")]
    pub dtype: NumberType,

    /// Print nothing but errors.
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Tell more about the run on standard error: the plan, its cost, its memory.
    #[arg(long, short, help_heading = "Output")]
    pub verbose: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  hope check examples/mnist/mnist_cnn_tanh.onnx
  hope check examples/mnist/mnist_mlp1_sigmoid.onnx --order 10";

/// Show a network's layers, whether the published rule is exact on it, and what an expansion costs.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// Order for cost and memory, 1 to 30.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub order: usize,

    #[command(flatten)]
    pub network: NetworkArgs,
}

/// Which coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TermsArg {
    /// Pure powers of each input.
    Unmixed,
    /// All monomials, in the inputs or in the coordinates of --subspace.
    Mixed,
    /// Along --directions.
    Along,
}

/// How to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Taylor series along rays: right for every network.
    Exact,
    /// The published rule: one backward pass, exact on some networks only.
    Hope,
}

impl From<MethodArg> for Method {
    fn from(method: MethodArg) -> Self {
        match method {
            MethodArg::Exact => Self::Exact,
            MethodArg::Hope => Self::Hope,
        }
    }
}

/// A floating-point type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NumberType {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl NumberType {
    /// Name as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl From<NumberType> for hope::Precision {
    fn from(number: NumberType) -> Self {
        match number {
            NumberType::F32 => Self::F32,
            NumberType::F64 => Self::F64,
        }
    }
}

/// Selected outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// All.
    All,
    /// Some.
    Some(Vec<usize>),
}

impl std::str::FromStr for Outputs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let number = |part: &str| {
            part.trim()
                .parse()
                .map_err(|_| format!("'{part}' is no output: give \"all\" or numbers such as 0,3"))
        };
        text.split(',').map(number).collect::<Result<_, _>>().map(Self::Some)
    }
}

/// Parses an amount of memory: binary units (`2GiB`, `2G`), decimal ones (`2GB`), or bytes.
pub fn memory_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no amount of memory: write it as 2GiB, 500MB or a number of bytes");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let amount: f64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (prefix, base) = if let Some(prefix) = unit.strip_suffix("ib") {
        (prefix, 1024.0f64)
    } else if let Some(prefix) = unit.strip_suffix('b') {
        (prefix, 1000.0)
    } else {
        (unit.as_str(), 1024.0)
    };
    let power = ["", "k", "m", "g", "t"].iter().position(|p| *p == prefix).ok_or_else(wrong)?;
    let bytes = amount * base.powi(power as i32);
    if (1.0..=u64::MAX as f64 / 2.0).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn memory_sizes() {
        for (text, bytes) in [
            ("2GiB", 2 << 30),
            ("2G", 2 << 30),
            ("1.5 gib", 3 << 29),
            ("500MB", 500_000_000),
            ("4096", 4096),
            ("4096B", 4096),
            ("1k", 1024),
        ] {
            assert_eq!(memory_size(text), Ok(bytes), "{text}");
        }
        for text in
            ["", "GiB", "2 bananas", "-1", "0", "1e400", "nan", "99999999999TiB", "2GiBs", "ib", "1.2.3"]
        {
            assert!(memory_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn output_lists() {
        assert_eq!("all".parse(), Ok(Outputs::All));
        assert_eq!("0, 3".parse(), Ok(Outputs::Some(vec![0, 3])));
        for text in ["", "0,", "-1", "a", "0;1"] {
            assert!(text.parse::<Outputs>().is_err(), "{text}");
        }
    }
}
