//! The options of `hope polynomial`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::device::PlaceArgs;
use crate::cli::model::ModelArgs;
use crate::cli::points::PointArgs;
use crate::cli::smooth::SmoothArgs;
use crate::cli::terms::TermsArg;
use crate::cli::values::{MethodArg, Names};

const EXAMPLES: &str = "\
Examples:
  The polynomial of degree 4 of a network with two inputs, as text
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4

  Its ten largest terms with three digits, in LaTeX, with names of your own
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4 --largest 10 --digits 3 \\
          --names u,v --format latex

  For SymPy: sympy.sympify(open(\"p.txt\").read())
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4 --format sympy > p.txt

  Logit 7 of a classifier along each of 784 pixels (additive), into a file for `hope eval`
      hope polynomial examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_7.png --order 3 --output 7 --out p.npz

  All terms in the coordinates of a subspace of two directions, [2, 784]
      hope polynomial examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_7.png --order 6 --output 7 \\
          --subspace s.npy --out p.json

Polynomials are written around the point: p(x) = sum of c (x1 - a)^i (x2 - b)^j ..., with c the derivative divided by
i! j! ...
Files: JSON to read and to edit, npz for many terms; both have a version and are checked when read.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Make the Taylor polynomial of one output of a network around a point, and print it or write it into a file.
///
/// With mixed terms it is the network's Taylor polynomial. With unmixed ones it is additive, a sum of functions of one
/// input each: right along each input, but the terms that mix inputs are missing.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PolynomialArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    #[command(flatten)]
    pub point: PointArgs,

    /// Highest degree, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

    /// Which terms [default: mixed if they are at most 5000, else unmixed; along with --directions; mixed with
    /// --subspace].
    #[arg(long, value_enum, help_heading = "What to compute")]
    pub terms: Option<TermsArg>,

    /// Direction v for a polynomial in t, x = x0 + t v: an .npy file of the input's shape, or of several (see --ray).
    #[arg(long, value_name = "D.npy", conflicts_with = "subspace", help_heading = "What to compute")]
    pub directions: Option<PathBuf>,

    /// Which of several --directions, from 0.
    #[arg(
        long,
        value_name = "K",
        requires = "directions",
        conflicts_with = "subspace",
        help_heading = "What to compute"
    )]
    pub ray: Option<usize>,

    /// Directions S of the variables t1, t2, ... of mixed terms, x = x0 + S t: an .npy file of shape [d, p] or
    /// [d, ...input shape].
    #[arg(long, value_name = "S.npy", help_heading = "What to compute")]
    pub subspace: Option<PathBuf>,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub output: Option<usize>,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Names of the variables, such as u,v [default: x1,x2,...; t1,t2,... in a subspace; t along a direction].
    #[arg(long, value_name = "NAMES", help_heading = "Output")]
    pub names: Option<Names>,

    /// Only terms up to this degree.
    #[arg(long, value_name = "D", help_heading = "Output")]
    pub truncate: Option<usize>,

    /// Only the K terms with the largest coefficients.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    pub largest: Option<u64>,

    /// Round printed numbers to so many significant digits [default: all that f64 has].
    #[arg(long, value_name = "DIGITS", value_parser = clap::value_parser!(u8).range(1..=17), help_heading = "Output")]
    pub digits: Option<u8>,

    /// How to print it [default: text; nothing is printed with --out alone].
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<FormatArg>,

    /// Write it into a file, P.json or P.npz, overwritten if it exists.
    #[arg(long, value_name = "P.json|P.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// How to print a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Plain text.
    Text,
    /// LaTeX, for math mode.
    Latex,
    /// What sympy.sympify reads.
    Sympy,
    /// What is in P.json.
    Json,
}
