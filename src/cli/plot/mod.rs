//! `hope plot`: a network and its polynomials in one picture.

mod picture;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use hope::forward::values;
use hope::model::Model;
use hope::picture::Axis;
use hope::plan::Method;
use hope::sampling::r_squared;
use hope::{Request, TaylorPolynomial, Terms, expand};

use crate::cli::load::NetworkArgs;
use crate::cli::{Failure, files, input, load, text};
use picture::{figure, r2};

/// Points of a line, and cells along each side of a map.
const LINE: usize = 801;
pub const SIDE: usize = 101;

const EXAMPLES: &str = "\
Examples:
  A network with one input, its Taylor polynomial of order 8 at 0.3, and that of the published rule
      hope plot one_input.onnx --at 0.3 --range 1.5 --order 8

  Maps of a network with two inputs, of its polynomial, and of the error
      hope plot tests/fixtures/reference/discover_2d.onnx --at 0,0 --range 1 --order 4

  Two inputs of many, the others stay where they are; and along directions of your own
      hope plot tests/fixtures/reference/discover_5d.onnx --at 0,0,0,0,0 --inputs 1,2 --range 1 --order 4
      hope plot net.onnx --at point.npy --subspace one_or_two_directions.npy --range 2 --order 6 --out net.svg";

/// Draw a network, its Taylor polynomial and that of the published rule around a point, with R².
///
/// One input: a chart. Two inputs: maps. More: choose one or two with --inputs or --subspace.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PlotArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// The centre: numbers such as "0.5,-0.5", or an .npy file with one point.
    #[arg(long, value_name = "X0", allow_hyphen_values = true)]
    pub at: String,

    /// How far to draw on both sides of the centre.
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub range: f64,

    /// Order of the polynomials, 1 to 30.
    #[arg(long, value_name = "N")]
    pub order: usize,

    /// Which polynomials [default: both, or only the exact one where the published rule has no answer].
    #[arg(long, value_enum)]
    pub method: Option<PlotMethod>,

    /// Which output to draw; needed if there are several.
    #[arg(long, value_name = "K")]
    pub output: Option<usize>,

    /// One or two inputs to draw along; the others stay at the centre.
    #[arg(long, value_name = "I,J", value_delimiter = ',', conflicts_with = "subspace")]
    pub inputs: Vec<usize>,

    /// One or two directions to draw along: an .npy file of shape [1, p] or [2, p].
    #[arg(long, value_name = "S.npy")]
    pub subspace: Option<PathBuf>,

    #[command(flatten)]
    pub network: NetworkArgs,

    /// The picture, .svg or .png; may be given several times [default: MODEL.plot.svg and MODEL.plot.png].
    #[arg(long, value_name = "FILE")]
    pub out: Vec<PathBuf>,

    /// Print nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,
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

/// What to draw along: one or two directions.
pub struct Slice {
    /// `[d, inputs]`.
    basis: Vec<f64>,
    /// The inputs that the directions are, if they are inputs.
    inputs: Vec<usize>,
    /// Name of each coordinate, and its value at the centre.
    pub axes: Vec<(String, f64)>,
}

/// A polynomial to draw.
pub struct Curve {
    pub name: String,
    pub values: Vec<f64>,
    pub r_squared: Option<f64>,
}

/// Everything of a picture.
pub struct Data<'a> {
    pub args: &'a PlotArgs,
    pub slice: Slice,
    /// The network, at the points of a line or at the cells of a map, the first coordinate running fastest.
    pub network: Vec<f64>,
    pub curves: Vec<Curve>,
    /// The network at the centre.
    pub centre: f64,
}

/// Runs the command.
pub fn run(args: &PlotArgs) -> Result<(), Failure> {
    let targets = if args.out.is_empty() {
        ["plot.svg", "plot.png"].map(|ending| files::beside_model(&args.model, ending)).into()
    } else {
        args.out.clone()
    };
    let (data, mut begun) = prepare(args, &targets).map_err(Failure::Input)?;
    let write = || {
        files::draw(&mut begun, &figure(&data)?, &targets)?;
        begun.commit()
    };
    write().map_err(Failure::Run)?;
    if args.quiet {
        return Ok(());
    }
    let mut lines = String::new();
    for curve in &data.curves {
        lines.push_str(&format!("{:<28} R² = {}\n", curve.name, r2(curve.r_squared)));
    }
    lines.push_str(&format!("written to {}\n", files::names(&targets)));
    text::print(lines).map_err(Failure::Run)
}

