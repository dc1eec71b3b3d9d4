//! `hope interactions`: which pairs of inputs act together.

mod args;
mod report;
mod task;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use hope::Error;
use hope::attribution::{interactions, interactions_of, strongest};

pub use args::InteractionsArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending, check_pictures, names};
use super::verbosity::Verbosity;
use task::Task;

/// Runs the command.
pub fn run(args: &InteractionsArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let csv = args.out.clone().unwrap_or_else(|| beside_model(&args.network.model, "interactions.csv"));
    let task = check_names(args, &csv).and_then(|()| Task::new(args)).map_err(Failure::Input)?;
    let all: Vec<PathBuf> = std::iter::once(&csv).chain(&args.map).cloned().collect();
    let mut files = Files::begin(all.iter().map(PathBuf::as_path), &args.files()).map_err(Failure::Input)?;

    // What doesn't fit is bad input; what goes wrong while computing is not.
    let setup = &task.setup;
    let failed = |error: Error| {
        let input = error.is_request() || matches!(error, Error::Method { .. } | Error::Memory { .. });
        let error = setup.explain(&error);
        if input { Failure::Input(error) } else { Failure::Run(error) }
    };
    let (model, request, class) = (&setup.model, &setup.request, task.class);
    let point = &request.points;
    let found = match (&task.patches, args.strongest) {
        (Some(patches), _) => interactions_of(model, point, class, patches, request),
        (None, None) => interactions(model, point, class, &task.inputs, request),
        (None, Some(count)) => strongest(model, point, class, count, args.delta, request)
            .and_then(|chosen| interactions(model, point, class, &chosen, request)),
    };
    let found = found.map_err(failed)?;
    setup.check(&found.report)?;
    let difference = setup.difference(args.delta.abs())?;
    setup.tell(verbosity);

    let write = || {
        files.write(&csv, report::table(&task, &found).as_bytes())?;
        if !args.map.is_empty() {
            files.draw(&report::figure(&task, &found)?, args.map.iter().map(PathBuf::as_path))?;
        }
        files.commit()
    };
    write().map_err(Failure::Run)?;
    let verdict = setup.verdict(&found.report, difference.as_ref());
    let mut out = report::ranking(&task, &found, &verdict);
    let _ = writeln!(out, "written to {}", names(&all));
    verbosity.print(out).map_err(Failure::Run)
}

fn check_names(args: &InteractionsArgs, csv: &Path) -> Result<()> {
    check_pictures(&args.map)?;
    check_ending("--out", csv, "csv")
}
