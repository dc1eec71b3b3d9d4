//! The options of `hope certify`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::cli::model::ModelArgs;
use crate::cli::points::given;
use crate::cli::values::{Class, Outputs, memory_size, positive};

const EXAMPLES: &str = "\
Examples:
  A polynomial of degree 6 of a network with two inputs, and how far the network can be from it anywhere in a square
      hope certify tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --radius 0.1 --order 6

  How large may the square be, for the polynomial to be within 1e-3?
      hope certify tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --radius 1 --order 6 --tolerance 1e-3

  Network, polynomials and bounds along one input, in 6 pieces
      hope certify tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --inputs 0 --radius 1.5 --split 6 --order 4 --plot tube.svg

  A whole box, in 64 pieces with a polynomial each
      hope certify tests/fixtures/reference/discover_2d.onnx --box -1:1 --split 64 --order 6

  Each pixel of a digit by itself, to order 3
      hope certify examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_3.png --each-input --radius 0.1 --order 3

  Is it a 3 however all pixels change by up to 0.004?
      hope certify examples/mnist/mnist_cnn_relu_bn.onnx --at examples/mnist/digit_3.png --radius 0.004 --order 1 \\
          --prove-class predicted

  Does a property of VNN-LIB hold, such as those of VNN-COMP? Its boxes are cut into 5000 pieces at the most
      hope certify net.onnx --property prop_1.vnnlib --order 1 --split 5000

Results (G regions of d coordinates t, m outputs, T terms; f64). A region's points are x = x0 + sum_j t_j v_j with
|t_j - middle_j| <= radius_j, its polynomial is in s_j = (t_j - middle_j) / radius_j, from -1 to 1:
  points       [B, p]     the x0
  point        [G]        which of them a region belongs to
  coordinate   [G, d]     which input, or which direction, each coordinate is
  directions   [R, p]     with --directions and --subspace: the v_j; else they are the inputs' own
  middle       [G, d]     0 but in pieces of a region
  radius       [G, d]
  proved       [G]        u8: 0 where nothing could be proved (infinite remainders)
  exponents    [T, d]     u8
  polynomial   [G, m, T]
  remainder    [G, m]     network minus polynomial is no larger anywhere in the region
  range        [G, m, 2]  what the network's values lie between
with --prove-class instead of the last four:
  verdict      [G]        u8: 0 neither proved nor refuted, 1 proved, 2 refuted
  refuted      [K]        regions that are
  counterexample [K, p]   and a point of each at which the network says something else
with --property, P of them, instead of all of these:
  verdict      [P]        u8: 0 neither proved nor refuted, 1 proved: no point is unsafe, 2 refuted
  proved_part  [P]        of the boxes' volume
  refuted      [K]        properties that are
  counterexample [K, p]   and an unsafe point of each
  outputs      [K, m]     with the network's outputs, as the forward pass in f64 has them
What is proved holds for the network of real numbers that the file's weights make, without any rounding.

Exit codes: 0 done; 1 failed on the way, or nothing is proved in any region; 2 wrong usage or bad input, nothing written.";

