//! The options of `hope trust`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::rays::RayArgs;
use crate::cli::values::positive;

const EXAMPLES: &str = "\
Examples:
  How far does the order-6 polynomial of a network with two inputs hold to 1e-3, along 20 random directions?
      hope trust tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --order 6 --tolerance 1e-3 --random 20

  Which order up to 8 suffices for a radius of 0.5, along each pixel, for the logits of the digits?
      hope trust examples/mnist/mnist_mlp_tanh.onnx --at examples/mnist/digits.npy --order 8 \\
          --tolerance 0.01 --radius 0.5

  Within 0.1 % of the largest logit, around one digit
      hope trust examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digit_3.png --order 4 --random 20

Results (B points, m outputs, R rays; f64):
  points       [B, p]
  directions   [R, p] or [B, R, p]   unless the rays are the inputs' own directions
  convergence  [B, m, R]   estimated radius of convergence, inf where the series seems to end
  growing      [B, m, R]   u8: 1 where that estimate still grows with the order (perhaps no singularity at all)
  radius       [B, m, R]   trust radius: up to there the polynomial is estimated to be within the tolerance
  limit        [B, m, R]   u8: what limits it: 0 nothing, 1 tolerance, 2 convergence, 3 the nearest kink
  order        [B, m, R]   u8, with --radius: lowest order estimated to suffice, 0 if none does
  kink         [B, R]      distance to the nearest kink, where the network has kinks
  proved       [B, m, R]   with --rigorous: up to there the polynomial is proved to be within the tolerance, 0 if nowhere
  checks       [K, 6]      point, output (its position), ray, distance t, estimated error, measured error at x0 ± t v
                           (inf where the network has no finite value)
Radii are in units of the directions' lengths. They are estimates, not bounds: the checks say how good they are. Those of
--rigorous are bounds: to about 1 %, looked for up to a thousand times the estimate.";

/// Estimate how far Taylor polynomials can be trusted, and check it against the network.
///
/// Two more orders than asked for are expanded along each ray. From them follow, for every point, output and ray: the
/// radius of convergence, the radius up to which the polynomial is within the tolerance (never beyond
/// the radius of convergence or the nearest kink), and the order that a wanted radius needs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct TrustArgs {
    #[command(flatten)]
    pub rays: RayArgs,

    /// Order of the polynomials, 1 to 28.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

    /// Largest error of an output that is tolerated, absolute [default: 0.001 of the largest selected output at the points, by
    /// magnitude].
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub tolerance: Option<f64>,

    /// A radius that is wanted: recommend an order up to N for it.
    #[arg(long, value_name = "R", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub radius: Option<f64>,

    /// Prove how far each polynomial is within the tolerance, by Taylor models as `hope certify` does: less far than is estimated, but for certain.
    #[arg(long, help_heading = "What to compute")]
    pub rigorous: bool,

    /// Number of estimates to check against the network, two evaluations each: half of them those with the smallest radii, the
    /// others random; 0 for none.
    #[arg(long, value_name = "K", default_value_t = 100, help_heading = "How")]
    pub checks: usize,

    /// The result, overwritten if it exists; RESULT.json is written beside it [default: the model's name with
    /// .trust.npz, in the current folder].
    #[arg(long, value_name = "RESULT.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,
}
