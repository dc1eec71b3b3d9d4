//! `hope converge`: measured errors over orders and radii.

mod args;
mod chart;
mod report;

use std::path::PathBuf;

use anyhow::Result;

use hope::trust::Study;

pub use args::ConvergeArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending};
use super::rays::AlongRays;
use super::targets::Companion;
use super::verbosity::Verbosity;

/// Random rays of a study, unless the user gives other ones.
const RANDOM: usize = 16;

/// Runs the command.
pub fn run(args: &ConvergeArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let targets = targets(args).map_err(Failure::Input)?;
    let highest = args.orders.0.iter().copied().max().unwrap_or(1);
    let run = AlongRays::new(&args.rays, highest, Some(RANDOM)).map_err(Failure::Input)?;
    let setup = &run.setup;
    setup.job().map_err(Failure::Input)?;
    let [csv, json, pictures @ ..] = &targets;
    Companion::Record.check(json, csv).map_err(Failure::Input)?;
    pictures.iter().try_for_each(|path| Companion::Picture.check(path, csv)).map_err(Failure::Input)?;
    let mut files =
        Files::begin(targets.iter().map(PathBuf::as_path), &args.rays.files()).map_err(Failure::Input)?;
    setup.tell(verbosity);
    verbosity.note(&format!("expanding to order {} and sampling the network", highest + 2));
    let radii = args.radii.as_ref().map(|radii| &radii.0[..]);
    let study = Study::run(&setup.model, &setup.request, &args.orders.0, radii)
        .map_err(|error| setup.failed(&error))?;
    setup.check(&study.report)?;
    let difference = setup.difference(study.radii.last().copied().unwrap_or(1.0))?;

    let record = report::record(&run, &study, difference.as_ref());
    let title = format!("{}: error of the Taylor polynomials", setup.name());
    let figure = chart::chart(&study, &title).map_err(|error| setup.failed(&error))?;
    let write = || -> Result<()> {
        let [csv, json, svg, png] = &targets;
        files.write(csv, report::csv(&study).as_bytes())?;
        files.write(json, record.as_bytes())?;
        files.draw(&figure, [svg.as_path(), png])?;
        files.commit()
    };
    write().map_err(Failure::Run)?;
    verbosity.print(report::summary(&run, &study, difference.as_ref(), &targets)).map_err(Failure::Run)
}

/// The files of a study: table, record, and both forms of the chart.
fn targets(args: &ConvergeArgs) -> Result<[PathBuf; 4]> {
    let csv = args.out.clone().unwrap_or_else(|| beside_model(&args.rays.network.model, "converge.csv"));
    check_ending("--out", &csv, "csv")?;
    let [json, svg, png] = ["json", "svg", "png"].map(|ending| csv.with_extension(ending));
    Ok([csv, json, svg, png])
}