/// Reads, checks and computes.
fn prepare<'a>(args: &'a PlotArgs, targets: &[PathBuf]) -> Result<(Data<'a>, files::Files)> {
    files::check_pictures(targets)?;
    if !(args.range.is_finite() && args.range > 0.0) {
        bail!("--range {}: the range has to be a positive number", args.range);
    }
    let model = load::model(&args.model, &args.network)?;
    let point = input::points(&args.at, &model)?;
    if point.len() != model.inputs() {
        bail!("--at {}: {} points were given, one is drawn", args.at, point.len() / model.inputs());
    }
    let output = input::output(args.output, &model)?;
    let slice = Slice::new(args, &model, &point)?;
    let inputs = [Some(args.model.as_path()), args.subspace.as_deref()];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().chain([Path::new(&args.at)]).collect();
    let begun = files::Files::begin(targets.iter().map(PathBuf::as_path), &inputs)?;

    let named = |error: hope::Error| load::in_model(&args.model, &error);
    let steps = slice.steps(args.range);
    let points: Vec<f64> = steps.iter().flat_map(|t| slice.point(&point, t)).collect();
    let network = values(&model, &points, Some(&[output])).map_err(named)?;
    let centre = values(&model, &point, Some(&[output])).map_err(named)?[0];

    let wanted: &[Method] = match args.method {
        Some(PlotMethod::Exact) => &[Method::Exact],
        Some(PlotMethod::Hope) => &[Method::Hope],
        Some(PlotMethod::Both) | None => &[Method::Exact, Method::Hope],
    };
    let mut curves = Vec::new();
    for &method in wanted {
        let name = match method {
            Method::Exact => format!("Taylor, order {}", args.order),
            Method::Hope => format!("published rule, order {}", args.order),
        };
        let request =
            Request { outputs: Some(vec![output]), method, ..Request::new(point.clone(), args.order) };
        let polynomial = match polynomial(&model, request, &slice, centre) {
            Err(error) if method == Method::Hope && args.method.is_none() => {
                text::complain(&format!("note: drawn without the published rule: {}\n", named(error)));
                continue;
            }
            polynomial => polynomial.map_err(named)?,
        };
        let values = polynomial.evaluate_batch(&steps.concat()).map_err(|error| {
            anyhow!("--range {}: the polynomial of order {} overflows there: {error}", args.range, args.order)
        })?;
        let r_squared = r_squared(&values, &network);
        curves.push(Curve { name, values, r_squared });
    }
    Ok((Data { args, slice, network, curves, centre }, begun))
}

/// The polynomial in the coordinates of the slice.
fn polynomial(
    model: &Model,
    mut request: Request,
    slice: &Slice,
    centre: f64,
) -> hope::Result<TaylorPolynomial> {
    // Along one input there is nothing to mix; the rule then needs no linear layer at the beginning.
    if let ([input], Method::Hope) = (&slice.inputs[..], request.method) {
        let c = expand(model, &request)?.coefficients;
        let powers = c.into_iter().skip(*input).step_by(model.inputs());
        let coefficients: Vec<f64> = std::iter::once(centre).chain(powers).collect();
        let exponents: Vec<u8> = (0..=request.order as u8).collect();
        return TaylorPolynomial::from_exponents(&[0.0], &exponents, &coefficients);
    }
    request.terms = Terms::Mixed(Some(slice.basis.clone()));
    let expansion = expand(model, &request)?;
    TaylorPolynomial::from_expansion(&expansion, &request, 0, 0)
}

impl Slice {
    fn new(args: &PlotArgs, model: &Model, point: &[f64]) -> Result<Self> {
        let inputs = model.inputs();
        if let Some(path) = &args.subspace {
            let basis = input::subspace(path, model)?;
            let axes = match basis.len() / inputs {
                1 => vec![("t".to_string(), 0.0)],
                2 => vec![("t₁".to_string(), 0.0), ("t₂".to_string(), 0.0)],
                n => bail!("{}: {n} directions; one or two can be drawn", path.display()),
            };
            return Ok(Self { basis, inputs: Vec::new(), axes });
        }
        let chosen: Vec<usize> = match (&args.inputs[..], inputs) {
            ([], 1 | 2) => (0..inputs).collect(),
            ([], _) => bail!(
                "the model has {inputs} inputs, a picture has room for one or two: choose them with --inputs 0,1, or \
                 directions with --subspace"
            ),
            (chosen, _) => chosen.to_vec(),
        };
        if chosen.len() > 2 || chosen.first() == chosen.get(1) {
            bail!("--inputs: choose one input, or two different ones");
        }
        if let Some(i) = chosen.iter().find(|&&i| i >= inputs) {
            bail!("--inputs {i}: the model has inputs 0 to {}", inputs - 1);
        }
        let mut basis = vec![0.0; chosen.len() * inputs];
        for (row, &i) in chosen.iter().enumerate() {
            basis[row * inputs + i] = 1.0;
        }
        let name = |i: usize| if inputs == 1 { "x".to_string() } else { format!("input {i}") };
        let axes = chosen.iter().map(|&i| (name(i), point[i])).collect();
        Ok(Self { basis, inputs: chosen, axes })
    }

    /// Distances from the centre: along a line with both ends, or the cells' centres of a map, row by row.
    pub fn steps(&self, range: f64) -> Vec<Vec<f64>> {
        if self.axes.len() == 1 {
            return (0..LINE).map(|i| vec![range * (2.0 * i as f64 / (LINE - 1) as f64 - 1.0)]).collect();
        }
        let centre = |i: usize| range * ((2 * i + 1) as f64 / SIDE as f64 - 1.0);
        (0..SIDE * SIDE).map(|i| vec![centre(i % SIDE), centre(i / SIDE)]).collect()
    }

    fn point(&self, centre: &[f64], t: &[f64]) -> Vec<f64> {
        let mut point = centre.to_vec();
        for (row, t) in self.basis.chunks_exact(centre.len()).zip(t) {
            point.iter_mut().zip(row).for_each(|(x, s)| *x += t * s);
        }
        point
    }

    /// The axis of a coordinate.
    pub fn axis(&self, i: usize, range: f64) -> Axis {
        let (name, at) = &self.axes[i];
        Axis::new(name.clone()).range(at - range, at + range)
    }
}
