//! The options of `hope converge`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::cli::rays::RayArgs;
use crate::cli::values::positive;

const EXAMPLES: &str = "\
Examples:
  Errors of the polynomials of orders 2 to 10 of a network with two inputs, over nine radii of its choice
      hope converge tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --orders 2,4,6,8,10

  On one logit of a classifier, along 30 random directions, over radii from 0.1 to 10 by equal factors
      hope converge examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --outputs 3 \\
          --orders 1,2,4,8 --radii 0.1:10:7 --random 30

STUDY.csv has one row per order and radius: order, radius, largest_error, mean_error (over points, outputs and
both ways along the rays), estimated_error (the largest; empty beyond a radius of convergence or a kink).";

/// Study how the errors of Taylor polynomials fall with the order and grow with the distance.
///
/// The network is evaluated at each distance along each ray, both ways, and compared with the polynomials of each order.
/// Beside the measured errors stand those that the coefficients alone let expect.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ConvergeArgs {
    #[command(flatten)]
    pub rays: RayArgs,

    /// Orders, 1 to 28.
    #[arg(long, value_name = "LIST", default_value = "1,2,3,4,6,8", help_heading = "What to compute")]
    pub orders: Orders,

    /// Radii: a list such as 0.1,0.2,0.5, or FROM:TO:COUNT by equal factors [default: nine, from 1/20 to 1.5 of the estimated
    /// radius of convergence].
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = "What to compute")]
    pub radii: Option<Radii>,

    /// The table, overwritten if it exists; STUDY.json, .svg and .png (the chart) are written beside it [default: the model's name with .converge.csv, in
    /// the current folder].
    #[arg(long, value_name = "STUDY.csv", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// A list of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders(pub Vec<usize>);

impl FromStr for Orders {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let highest = hope::series::MAX_ORDER - hope::trust::MORE_ORDERS;
        let order = |part: &str| match part.trim().parse() {
            Ok(order) if (1..=highest).contains(&order) => Ok(order),
            _ => Err(format!("'{part}' is no order: give numbers from 1 to {highest}, such as 1,2,4")),
        };
        text.split(',').map(order).collect::<Result<_, _>>().map(Self)
    }
}

/// A list of radii.
#[derive(Clone, Debug, PartialEq)]
pub struct Radii(pub Vec<f64>);

impl FromStr for Radii {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let [from, to, number] = parts[..] else {
            return text.split(',').map(positive).collect::<Result<_, _>>().map(Self);
        };
        let (from, to) = (positive(from)?, positive(to)?);
        let number: usize = number.trim().parse().map_err(|_| format!("'{number}' is no number of radii"))?;
        if !(2..=10_000).contains(&number) || from >= to {
            return Err(format!("'{text}': FROM has to be less than TO, and COUNT 2 to 10000"));
        }
        let step = (to / from).ln() / (number - 1) as f64;
        Ok(Self(
            (0..number).map(|i| if i + 1 == number { to } else { from * (step * i as f64).exp() }).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_orders_and_radii() {
        assert_eq!("1, 4,28".parse(), Ok(Orders(vec![1, 4, 28])));
        for wrong in ["", "0", "29", "1,", "a", "-1", "1.5"] {
            assert!(wrong.parse::<Orders>().is_err(), "{wrong}");
        }
        assert_eq!("0.5, 2".parse(), Ok(Radii(vec![0.5, 2.0])));
        let Ok(Radii(radii)) = "0.1:10:3".parse() else { panic!("a range") };
        assert!(radii.len() == 3 && (radii[1] - 1.0).abs() < 1e-12 && radii[2] == 10.0);
        for wrong in ["", "0", "-1", "nan", "inf", "1,", "1:2", "1:2:3:4", "2:1:3", "0:1:3", "1:2:1", "1:2:x"]
        {
            assert!(wrong.parse::<Radii>().is_err(), "{wrong}");
        }
    }
}
