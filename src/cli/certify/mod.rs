//! `hope certify`: a polynomial and a bound that holds, proved.

mod archive;
mod args;
mod picture;
mod property;
mod regions;
mod report;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use hope::certify::{
    Domain, Enclosure, Options, Piece, Verdict, Watch, certify_all, largest, pieces, prove_class,
};
use hope::model::Model;
use hope::polynomial::files::FileKind;
use hope::results::{ModelFile, Target};
use hope::{Error, forward};

pub use args::CertifyArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending, check_pictures};
use super::progress::Reporter;
use super::targets::Companion;
use super::text::count;
use super::values::{Class, Outputs};
use super::verbosity::Verbosity;
use super::{input, model};
use regions::{Regions, regions};
use report::{Found, record, summary};

/// What was proved, a region at a time.
enum Proved {
    Polynomials(Vec<Option<Enclosure>>),
    Classes { classes: Vec<usize>, verdicts: Vec<Verdict> },
}

/// Runs the command.
pub fn run(args: &CertifyArgs, verbosity: Verbosity) -> Result<(), Failure> {
    if !args.property.is_empty() {
        return property::run(args, verbosity);
    }
    let (target, model, mut regions, source) = setup(args).map_err(Failure::Input)?;
    Companion::Record.check(&target.json, &target.archive).map_err(Failure::Input)?;
    let pictures = args.plot.iter().map(PathBuf::as_path);
    let targets = [target.archive.as_path(), &target.json].into_iter().chain(pictures.clone());
    let targets = targets.chain(args.polynomial.as_deref());
    let mut files = Files::begin(targets, &args.files()).map_err(Failure::Input)?;
    let title = format!("proving over {}", count(regions.domains.len(), "region"));
    let shown = Shown::default();
    let start = Instant::now();
    let proved = prove(args, &model, &mut regions, shown.watch(title, verbosity));
    shown.finish();
    let proved = proved.map_err(|error| failed(args, &error))?;
    let seconds = start.elapsed().as_secs_f64();

    let found = Found {
        args,
        model: &model,
        source: &source,
        regions: &regions,
        proved: &proved,
        seconds,
        target: &target,
    };
    files.write_with(&target.archive, |file| archive::write(file, &found)).map_err(Failure::Run)?;
    files.write(&target.json, record(&found).as_bytes()).map_err(Failure::Run)?;
    if let (Some(path), Proved::Polynomials(all)) = (&args.polynomial, &proved) {
        let first = all.iter().flatten().next();
        let polynomial = first.map(|found| found.taylor_polynomial(0)).transpose();
        let polynomial = polynomial.map_err(|error| failed(args, &error))?;
        if let (Some(polynomial), Ok(kind)) = (polynomial, FileKind::of(path)) {
            files.write_with(path, |file| polynomial.write(file, kind)).map_err(Failure::Run)?;
        }
    }
    if !args.plot.is_empty() {
        let figure = picture::figure(&found).map_err(|error| failed(args, &error))?;
        files.draw(&figure, pictures).map_err(Failure::Run)?;
    }
    files.commit().map_err(Failure::Run)?;
    verbosity.print(summary(&found)).map_err(Failure::Run)
}

/// What a proof tells of its progress, shown from the first of several pieces on: what is refused is so without a word before.
#[derive(Clone, Default)]
struct Shown(Arc<OnceLock<Reporter>>);

impl Shown {
    fn watch(&self, title: String, verbosity: Verbosity) -> Watch {
        let shown = self.clone();
        Watch::new(move |progress| {
            if progress.total > 1 {
                shown.0.get_or_init(|| Reporter::new(&title, verbosity)).update(progress);
            }
            ControlFlow::Continue(())
        })
    }

    fn finish(&self) {
        if let Some(reporter) = self.0.get() {
            reporter.finish();
        }
    }
}

/// Reads everything.
fn setup(args: &CertifyArgs) -> Result<(Target, Model, Regions, ModelFile)> {
    let npz = args.out.clone().unwrap_or_else(|| beside_model(&args.network.model, "certify.npz"));
    check_ending("--out", &npz, "npz")?;
    check_pictures(&args.plot)?;
    let target = Target::new(&npz)?;
    let model = args.network.load(input::shapes_of(&args.at), args.memory)?;
    let regions = regions(args, &model)?;
    if let Some(path) = &args.polynomial {
        FileKind::of(path).map_err(|error| anyhow!("--polynomial {error}"))?;
        let outputs = match &args.outputs {
            Outputs::All => model.outputs(),
            Outputs::Some(outputs) => outputs.len(),
        };
        if regions.domains.len() != 1 || outputs != 1 {
            bail!("--polynomial writes one polynomial: give one region, and one output (--outputs 0)");
        }
    }
    if !args.plot.is_empty() {
        picture::check(&regions)?;
    }
    Ok((target, model, regions, ModelFile::read(&args.network.model)?))
}

