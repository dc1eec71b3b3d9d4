//! `hope expand`: from options to a result.

mod record;
mod sink;
mod summary;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use hope::model::Model;
use hope::{Error, Job, Report, Request, Terms, memory};

use crate::cli::args::{ExpandArgs, NumberType, Outputs, TermsArg};
use crate::cli::device::check_deviation;
use crate::cli::output::Target;
use crate::cli::progress::Reporter;
use crate::cli::smooth::Original;
use crate::cli::temporary::folder;
use crate::cli::{Failure, input, load, text};
use sink::NpzSink;

/// Everything that a run needs, read and checked.
pub struct Setup {
    pub model: Model,
    /// What the model stands in for.
    pub original: Option<Original>,
    pub model_path: PathBuf,
    pub sha256: String,
    pub request: Request,
    pub dtype: NumberType,
    pub target: Target,
    pub threads: usize,
}

/// Seconds that each part took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    pub load: f64,
    pub plan: f64,
    pub compute: f64,
    pub write: f64,
}

/// Runs the command.
pub fn run(args: &ExpandArgs) -> Result<(), Failure> {
    let mut timings = Timings::default();
    let mut clock = Clock::new();

    let setup = Setup::new(args).map_err(Failure::Input)?;
    timings.load = clock.lap();

    let job = Job::new(&setup.model, &setup.request)
        .map_err(|error| Failure::Input(load::in_model(&setup.model_path, &error)))?;
    timings.plan = clock.lap();
    if args.verbose {
        text::complain(&plan_text(&job));
    }

    let mut files = setup.target.begin().map_err(Failure::Input)?;
    let cannot_write = |error| Failure::Run(cannot_write(&setup.target, &error));
    let archive = files.archive().map_err(Failure::Run)?;
    let mut sink = NpzSink::new(archive, folder(&setup.target.npz), setup.dtype, &job, &setup.request)
        .map_err(cannot_write)?;
    timings.write = clock.lap();
    let report = compute(&setup, &job, &mut sink, args.quiet).map_err(Failure::Run)?;
    timings.compute = clock.lap() - sink.seconds();
    timings.write += sink.seconds();
    let deviation = report.verification.map(|v| v.deviation);
    check_deviation(&setup.request.device, setup.request.method, deviation).map_err(Failure::Run)?;
    let bytes = sink.finish(&job, &setup.request).map_err(cannot_write)?;
    timings.write += clock.lap();
    let difference = match &setup.original {
        None => None,
        Some(original) => {
            let measured = original.measure(&setup.model, &setup.request, args.radius.unwrap_or(1.0));
            let failed = |error| {
                let error = load::in_model(&setup.model_path, &error);
                Failure::Run(anyhow!(
                    "comparing the smooth stand-in with the network: {error}; nothing was written"
                ))
            };
            Some(measured.map_err(failed)?)
        }
    };
    let record = record::record(&setup, &job, &report, &timings, difference.as_ref());
    files.finish(&setup.target, &record).map_err(Failure::Run)?;

    if args.quiet {
        return Ok(());
    }
    text::print(summary::summary(&setup, &job, &report, &timings, bytes, difference.as_ref()))
        .map_err(Failure::Run)
}

impl Setup {
    fn new(args: &ExpandArgs) -> Result<Self> {
        let kind = terms_kind(args)?;
        let target = Target::new(args.out.as_deref(), &args.model)?;
        let model = load::model(&args.model, &args.network)?;
        let (model, original) = args.smooth.apply(&args.model, model)?;
        let points = input::points(&args.at, &model)?;
        let mut request = Request::new(points, args.order);
        request.terms = terms(args, kind, &model, request.points.len() / model.inputs())?;
        request.method = args.method.into();
        request.outputs = match &args.outputs {
            Outputs::All => None,
            Outputs::Some(outputs) => Some(outputs.clone()),
        };
        let verify = args.verify.map(|rays| rays as usize);
        args.place.apply(&mut request, args.order, verify)?;
        request.profile = args.verbose;
        Ok(Self {
            model,
            original,
            model_path: args.model.clone(),
            sha256: load::sha256(&args.model)?,
            request,
            dtype: args.dtype,
            target,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// The model's file, without its folders.
    pub fn model_name(&self) -> String {
        self.model_path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Which terms the options mean, and whether they agree.
fn terms_kind(args: &ExpandArgs) -> Result<TermsArg> {
    let (directions, subspace) = (args.directions.is_some(), args.subspace.is_some());
    let terms = args.terms.unwrap_or(match (directions, subspace) {
        (true, _) => TermsArg::Along,
        (_, true) => TermsArg::Mixed,
        _ => TermsArg::Unmixed,
    });
    match terms {
        TermsArg::Along if !directions => bail!("--terms along needs --directions D.npy"),
        TermsArg::Unmixed | TermsArg::Mixed if directions => {
            bail!("--directions goes with --terms along only; for mixed terms of a subspace use --subspace")
        }
        TermsArg::Unmixed | TermsArg::Along if subspace => bail!("--subspace goes with --terms mixed only"),
        _ => Ok(terms),
    }
}

fn terms(args: &ExpandArgs, kind: TermsArg, model: &Model, points: usize) -> Result<Terms> {
    Ok(match (kind, &args.directions, &args.subspace) {
        (TermsArg::Unmixed, ..) => Terms::Unmixed,
        (TermsArg::Along, Some(path), _) => Terms::Along(input::directions(path, model, points)?),
        (TermsArg::Along, None, _) => bail!("--terms along needs --directions D.npy"),
        (TermsArg::Mixed, _, Some(path)) => Terms::Mixed(Some(input::subspace(path, model)?)),
        (TermsArg::Mixed, _, None) => Terms::Mixed(None),
    })
}

fn compute(setup: &Setup, job: &Job, sink: &mut NpzSink, quiet: bool) -> Result<Report> {
    let title = format!(
        "expanding {} at {} to order {}",
        setup.model_name(),
        text::count(job.points(), "point"),
        setup.request.order
    );
    let reporter = Reporter::new(&title, quiet);
    let report = job.run(sink, &|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    report.map_err(|error| match error {
        Error::Sink(error) => cannot_write(&setup.target, &error),
        error => anyhow!("{}; nothing was written", load::in_model(&setup.model_path, &error)),
    })
}

fn cannot_write(target: &Target, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot write {}: {error}; nothing was written", target.npz.display())
}

fn plan_text(job: &Job) -> String {
    format!(
        "{}\nabout {} in all, at most {} of memory, coefficients of shape {:?}\n",
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