/// Prove how far a network can be from its polynomial, anywhere in a region.
///
/// Gives a polynomial in the region's coordinates for each selected output, and a bound of network minus polynomial that holds at every point of the
/// region, with every rounding counted (Taylor models). On the CPU, in f64.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group(ArgGroup::new("where").required(true).args(["at", "box_", "property"])))]
pub struct CertifyArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// Centres of the regions: as for `hope expand`. May be given several times.
    #[arg(
        long,
        value_name = "POINTS",
        allow_hyphen_values = true,
        requires = "radius",
        help_heading = "What to prove"
    )]
    pub at: Vec<String>,

    /// How far each coordinate goes to either side. With --tolerance: at the most.
    #[arg(long, value_name = "R", value_parser = radius, allow_hyphen_values = true, help_heading = "What to prove")]
    pub radius: Option<f64>,

    /// A box in place of centre and radius: an interval for all inputs, such as -1:1, or one for each, such as -1:1,0:2.
    #[arg(long = "box", id = "box_", value_name = "LOW:HIGH", allow_hyphen_values = true, conflicts_with_all = ["radius", "directions", "subspace", "inputs", "each_input"], help_heading = "What to prove")]
    pub box_: Option<String>,

    /// Which inputs change, together: "all" or numbers such as 0,3.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "What to prove")]
    pub inputs: Outputs,

    /// A region for each of these inputs by itself: the segment along it.
    #[arg(long, help_heading = "What to prove")]
    pub each_input: bool,

    /// A region for each direction: an .npy file of shape [R, p] or [R, ...input shape].
    #[arg(long, value_name = "D.npy", conflicts_with_all = ["subspace", "inputs", "each_input"], help_heading = "What to prove")]
    pub directions: Option<PathBuf>,

    /// One region, in the coordinates t of x = x0 + S t: an .npy file of shape [d, p] or [d, ...input shape].
    #[arg(long, value_name = "S.npy", conflicts_with_all = ["inputs", "each_input"], help_heading = "What to prove")]
    pub subspace: Option<PathBuf>,

    /// Degree of the polynomials, 1 to 30. With many coordinates only 1 fits into memory.
    #[arg(long, value_name = "N", help_heading = "What to prove")]
    pub order: usize,

    /// Which outputs: "all", or numbers such as 0,3.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "What to prove")]
    pub outputs: Outputs,

    /// Find the largest part of each region in which all remainders are within E, absolute.
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true, help_heading = "What to prove")]
    pub tolerance: Option<f64>,

    /// Cut each region into K pieces, and prove something of each; with --prove-class and --property K at the most, where it takes some.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000), conflicts_with = "tolerance", help_heading = "What to prove")]
    pub split: Option<u32>,

    /// Prove that this output exceeds all others in the region, or find a point where it doesn't: its number, or "predicted" for the largest at
    /// each centre.
    #[arg(long, value_name = "CLASS", conflicts_with_all = ["tolerance", "outputs"], help_heading = "What to prove")]
    pub prove_class: Option<Class>,

    /// Prove that a property in VNN-LIB (version 1) holds, or find an unsafe point: boxes of inputs, and linear constraints that are unsafe. --split says into
    /// how many pieces each box may be cut [default: 1000]. May be given several times.
    #[arg(long, value_name = "FILE.vnnlib", conflicts_with_all = ["radius", "directions", "subspace", "inputs", "each_input", "tolerance", "prove_class", "outputs"], help_heading = "What to prove")]
    pub property: Vec<PathBuf>,

    /// Memory for the work, such as 2GiB or 500MB [default: half of the free memory].
    #[arg(long, value_name = "SIZE", value_parser = memory_size, help_heading = "How")]
    pub memory: Option<u64>,

    /// Threads of the processor [default: RAYON_NUM_THREADS, else all cores]. Results don't depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "How")]
    pub threads: Option<u16>,

    /// The result, overwritten if it exists; RESULT.json is written beside it [default: the model's name with
    /// .certify.npz, in the current folder].
    #[arg(long, value_name = "RESULT.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// Write the polynomial of one output over one region, with its bound, into a file for `hope eval`, overwritten if it exists.
    #[arg(long, value_name = "P.json|P.npz", conflicts_with_all = ["prove_class", "property", "split"], help_heading = "Output")]
    pub polynomial: Option<PathBuf>,

    /// Draw network, polynomial and bounds along a region of one coordinate, or its pieces: the first of the outputs. May be given several times.
    #[arg(long, value_name = "FILE.svg|FILE.png", conflicts_with_all = ["prove_class", "property"], help_heading = "Output")]
    pub plot: Vec<PathBuf>,
}

impl CertifyArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let model = self.network.model.as_path();
        let at = self.at.iter().map(Path::new);
        let properties = self.property.iter().map(PathBuf::as_path);
        given([&self.directions, &self.subspace]).chain([model]).chain(at).chain(properties).collect()
    }
}

/// Parses a finite number that isn't negative.
fn radius(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err(format!("'{text}' is no radius: give a number that isn't negative")),
    }
}
