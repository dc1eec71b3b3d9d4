//! The options of `hope surrogate`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::cli::device::PlaceArgs;
use crate::cli::model::ModelArgs;
use crate::cli::points::{PointArgs, given};
use crate::cli::smooth::SmoothArgs;
use crate::cli::values::positive;

const EXAMPLES: &str = "\
Examples:
  A polynomial of degree 8 for a network with two inputs: how good is it up to 0.5 away, and how fast?
      hope surrogate tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --order 8 --radius 0.5

  How far does it reach with errors below 1e-3? Into a file for `hope eval`
      hope surrogate tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --order 8 --tolerance 1e-3 --out p.json

  Logit 7 of a classifier, in the plane of the two principal directions of some digits, around one of them
      hope surrogate examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --point 7 --output 7 \\
          --principal examples/mnist/digits.npy --dimensions 2 --order 8 --tolerance 0.05 --out p.json

  In directions of your own, [d, 784]
      hope surrogate examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_7.png --output 7 --subspace s.npy --order 6 --radius 1

Errors are measured at fresh random points of the ball |x - x0| <= R, or |t| <= R in the coordinates of a subspace, x = x0 + S t:
half of them spread evenly over the ball (mean error), half on its sphere, where polynomials are worst (largest
error over all). They are measurements, not bounds. With --rigorous the polynomial carries a bound, over the box in which that ball is: `hope eval --bounds`
prints it with each value, --strict refuses points outside.
Times are medians of repeated runs on this machine's CPU.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Put a Taylor polynomial in place of the network near a point: its measured errors, its reach, its speed.
///
/// Many inputs have too many mixed terms: go through a subspace of few directions, your own (--subspace), or the principal
/// directions of data (--principal).
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group(ArgGroup::new("extent").required(true).args(["radius", "tolerance"])))]
pub struct SurrogateArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    #[command(flatten)]
    pub point: PointArgs,

    /// Highest degree, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

    /// Report the errors up to this distance.
    #[arg(long, value_name = "R", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub radius: Option<f64>,

    /// Find the largest distance up to which the measured error stays within E, absolute.
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub tolerance: Option<f64>,

    /// Directions S of the variables t1, t2, ..., x = x0 + S t: an .npy file of shape [d, p] or [d, ...input shape]. Distances are
    /// in units of t.
    #[arg(long, value_name = "S.npy", conflicts_with = "principal", help_heading = "What to compute")]
    pub subspace: Option<PathBuf>,

    /// Data, [K, p] or [K, ...input shape], whose principal directions (orthonormal, by falling variance) are taken as S.
    #[arg(long, value_name = "DATA.npy", requires = "dimensions", help_heading = "What to compute")]
    pub principal: Option<PathBuf>,

    /// How many principal directions.
    #[arg(long, value_name = "D", requires = "principal", conflicts_with = "subspace", value_parser = clap::value_parser!(u16).range(1..), help_heading = "What to compute")]
    pub dimensions: Option<u16>,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub output: Option<usize>,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    /// Prove how far the network can be from the polynomial at most, wherever each variable is within the radius of the centre, and write that into its file.
    #[arg(long, help_heading = "What to compute")]
    pub rigorous: bool,

    /// Number of random points at which errors are measured.
    #[arg(long, value_name = "K", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=10_000_000), help_heading = "How")]
    pub samples: u32,

    /// Seed of the random points.
    #[arg(long, value_name = "SEED", default_value_t = 1, help_heading = "How")]
    pub seed: u64,

    /// Batch sizes at which times are measured.
    #[arg(long, value_name = "LIST", default_value = "1,16,256,4096", help_heading = "How")]
    pub batches: Batches,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Write the polynomial into a file, P.json or P.npz, overwritten if it exists; `hope eval` reads it.
    #[arg(long, value_name = "P.json|P.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// Write what is printed into a file, for programs.
    #[arg(long, value_name = "FILE.json", help_heading = "Output")]
    pub json: Option<PathBuf>,
}

impl SurrogateArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let model = self.network.model.as_path();
        given([&self.subspace, &self.principal]).chain([model]).chain(self.point.files()).collect()
    }
}

/// Batch sizes, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches(pub Vec<usize>);

impl std::str::FromStr for Batches {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = |part: &str| match part.trim().parse::<usize>() {
            Ok(size @ 1..=1_000_000) => Ok(size),
            _ => Err(format!("'{part}' is no batch size: give numbers from 1 to 1000000 such as 1,16,256")),
        };
        let mut sizes = text.split(',').map(size).collect::<Result<Vec<_>, _>>()?;
        sizes.sort_unstable();
        sizes.dedup();
        Ok(Self(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_batches() {
        assert_eq!("256, 1,16,1".parse(), Ok(Batches(vec![1, 16, 256])));
        for wrong in ["", "0", "1,,2", "-1", "1.5", "all", "1000001"] {
            assert!(wrong.parse::<Batches>().is_err(), "{wrong}");
        }
    }
}
