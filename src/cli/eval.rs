//! `hope eval`: a polynomial at points.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use hope::{Device, Precision, TaylorPolynomial, npy};

use super::device::Place;
use super::failure::Failure;
use super::files::{Files, check_ending};
use super::verbosity::Verbosity;
use super::{input, text};

const EXAMPLES: &str = "\
Examples:
  A polynomial of two variables at two points
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4 --out p.json
      hope eval p.json --at \"0.4,-0.5;0.6,-0.4\"

  At many points, its values and gradients into files
      hope eval p.npz --at points.npy --out values.npy
      hope eval p.npz --at points.npy --gradient --out gradients.npy

  A large batch on a GPU, in single precision
      hope eval p.npz --at points.npy --device gpu --out values.npy

  With the numbers between which the network is proved to lie, at points where it is
      hope certify net.onnx --at 0.5,-0.5 --radius 0.1 --order 4 --polynomial p.json
      hope eval p.json --at 0.52,-0.45 --bounds --strict

Points are in the polynomial's variables: with a subspace or a direction its coordinates t, not the network's inputs.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Evaluate a polynomial from `hope polynomial` at points.
///
/// Prints one line for each point: its value, or with --gradient the derivatives with respect to all variables, separated by
/// commas.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct EvalArgs {
    /// The polynomial: a file that `hope polynomial --out` has written.
    #[arg(value_name = "P.json|P.npz")]
    pub polynomial: PathBuf,

    /// The points: an .npy file of shape [B, variables], or numbers such as "0.5,-0.5;0,0".
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true)]
    pub at: String,

    /// After each value, the numbers between which the network lies there, where that is proved: polynomials of `hope certify --polynomial`. [B, 3] in a file.
    #[arg(long, conflicts_with = "gradient")]
    pub bounds: bool,

    /// Refuse points outside of the region in which the polynomial's bound is proved.
    #[arg(long)]
    pub strict: bool,

    /// The gradient at each point instead of the value.
    #[arg(long)]
    pub gradient: bool,

    /// Where to compute: cpu (f64), gpu, part of an adapter's name (f32; values only), or auto (a hardware GPU if there is one, else
    /// the CPU).
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: String,

    /// Write the values [B] or gradients [B, variables], f64, into this file instead, overwritten if it exists.
    #[arg(long, value_name = "VALUES.npy")]
    pub out: Option<PathBuf>,
}

/// Runs the command. What it prints is what it is for: never too much.
pub fn run(args: &EvalArgs, _: Verbosity) -> Result<(), Failure> {
    let (polynomial, points, place) = setup(args).map_err(Failure::Input)?;
    let inputs = [args.polynomial.as_path(), Path::new(&args.at)];
    let mut files = Files::begin(args.out.as_deref(), &inputs).map_err(Failure::Input)?;
    let variables = polynomial.variables().len();
    let count = points.len() / variables;
    let (results, shape) = if args.bounds {
        (bounded(&polynomial, &points), vec![count, 3])
    } else if args.gradient {
        (polynomial.gradient_batch(&points), vec![count, variables])
    } else {
        (values(&polynomial, &points, &place.device), vec![count])
    };
    // A point too far away is bad input, too: it is found before anything is written.
    let results = results.map_err(|error| match error {
        error if error.is_request() => Failure::Input(anyhow!("--at {}: {error}", args.at)),
        _ => Failure::Run(anyhow!("--device {}: {error}", args.device)),
    })?;
    match &args.out {
        Some(out) => {
            let write = |file: File| {
                npy::write(std::io::BufWriter::new(&file), &shape, &results)?;
                file.sync_all()
            };
            files.write_with(out, write).and_then(|()| files.commit()).map_err(Failure::Run)
        }
        None => text::print(lines(&results, results.len() / count, place.precision)).map_err(Failure::Run),
    }
}

/// The values with their bounds: infinite outside of what is proved.
fn bounded(polynomial: &TaylorPolynomial, points: &[f64]) -> hope::Result<Vec<f64>> {
    let values = polynomial.evaluate_batch(points)?;
    let with = |(value, bounds): (f64, Option<[f64; 2]>)| {
        let [low, high] = bounds.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        [value, low, high]
    };
    Ok(values.into_iter().zip(polynomial.bounds(points)?).flat_map(with).collect())
}

/// Whether all points are where the bound is proved.
fn check_inside(args: &EvalArgs, polynomial: &TaylorPolynomial, points: &[f64]) -> Result<()> {
    let Some(bound) = polynomial.bound() else {
        bail!(
            "--strict: nothing is proved of {}: `hope certify --polynomial` writes those of which there is",
            args.polynomial.display()
        );
    };
    match points.chunks_exact(polynomial.variables().len()).position(|point| !bound.contains(point)) {
        Some(point) => bail!(
            "--strict: point {point} of --at {} is outside of the region in which the bound is proved",
            args.at
        ),
        None => Ok(()),
    }
}

/// The values at all points.
fn values(polynomial: &TaylorPolynomial, points: &[f64], device: &Device) -> hope::Result<Vec<f64>> {
    #[cfg(feature = "gpu")]
    if let Some(engine) = device.engine() {
        use hope::gpu::PreparedPolynomial;

        let count = points.len() / polynomial.variables().len();
        let batch = PreparedPolynomial::largest_batch(engine, polynomial).clamp(1, count.max(1));
        return pollster::block_on(async {
            PreparedPolynomial::new(engine, polynomial, batch).await?.evaluate(points).await
        });
    }
    let _ = device; // the only other is the processor
    polynomial.evaluate_batch(points)
}

fn setup(args: &EvalArgs) -> Result<(TaylorPolynomial, Vec<f64>, Place)> {
    let gpu_by_name = args.device != "cpu" && args.device != "auto";
    if (args.gradient || args.bounds) && gpu_by_name {
        let option = if args.bounds { "--bounds" } else { "--gradient" };
        bail!("--device {}: GPUs compute values only: use --device cpu for {option}", args.device);
    }
    if let Some(out) = &args.out {
        check_ending("--out", out, "npy")?;
    }
    let polynomial = TaylorPolynomial::load(&args.polynomial)?;
    let points = input::points_of(&args.at, polynomial.variables().len())?;
    if args.strict {
        check_inside(args, &polynomial, &points)?;
    }
    let device = if args.gradient || args.bounds { "cpu" } else { &args.device };
    // Any degree suits: the order that devices limit is that of an expansion.
    let place = Place::new(device, None, 1, None)?;
    Ok((polynomial, points, place))
}

/// One line for each `width` numbers, with all the digits that were computed.
fn lines(results: &[f64], width: usize, precision: Precision) -> String {
    let mut text = String::new();
    for row in results.chunks_exact(width) {
        for (i, &x) in row.iter().enumerate() {
            text.push_str(if i == 0 { "" } else { "," });
            let _ = match precision {
                Precision::F32 => write!(text, "{:?}", x as f32),
                _ => write!(text, "{x:?}"),
            };
        }
        text.push('\n');
    }
    text
}
