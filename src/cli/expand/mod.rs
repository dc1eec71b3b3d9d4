//! `hope expand`: from options to a result.

mod args;
mod operator;
mod shards;
mod summary;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use hope::model::Model;
use hope::results::{ArchiveFormat, ArchiveSink, Encoding, ModelFile, Record, Target, arrays};
use hope::temporary::folder;
use hope::{Error, Job, Operator, Report, Samples, Terms, memory};

pub use args::ExpandArgs;

use super::estimate::Estimate;
use super::failure::Failure;
use super::files::{Files, beside_model};
use super::points::given;
use super::progress::Reporter;
use super::setup::Setup;
use super::terms::{TermsArg, meant};
use super::values::{NumberType, Outputs};
use super::verbosity::Verbosity;
use super::{input, text};
use summary::{Outcome, summary};

/// Runs the command.
pub fn run(args: &ExpandArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let mut clock = Clock::new();
    let target = target(args).map_err(Failure::Input)?;
    let setup = setup(args, verbosity).map_err(Failure::Input)?;
    let source = ModelFile::read(&setup.path).map_err(|error| Failure::Input(error.into()))?;
    let load = clock.lap();
    if let Some(folder) = &args.shards {
        return shards::run(args, setup, &source, folder, verbosity);
    }
    if args.dry_run {
        let job = setup.job().map_err(Failure::Input)?;
        verbosity.detail(&plan_text(&job));
        return text::print(dry_run(&setup, &target, &job, args)).map_err(Failure::Run);
    }
    setup.tell(verbosity);
    let summary = result(args, &setup, &source, &target, load, verbosity)?;
    verbosity.print(summary).map_err(Failure::Run)
}

/// Computes and writes one result; returns what it came to, for people.
fn result(
    args: &ExpandArgs,
    setup: &Setup,
    source: &ModelFile,
    target: &Target,
    load: f64,
    verbosity: Verbosity,
) -> Result<String, Failure> {
    let mut clock = Clock::new();
    let job = setup.job().map_err(Failure::Input)?;
    let plan = clock.lap();
    verbosity.detail(&plan_text(&job));

    let of_operator = operator(args, 1).map_err(Failure::Input)?.map(|(_, files)| files).unwrap_or_default();
    let inputs = given([&args.directions, &args.subspace]).chain([setup.path.as_path()]);
    let inputs = inputs.chain(of_operator.iter().map(PathBuf::as_path));
    let inputs: Vec<_> = inputs.chain(args.points.files()).collect();
    let arrays = arrays(&job);
    let mut files = Files::result(target, &arrays, &inputs).map_err(Failure::Input)?;
    let cannot_write = |error| Failure::Run(cannot_write(target, &error));
    let encoding = Encoding { dtype: args.dtype.into(), compress: args.compress };
    let archive = files.archive(target, &arrays, encoding).map_err(Failure::Run)?;
    let mut sink = ArchiveSink::new(archive, folder(&target.archive), &job).map_err(cannot_write)?;
    let mut write = clock.lap();
    let report = compute(setup, target, &job, &mut sink, verbosity)?;
    let compute = clock.lap() - sink.seconds();
    write += sink.seconds();
    setup.check(&report)?;
    let bytes = sink.finish().map_err(cannot_write)?;
    write += clock.lap();

    let smooth = setup.difference(args.radius.unwrap_or(1.0))?;
    let seconds = hope::results::Seconds { load, plan, compute, write };
    let record = Record {
        model: Some(source),
        smooth: smooth.as_ref(),
        dtype: args.dtype.into(),
        seconds,
        ..Record::new(&job, &report)
    };
    files.write(&target.json, record.to_json().as_bytes()).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    Ok(summary(&Outcome { setup, target, record, bytes }))
}

fn target(args: &ExpandArgs) -> Result<Target> {
    let npz = args.out.clone().unwrap_or_else(|| beside_model(&args.network.model, "expansion.npz"));
    let target = Target::new(&npz)?;
    let format = if args.shards.is_some() { args.shard_format.into() } else { target.format };
    if args.compress && format != ArchiveFormat::Npz {
        bail!("--compress goes with .npz only: the other formats are for memory mapping");
    }
    Ok(target)
}

fn setup(args: &ExpandArgs, verbosity: Verbosity) -> Result<Setup> {
    let kind = meant(args.terms, args.directions.as_deref(), args.subspace.as_deref())?;
    let order = match operator(args, 1)? {
        Some((operator, _)) => args.order.unwrap_or(operator.order()),
        None => order(args.order, kind, args.directions.is_some())?,
    };
    let mut setup = Setup::new(&args.network, args.points.given(), order, args.place.memory)?;
    setup.smooth(&args.smooth)?;
    setup.at(args.points.read(&setup.model)?);
    setup.request.terms = match operator(args, setup.model.inputs())? {
        Some((operator, _)) => Terms::Operator(operator),
        None => terms(args, kind, &setup.model, setup.points())?,
    };
    setup.request.method = args.method.into();
    setup.outputs(&args.outputs)?;
    setup.place(&args.place, order, args.verify.map(|rays| rays as usize))?;
    setup.request.profile = verbosity.verbose;
    Ok(setup)
}

