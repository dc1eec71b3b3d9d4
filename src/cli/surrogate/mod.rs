//! `hope surrogate`: a Taylor polynomial in place of the network, its errors and its speed.

mod report;
mod timing;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::{ArgGroup, Args};

use hope::model::Model;
use hope::polynomial::files::FileKind;
use hope::rays::Directions;
use hope::surrogate::{Accuracy, Principal, Reach, Surrogate};
use hope::trust::{Question, assess};
use hope::{Expansion, Job, Request, TaylorPolynomial, Terms};

use crate::cli::device::{PlaceArgs, check_deviation};
use crate::cli::files::Files;
use crate::cli::load::NetworkArgs;
use crate::cli::progress::Reporter;
use crate::cli::rays::positive;
use crate::cli::smooth::{Original, SmoothArgs};
use crate::cli::{Failure, input, load, text};
use report::{record, summary};
use timing::Batches;

/// Rays on which the first guess of a radius rests.
const RAYS: usize = 24;

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
      hope surrogate examples/mnist/mnist_cnn_tanh.onnx --at digit.npy --output 7 --subspace s.npy --order 6 --radius 1

Errors are measured at fresh random points of the ball |x - x0| <= R, or |t| <= R in the coordinates of a subspace, x = x0 + S t:
half of them spread evenly over the ball (mean error), half on its sphere, where polynomials are worst (largest
error over all). They are measurements, not bounds.
Times are medians of repeated runs on this machine's CPU.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Put a Taylor polynomial in place of the network near a point: its measured errors, its reach, its speed.
///
/// Many inputs have too many mixed terms: go through a subspace of few directions, your own (--subspace), or the principal
/// directions of data (--principal).
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group(ArgGroup::new("extent").required(true).args(["radius", "tolerance"])))]
pub struct SurrogateArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// The point: numbers such as 0.5,-0.5, or an .npy file of the input's shape, or of several (see --point).
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, help_heading = "What to compute")]
    pub at: String,

    /// Which of several points in --at, from 0.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub point: Option<usize>,

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
    #[arg(long, value_name = "D", requires = "principal", value_parser = clap::value_parser!(u16).range(1..), help_heading = "What to compute")]
    pub dimensions: Option<u16>,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub output: Option<usize>,

    #[command(flatten)]
    pub network: NetworkArgs,

    #[command(flatten)]
    pub smooth: SmoothArgs,

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

    /// Print nothing but errors.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
}

/// Runs the command.
pub fn run(args: &SurrogateArgs) -> Result<(), Failure> {
    let kind = args.out.as_deref().map(|out| FileKind::of(out).map(|kind| (out, kind))).transpose();
    let kind = kind.map_err(|error| Failure::Input(anyhow!("--out {error}")))?;
    let setup = Setup::new(args).map_err(Failure::Input)?;
    let job = Job::new(&setup.model, &setup.request)
        .map_err(|error| Failure::Input(load::in_model(&args.model, &error)))?;
    let targets = [args.out.as_deref(), args.json.as_deref()].into_iter().flatten();
    let mut files = Files::begin(targets, &setup.inputs(args)).map_err(Failure::Input)?;

    let failed = |error: hope::Error| {
        Failure::Run(anyhow!("{}; nothing was written", load::in_model(&args.model, &error)))
    };
    let title = format!("expanding {} to order {}", setup.name(args), args.order);
    let reporter = Reporter::new(&title, args.quiet);
    let expansion = job.collect(&|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    let expansion = expansion.map_err(failed)?;
    let deviation = expansion.report.verification.map(|v| v.deviation);
    check_deviation(&setup.request.device, setup.request.method, deviation).map_err(Failure::Run)?;
    let polynomial = TaylorPolynomial::from_expansion(&expansion, &setup.request, 0, 0).map_err(failed)?;
    note(args, "measuring errors");
    let measured = measure(args, &setup, &polynomial).map_err(failed)?;
    note(args, "measuring times");
    let times = timing::measure(
        setup.network(),
        &polynomial,
        measured.accuracy.radius,
        &args.batches,
        &setup.request,
    );
    let times = times.map_err(failed)?;

    let done = Done { args, setup: &setup, expansion: &expansion, polynomial: &polynomial, measured, times };
    write(&mut files, &done, kind).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    if args.quiet { Ok(()) } else { text::print(summary(&done)).map_err(Failure::Run) }
}

fn note(args: &SurrogateArgs, what: &str) {
    if !args.quiet {
        text::complain(&format!("{what}\n"));
    }
}

fn write(files: &mut Files, done: &Done, kind: Option<(&Path, FileKind)>) -> Result<()> {
    if let Some((out, kind)) = kind {
        files.write_with(out, |file| done.polynomial.write(file, kind))?;
    }
    if let Some(json) = &done.args.json {
        files.write(json, record(done).as_bytes())?;
    }
    Ok(())
}

/// Everything that is known in the end.
pub struct Done<'a> {
    pub args: &'a SurrogateArgs,
    pub setup: &'a Setup,
    pub expansion: &'a Expansion,
    pub polynomial: &'a TaylorPolynomial,
    pub measured: Measured,
    pub times: timing::Contest,
}

/// What was measured of the errors.
pub struct Measured {
    pub accuracy: Accuracy,
    /// With a tolerance: how the radius was found, and the estimate that it began with.
    pub reach: Option<(Reach, Option<f64>)>,
}

