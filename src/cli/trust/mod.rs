//! `hope trust`: how far a polynomial can be trusted, estimated along rays and checked against the network.

mod archive;
mod args;
mod report;
mod tolerance;

use std::ops::ControlFlow;

use anyhow::{Result, bail};

use hope::results::Target;
use hope::trust::{Question, assess, proved};

pub use args::TrustArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending};
use super::progress::Reporter;
use super::rays::AlongRays;
use super::setup::Setup;
use super::targets::Companion;
use super::text::count;
use super::verbosity::Verbosity;
use report::{Found, median, record, summary};
use tolerance::Tolerance;

/// Runs the command.
pub fn run(args: &TrustArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let target = target(args).map_err(Failure::Input)?;
    let run = AlongRays::new(&args.rays, args.order, None).map_err(Failure::Input)?;
    let setup = &run.setup;

    // What can be known before is found before anything is printed.
    Companion::Record.check(&target.json, &target.archive).map_err(Failure::Input)?;
    let mut files =
        Files::begin([target.archive.as_path(), &target.json], &args.rays.files()).map_err(Failure::Input)?;
    check(setup).map_err(Failure::Input)?;
    let tolerance = Tolerance::new(args.tolerance, setup).map_err(|error| setup.failed(&error))?;
    setup.tell(verbosity);
    let title = format!("expanding at {} to order {}", count(setup.points(), "point"), args.order + 2);
    let reporter = Reporter::new(&title, verbosity);
    let question = Question { tolerance: tolerance.absolute, radius: args.radius, checks: args.checks };
    let trust = assess(&setup.model, &setup.request, &question, &|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    let trust = trust.map_err(|error| setup.failed(&error))?;
    setup.check(&trust.report)?;
    let proved = args.rigorous.then(|| {
        verbosity.note("proving how far they hold");
        proved(&setup.model, &setup.request, &trust, tolerance.absolute)
    });
    let proved = proved.transpose().map_err(|error| setup.failed(&error))?;
    let typical = median(&trust.radius).filter(|r| *r > 0.0 && r.is_finite()).unwrap_or(1.0);
    let difference = setup.difference(args.radius.unwrap_or(typical))?;

    let proved = proved.as_deref();
    let difference = difference.as_ref();
    let found = Found { run: &run, args, tolerance, trust: &trust, proved, difference, target: &target };
    let archive = |file| archive::write(file, setup, &trust, proved);
    files.write_with(&target.archive, archive).map_err(Failure::Run)?;
    files.write(&target.json, record(&found).as_bytes()).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    verbosity.print(summary(&found)).map_err(Failure::Run)
}

fn target(args: &TrustArgs) -> Result<Target> {
    let npz = args.out.clone().unwrap_or_else(|| beside_model(&args.rays.network.model, "trust.npz"));
    check_ending("--out", &npz, "npz")?;
    Ok(Target::new(&npz)?)
}

/// Plans the expansion, which checks request and memory.
fn check(setup: &Setup) -> Result<()> {
    let highest = hope::series::MAX_ORDER - hope::trust::MORE_ORDERS;
    let order = setup.request.order;
    if !(1..=highest).contains(&order) {
        bail!(
            "order {order} is not supported here: choose 1 to {highest}, as the error is estimated from the next two orders"
        );
    }
    let longer = hope::Request { order: order + hope::trust::MORE_ORDERS, ..setup.request.clone() };
    hope::Job::new(&setup.model, &longer).map(drop).map_err(|error| setup.explain(&error))
}