/// The operator that is asked for, of a network with so many inputs, and its files.
fn operator(args: &ExpandArgs, inputs: usize) -> Result<Option<(Operator, Vec<PathBuf>)>> {
    let Some(arg) = &args.operator else { return Ok(None) };
    let chosen: Vec<usize> = match &args.inputs {
        Some(Outputs::Some(chosen)) => chosen.clone(),
        Some(Outputs::All) | None => (0..inputs).collect(),
    };
    let samples = args.samples.map(|count| Samples { count: count as usize, seed: args.seed });
    operator::read(arg, chosen.into_iter(), args.inputs.is_some(), samples).map(Some)
}

/// The order: that of second derivatives, or of a gradient without rays, goes without saying.
fn order(given: Option<usize>, kind: Option<TermsArg>, directions: bool) -> Result<usize> {
    match (given, kind) {
        (Some(order), _) => Ok(order),
        (None, Some(TermsArg::Hessian)) => Ok(2),
        (None, Some(TermsArg::Gradient)) if !directions => Ok(1),
        (None, _) => bail!("--order N is missing: the highest order, 1 to {}", hope::series::MAX_ORDER),
    }
}

fn terms(args: &ExpandArgs, kind: Option<TermsArg>, model: &Model, points: usize) -> Result<Terms> {
    if args.inputs.is_some() && kind != Some(TermsArg::Hessian) {
        bail!("--inputs goes with --terms hessian and --operator only: other terms are those of all inputs");
    }
    Ok(match (kind, &args.directions, &args.subspace) {
        (Some(TermsArg::Gradient), Some(path), _) => {
            Terms::Gradient(Some(input::directions(path, model, points)?))
        }
        (Some(TermsArg::Gradient), None, _) => Terms::Gradient(None),
        (Some(TermsArg::Hessian), ..) => Terms::Hessian(match &args.inputs {
            Some(Outputs::Some(rows)) => Some(rows.clone()),
            Some(Outputs::All) | None => None,
        }),
        (None | Some(TermsArg::Unmixed), ..) => Terms::Unmixed,
        (Some(TermsArg::Along), Some(path), _) => Terms::Along(input::directions(path, model, points)?),
        (Some(TermsArg::Along), None, _) => bail!("--terms along needs --directions D.npy"),
        (Some(TermsArg::Mixed), _, Some(path)) => Terms::subspace(&input::subspace(path, model)?),
        (Some(TermsArg::Mixed), _, None) => Terms::Mixed(None),
    })
}

fn compute(
    setup: &Setup,
    target: &Target,
    job: &Job,
    sink: &mut ArchiveSink,
    verbosity: Verbosity,
) -> Result<Report, Failure> {
    let points = text::count(job.points(), "point");
    let estimate = Estimate::of(job).announcement();
    let title = format!("expanding {} at {points} to order {}{estimate}", setup.name(), setup.request.order);
    let reporter = Reporter::new(&title, verbosity);
    let report = job.run(sink, &|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    report.map_err(|error| match error {
        Error::Sink(error) => Failure::Run(cannot_write(target, &error)),
        error => setup.failed(&error),
    })
}

fn cannot_write(target: &Target, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot write {}: {error}; nothing was written", target.archive.display())
}

/// What a run would take and write.
fn dry_run(setup: &Setup, target: &Target, job: &Job, args: &ExpandArgs) -> String {
    let bytes = match args.dtype {
        NumberType::F64 => 8,
        NumberType::F32 => 4,
    };
    let numbers = job.shape().iter().fold(1u64, |n, &size| n.saturating_mul(size as u64));
    let size = memory::human(numbers.saturating_mul(bytes));
    let certificate = job.certificate();
    let exact = match (certificate.exact, &setup.original) {
        (true, None) => "yes",
        (true, Some(_)) => "of a smooth stand-in",
        (false, _) => "NO",
    };
    let (label, header) = setup.header();
    text::lines(&[
        (label, header),
        ("exact", format!("{exact}: {}", certificate.reason)),
        ("will take", Estimate::of(job).text()),
        (
            "result",
            format!(
                "{} of shape {}, {size}, in {}",
                setup.request.terms.name(),
                text::shape(&job.shape()),
                target.archive.display()
            ),
        ),
        ("dry run", "nothing was computed, nothing was written".into()),
    ])
}

fn plan_text(job: &Job) -> String {
    format!(
        "{}\nabout {} in all, at most {} of memory, coefficients of shape {:?}",
        job.plan(),
        text::flops(job.flops()),
        memory::human(job.bytes()),
        job.shape(),
    )
}

/// Measures parts of a run.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = (now - self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}