fn measure(args: &SurrogateArgs, setup: &Setup, polynomial: &TaylorPolynomial) -> hope::Result<Measured> {
    let surrogate = Surrogate::new(polynomial, setup.network(), setup.output)?;
    let (samples, seed) = (args.samples as usize, args.seed);
    let Some(tolerance) = args.tolerance else {
        let accuracy = surrogate.accuracy(args.radius.unwrap_or(1.0), samples, seed)?;
        return Ok(Measured { accuracy, reach: None });
    };
    let estimate = estimate(setup, tolerance)?;
    let reach = surrogate.reach(tolerance, estimate.unwrap_or(1.0), samples, seed)?;
    Ok(Measured { accuracy: reach.accuracy, reach: Some((reach, estimate)) })
}

/// The trust radius: the smallest estimate along some directions of the variables; none where nothing limits it, the order
/// is too high for an estimate, or the point lies on a kink.
fn estimate(setup: &Setup, tolerance: f64) -> hope::Result<Option<f64>> {
    let (model, request) = (&setup.model, &setup.request);
    if request.order > hope::series::MAX_ORDER - hope::trust::MORE_ORDERS {
        return Ok(None);
    }
    let inputs = model.inputs();
    let basis = match &request.terms {
        Terms::Mixed(basis) => basis.as_deref(),
        _ => None,
    };
    let variables = basis.map_or(inputs, |rows| rows.len() / inputs);
    let random = Directions::random(variables, RAYS, 1);
    let mut rows = vec![0.0; RAYS * inputs];
    let mut t = vec![0.0; variables];
    for (ray, row) in rows.chunks_exact_mut(inputs).enumerate() {
        random.write(0, ray, &mut t);
        match basis {
            None => row.copy_from_slice(&t),
            Some(basis) => {
                for (t, direction) in t.iter().zip(basis.chunks_exact(inputs)) {
                    row.iter_mut().zip(direction).for_each(|(x, v)| *x += t * v);
                }
            }
        }
    }
    let request = Request { terms: Terms::Along(Directions::Shared { inputs, rows }), ..request.clone() };
    let question = Question { tolerance, radius: None, checks: 0 };
    let trust = assess(model, &request, &question, &|_| ControlFlow::Continue(()))?;
    let smallest = trust.radius.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((smallest > 0.0 && smallest.is_finite()).then_some(smallest))
}

/// What to compute, read and checked.
pub struct Setup {
    /// What is expanded: the network, or a smooth stand-in for it.
    pub model: Model,
    original: Option<Original>,
    pub request: Request,
    pub output: usize,
    pub principal: Option<Principal>,
}

impl Setup {
    fn new(args: &SurrogateArgs) -> Result<Self> {
        let network = load::model(&args.model, &args.network)?;
        let output = input::output(args.output, &network)?;
        let (model, original) = args.smooth.apply(&args.model, network)?;
        let point = one_point(args, &model)?;
        let (basis, principal) = match (&args.subspace, &args.principal) {
            (Some(path), _) => (Some(subspace(path, &model)?), None),
            (None, Some(path)) => {
                let principal = principal(path, args.dimensions.unwrap_or(1).into(), &model)?;
                (Some(principal.directions.clone()), Some(principal))
            }
            (None, None) => (None, None),
        };
        let mut request = Request::new(point, args.order);
        request.terms = Terms::Mixed(basis);
        request.outputs = Some(vec![output]);
        args.place.apply(&mut request, args.order, None)?;
        Ok(Self { model, original, request, output, principal })
    }

    /// The network that the polynomial is to stand for.
    pub fn network(&self) -> &Model {
        self.original.as_ref().map_or(&self.model, |original| &original.model)
    }

    /// How the stand-in is made, if there is one.
    pub fn smoothing(&self) -> Option<String> {
        self.original.as_ref().map(|original| original.rules.to_string())
    }

    /// The model's file, without its folders.
    pub fn name(&self, args: &SurrogateArgs) -> String {
        args.model.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Files that are read.
    fn inputs<'a>(&self, args: &'a SurrogateArgs) -> Vec<&'a Path> {
        let given = [Some(args.model.as_path()), args.subspace.as_deref(), args.principal.as_deref()];
        given.into_iter().flatten().chain([Path::new(&args.at)]).collect()
    }
}

fn one_point(args: &SurrogateArgs, model: &Model) -> Result<Vec<f64>> {
    let points = input::points(&args.at, model)?;
    let inputs = model.inputs();
    let count = points.len() / inputs;
    let point = match args.point {
        Some(point) if point < count => point,
        Some(point) => bail!("--point {point}: the points of --at are 0 to {}", count - 1),
        None if count == 1 => 0,
        None => bail!(
            "--at {}: a surrogate stands at one point: choose one of the {count} with --point 0 to --point {}",
            args.at,
            count - 1
        ),
    };
    Ok(points[point * inputs..][..inputs].to_vec())
}

fn subspace(path: &Path, model: &Model) -> Result<Vec<f64>> {
    let rows = input::subspace(path, model)?;
    match rows.chunks_exact(model.inputs()).position(|row| row.iter().all(|x| *x == 0.0)) {
        Some(k) => bail!("{}: direction {k} is zero: it leads nowhere", path.display()),
        None => Ok(rows),
    }
}

fn principal(path: &Path, dimensions: usize, model: &Model) -> Result<Principal> {
    let data = input::data(path, model)?;
    Principal::of(&data, model.inputs(), dimensions).map_err(|error| anyhow!("{}: {error}", path.display()))
}
