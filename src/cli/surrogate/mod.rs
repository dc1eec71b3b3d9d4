//! `hope surrogate`: a Taylor polynomial in place of the network, its errors and its speed.

mod args;
mod errors;
mod report;
mod timing;

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use hope::certify::{Options, bounded};
use hope::model::Model;
use hope::polynomial::files::FileKind;
use hope::surrogate::Principal;
use hope::{TaylorPolynomial, Terms};

pub use args::SurrogateArgs;

use super::failure::Failure;
use super::files::Files;
use super::input;
use super::setup::Setup;
use super::verbosity::Verbosity;
use report::{Done, record, summary};

/// Runs the command.
pub fn run(args: &SurrogateArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let kind = args.out.as_deref().map(|out| FileKind::of(out).map(|kind| (out, kind))).transpose();
    let kind = kind.map_err(|error| Failure::Input(anyhow!("--out {error}")))?;
    let (setup, output, principal) = setup(args).map_err(Failure::Input)?;
    let job = setup.job().map_err(Failure::Input)?;
    let targets = [args.out.as_deref(), args.json.as_deref()].into_iter().flatten();
    let mut files = Files::begin(targets, &args.files()).map_err(Failure::Input)?;

    let failed = |error: hope::Error| setup.failed(&error);
    setup.tell(verbosity);
    let expansion = setup.expand(&job, verbosity)?;
    let polynomial = TaylorPolynomial::from_expansion(&expansion, &setup.request, 0, 0).map_err(failed)?;
    verbosity.note("measuring errors");
    let measured = errors::measure(args, &setup, output, &polynomial).map_err(failed)?;
    let radius = measured.accuracy.radius;
    let polynomial = if args.rigorous {
        verbosity.note("proving a bound");
        let request = &setup.request;
        let options = Options {
            order: args.order,
            outputs: None,
            threads: request.threads,
            memory: request.memory,
            watch: None,
        };
        // Of the network itself, also where the polynomial is that of a smooth stand-in.
        bounded(setup.network(), polynomial, output, radius, &options).map_err(failed)?
    } else {
        polynomial
    };
    verbosity.note("measuring times");
    let times = timing::measure(setup.network(), &polynomial, radius, &args.batches.0, &setup.request);
    let times = times.map_err(failed)?;
    let difference = setup.difference(radius)?;

    let (setup, expansion, polynomial) = (&setup, &expansion, &polynomial);
    let done = Done { args, setup, output, principal, expansion, polynomial, measured, difference, times };
    write(&mut files, &done, kind).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    verbosity.print(summary(&done)).map_err(Failure::Run)
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

/// What to compute, the output, and the principal directions of data if it goes along them.
fn setup(args: &SurrogateArgs) -> Result<(Setup, usize, Option<Principal>)> {
    let mut setup = Setup::new(&args.network, args.point.given(), args.order, args.place.memory)?;
    let output = setup.output(args.output)?;
    setup.smooth(&args.smooth)?;
    setup.at(args.point.read(&setup.model)?);
    let (basis, principal) = match (&args.subspace, &args.principal) {
        (Some(path), _) => (Some(subspace(path, &setup.model)?), None),
        (None, Some(path)) => {
            let principal = principal(path, args.dimensions.unwrap_or(1).into(), &setup.model)?;
            (Some(principal.directions.clone()), Some(principal))
        }
        (None, None) => (None, None),
    };
    setup.request.terms = Terms::Mixed(basis.map(Into::into));
    setup.place(&args.place, args.order, None)?;
    Ok((setup, output, principal))
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
