//! `hope discover`: the expression that a network has learnt.

mod args;
mod report;

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use hope::discovery::{Discovery, Search, discover};
use hope::picture::Format;
use hope::polynomial::Notation;
use hope::region::Region;
use hope::{Request, TaylorPolynomial};

pub use args::DiscoverArgs;

use super::failure::Failure;
use super::files::Files;
use super::points;
use super::setup::Setup;
use super::targets;
use super::verbosity::Verbosity;
use super::verdict::Verdict;
use report::{chart, named, summary, table};

/// What is written into the folder.
const RESULTS: [&str; 5] =
    ["expression.txt", "expression.tex", "coefficients.csv", "coefficients.svg", "coefficients.png"];

/// Runs the command.
pub fn run(args: &DiscoverArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let (setup, search) = setup(args).map_err(Failure::Input)?;
    let (model, request) = (&setup.model, &setup.request);
    let found = discover(model, &search, request).map_err(|error| match error {
        error if error.is_request() => Failure::Input(setup.explain(&error)),
        _ => setup.failed(&error),
    })?;
    setup.tell(verbosity);
    setup.check(&found.report)?;
    let centre = Request { points: search.region.middle().into(), ..request.clone() };
    let radius = search.region.half_widths().into_iter().fold(0.0, f64::max);
    let difference = setup.difference_around(&centre, radius)?;
    let verdict = Verdict { label: "expansions", ..setup.verdict(&found.report, difference.as_ref()) };
    write(args, &found).map_err(Failure::Run)?;
    verbosity.print(summary(args, &search, &found, &verdict).map_err(Failure::Run)?).map_err(Failure::Run)
}

fn setup(args: &DiscoverArgs) -> Result<(Setup, Search)> {
    let mut setup = Setup::new(&args.network, &args.at, args.order, args.place.memory)?;
    setup.smooth(&args.smooth)?;
    let inputs = setup.model.inputs();
    let mut search = Search::new(region(&args.region, inputs)?, args.order);
    if !args.at.is_empty() {
        let all = points::read(&args.at, &setup.model)?;
        let centre = points::one("--at", &args.at.join(" "), &all, inputs, args.point)?;
        search.at = centre.values;
        centre.note.into_iter().for_each(|note| setup.note(note));
    }
    search.output = setup.output(args.output)?;
    (search.samples, search.tolerance, search.seed) = (args.samples, args.tolerance, args.seed);
    search.check(&setup.model)?;
    // Wrong names are to be found before anything is computed.
    named(args, TaylorPolynomial::from_terms(&search.at, [(vec![], 1.0)])?)?;
    if args.out.exists() && !args.out.is_dir() {
        bail!("--out {}: it exists and is not a folder", args.out.display());
    }
    let results = RESULTS.map(|name| args.out.join(name));
    targets::check(&results.each_ref().map(PathBuf::as_path), &args.files())?;
    setup.place(&args.place, args.order, None)?;
    Ok((setup, search))
}

/// Parses `-1:1` or `-1:1,0:2`.
fn region(given: &str, inputs: usize) -> Result<Region> {
    let wrong = || anyhow!("--box {given}: write an interval as -1:1, or one for each input as -1:1,0:2");
    let mut region = Region { low: Vec::new(), high: Vec::new() };
    for interval in given.split(',') {
        let (low, high) = interval.split_once(':').ok_or_else(wrong)?;
        let end = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(wrong);
        region.low.push(end(low)?);
        region.high.push(end(high)?);
    }
    if let ([low], [high]) = (region.low.as_slice(), region.high.as_slice()) {
        region = Region::cube(*low, *high, inputs);
    }
    region.check(inputs).map_err(|error| anyhow!("--box {given}: {error}"))?;
    Ok(region)
}

fn write(args: &DiscoverArgs, found: &Discovery) -> Result<()> {
    let expression = named(args, found.expression.clone())?;
    let chart = chart(args, found)?;
    let contents: [Vec<u8>; 5] = [
        line(expression.format(Notation::Sympy, None)),
        line(expression.format(Notation::Latex, Some(6))),
        table(args, found)?.into_bytes(),
        chart.bytes(Format::Svg)?,
        chart.bytes(Format::Png)?,
    ];
    std::fs::create_dir_all(&args.out)
        .map_err(|error| anyhow!("cannot make the folder {}: {error}", args.out.display()))?;
    let results = RESULTS.map(|name| args.out.join(name));
    let mut files = Files::begin(results.iter().map(PathBuf::as_path), &args.files())?;
    for (path, bytes) in results.iter().zip(&contents) {
        files.write(path, bytes)?;
    }
    files.commit()
}

fn line(mut text: String) -> Vec<u8> {
    text.push('\n');
    text.into_bytes()
}