/// An error of the library: bad input if it comes of what was asked for.
fn failed(args: &CertifyArgs, error: &Error) -> Failure {
    let explained = model::in_model(&args.network.model, error);
    match error {
        Error::Memory { .. } => Failure::Input(explained),
        error if error.is_request() => Failure::Input(explained),
        _ => Failure::Run(anyhow!("{explained}; nothing was written")),
    }
}

/// Proves; a region that was cut into pieces becomes as many.
fn prove(args: &CertifyArgs, model: &Model, regions: &mut Regions, watch: Watch) -> hope::Result<Proved> {
    let outputs = match &args.outputs {
        Outputs::All => None,
        Outputs::Some(outputs) => Some(outputs.clone()),
    };
    let options = options(args, outputs, watch);
    if let Some(class) = args.prove_class {
        return classes(class, args.split.unwrap_or(1) as usize, model, regions, &options);
    }
    let found: Vec<Piece> = match (args.tolerance, args.split) {
        (Some(tolerance), _) => {
            let found = largest(model, &regions.domains, tolerance, &options)?;
            let none = |domain: &Domain| Error::Tolerance {
                tolerance,
                cause: format!(
                    "no part of {domain} is proved to be within {tolerance}: raise --tolerance or --order"
                ),
            };
            // What was proved is a part of the region, or its middle alone.
            let part = |(domain, found): (&Domain, Option<Enclosure>)| match found {
                Some(found) => Ok((found.domain.clone(), Ok(found))),
                None => Ok((domain.scaled(0.0)?, Err(none(domain)))),
            };
            regions.domains.iter().zip(found).map(part).collect::<hope::Result<_>>()?
        }
        (None, None) => {
            let found = certify_all(model, &regions.domains, &options)?;
            std::mem::take(&mut regions.domains).into_iter().zip(found).collect()
        }
        (None, Some(count)) => {
            let mut all = Vec::new();
            let (mut point, mut coordinates) = (Vec::new(), Vec::new());
            for (i, domain) in regions.domains.iter().enumerate() {
                let found = pieces(model, domain, count as usize, &options)?;
                point.resize(point.len() + found.len(), regions.point[i]);
                coordinates.resize(coordinates.len() + found.len(), regions.coordinates[i].clone());
                all.extend(found);
            }
            (regions.point, regions.coordinates) = (point, coordinates);
            all
        }
    };
    let (domains, mut found): (Vec<Domain>, Vec<hope::Result<Enclosure>>) = found.into_iter().unzip();
    regions.domains = domains;
    let wrong = |found: &hope::Result<Enclosure>| {
        !matches!(found, Ok(_) | Err(Error::Unproved { .. } | Error::Tolerance { .. }))
    };
    // Something else than a region that is too large; or no region is small enough.
    let none = found.iter().all(Result::is_err).then_some(0);
    if let Some(first) = found.iter().position(wrong).or(none).filter(|_| !found.is_empty()) {
        found.swap_remove(first)?;
    }
    Ok(Proved::Polynomials(found.into_iter().map(Result::ok).collect()))
}

fn options(args: &CertifyArgs, outputs: Option<Vec<usize>>, watch: Watch) -> Options {
    let threads = args.threads.map(usize::from);
    Options { order: args.order, outputs, threads, memory: args.memory, watch: Some(watch) }
}

/// Of each region whether its class is the largest output everywhere.
fn classes(
    class: Class,
    pieces: usize,
    model: &Model,
    regions: &Regions,
    options: &Options,
) -> hope::Result<Proved> {
    let values = forward::values(model, &regions.points, None)?;
    let predicted = |point: usize| {
        let scores = &values[point * model.outputs()..][..model.outputs()];
        let larger = |best: usize, i: usize| if scores[i] > scores[best] { i } else { best };
        (0..scores.len()).fold(0, larger)
    };
    let of = |&point: &usize| match class {
        Class::Number(class) => class,
        Class::Predicted => predicted(point),
    };
    let classes: Vec<usize> = regions.point.iter().map(of).collect();
    let mut verdicts = vec![Verdict::Proved; classes.len()];
    let mut distinct = classes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    // All regions of a class at once: they share what the network is prepared for.
    for class in distinct {
        let these: Vec<usize> = (0..classes.len()).filter(|&i| classes[i] == class).collect();
        let domains: Vec<Domain> = these.iter().map(|&i| regions.domains[i].clone()).collect();
        for (i, verdict) in these.into_iter().zip(prove_class(model, &domains, class, pieces, options)?) {
            verdicts[i] = verdict;
        }
    }
    Ok(Proved::Classes { classes, verdicts })
}
