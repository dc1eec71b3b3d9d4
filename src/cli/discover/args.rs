//! The options of `hope discover`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::device::PlaceArgs;
use crate::cli::model::ModelArgs;
use crate::cli::smooth::SmoothArgs;
use crate::cli::values::Names;

const EXAMPLES: &str = "\
Examples:
  What has this network learnt? (0.5 x1^2 + 0.5 x2)
      hope discover tests/fixtures/reference/discover_2d.onnx --box -1:1 --order 4 --out found

  Five inputs with names of their own, another box for each
      hope discover net.onnx --box -1:1,-1:1,0:2,-1:1,-1:1 --order 3 --names a,b,c,d,e --out found

  Read it in Python
      sympy.sympify(open(\"found/expression.txt\").read())

Files in the folder:
  expression.txt         the expression, for SymPy
  expression.tex         for LaTeX's math mode
  coefficients.csv       every term: local value, mean, spread, consensus, fitted value
  coefficients.svg, .png the leading terms with their spread

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Find the polynomial that a network has learnt, from expansions at many points of a box.
///
/// All expansions are moved to one centre. Terms that they agree on are fitted to the network's values, and
/// those that aren't needed are left out: the shortest expression that fits. For networks that have learnt a polynomial, or
/// nearly one, of few inputs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DiscoverArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// Where the network was trained: an interval such as -1:1 for all inputs, or one for each, with commas.
    #[arg(long = "box", value_name = "LOW:HIGH", allow_hyphen_values = true, help_heading = "What to find")]
    pub region: String,

    /// Highest degree of terms, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to find")]
    pub order: usize,

    /// Number of reference points, 3 or more.
    #[arg(long, value_name = "K", default_value_t = 100, help_heading = "What to find")]
    pub samples: usize,

    /// Centre of the expression, as numbers or an .npy file [default: the origin if it is in the box, else the middle of the box].
    #[arg(long, value_name = "X0", allow_hyphen_values = true, help_heading = "What to find")]
    pub at: Vec<String>,

    /// Which of the points in --at, by its number from 0; needed if there are several.
    #[arg(long, value_name = "K", requires = "at", help_heading = "What to find")]
    pub point: Option<usize>,

    /// Misfit that the expression may have, relative to the standard deviation of the function: smaller finds more terms.
    #[arg(long, value_name = "T", default_value_t = 0.03, help_heading = "What to find")]
    pub tolerance: f64,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to find")]
    pub output: Option<usize>,

    /// Which reference points.
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "How")]
    pub seed: u64,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Names of the variables, such as u,v [default: x1,x2,...].
    #[arg(long, value_name = "NAMES", help_heading = "Output")]
    pub names: Option<Names>,

    /// The folder for the results, made if there is none.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: PathBuf,
}

impl DiscoverArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        std::iter::once(self.network.model.as_path()).chain(self.at.iter().map(Path::new)).collect()
    }
}
