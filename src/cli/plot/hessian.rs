//! `hope plot --hessian`: the spectrum of an output's Hessian, and the directions in which the output bends most.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};

use hope::attribution::{Spectrum, spectrum};
use hope::model::{Model, Smoothing};
use hope::picture::{
    Axis, Bar, Chart, Content, ErrorBars, Figure, Group, MapGrid, Marker, Panel, Scale, Series, short,
};
use hope::{Error, Kinks};

use super::args::PlotArgs;
use crate::cli::failure::Failure;
use crate::cli::files::{Files, beside_model, check_pictures, names};
use crate::cli::image::Layout;
use crate::cli::setup::Setup;
use crate::cli::text;
use crate::cli::verbosity::Verbosity;
use crate::cli::verdict::offer;

/// Eigenvalues in the report, eigenvectors as images, and as bars.
const LISTED: usize = 10;
const IMAGES: usize = 7;
const BARS: usize = 3;

/// Eigenvalues with a marker each; of more a line is drawn.
const MARKERS: usize = 64;

/// Inputs with bars at most.
const INPUTS: usize = 24;

/// Eigenvalues beside the largest that are nothing but rounding.
const ROUNDING: f64 = 1e-13;

/// Runs the command.
pub fn run(args: &PlotArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let targets: Vec<PathBuf> = if args.out.is_empty() {
        ["hessian.svg", "hessian.png"].map(|ending| beside_model(&args.network.model, ending)).into()
    } else {
        args.out.clone()
    };
    let (setup, output, mut files) = prepare(args, &targets).map_err(Failure::Input)?;
    let found = spectrum(&setup.model, &setup.request.points, output, args.eigenvalues, &setup.request);
    let found = found.map_err(|error| {
        let input = error.is_request() || matches!(error, Error::Memory { .. });
        let error = setup.explain(&error);
        if input { Failure::Input(error) } else { Failure::Run(error) }
    })?;
    let difference = setup.difference(0.0)?;
    setup.tell(verbosity);
    let write = || {
        files.draw(&figure(&setup, output, &found)?, targets.iter().map(PathBuf::as_path))?;
        files.commit()
    };
    write().map_err(Failure::Run)?;
    let verdict = setup.verdict(&found.report, difference.as_ref());
    let mut out = text::lines(&[verdict.of_network(), verdict.of_result(), verdict.kinks()].concat());
    out.push_str(&table(&found));
    let _ = writeln!(out, "written to {}", names(&targets));
    verbosity.print(out).map_err(Failure::Run)
}

fn prepare(args: &PlotArgs, targets: &[PathBuf]) -> Result<(Setup, usize, Files)> {
    check_pictures(targets)?;
    let mut setup = Setup::new(&args.network, args.point.given(), 2, None)?;
    setup.smooth(&args.smooth)?;
    setup.at(args.point.read(&setup.model)?);
    let output = setup.output(args.output)?;
    if Kinks::of(&setup.model) == Kinks::PiecewiseLinear {
        let more = offer(&setup.model, Smoothing::default())
            .map_or(String::new(), |rules| format!("; {rules} takes a smooth stand-in, which has them"));
        bail!(
            "--hessian: second derivatives are zero: between its kinks the network is linear, whatever it does across them{more}"
        );
    }
    let files = Files::begin(targets.iter().map(PathBuf::as_path), &args.files())?;
    Ok((setup, output, files))
}

/// The largest eigenvalues, and what there is besides.
fn table(found: &Spectrum) -> String {
    let mut out = String::new();
    let all = found.eigenvalues.len();
    for (i, lambda) in found.eigenvalues.iter().enumerate().take(LISTED) {
        let _ = writeln!(out, "eigenvalue {:<4} {:>12}", i + 1, short(*lambda));
    }
    if let Some(products) = found.products {
        let _ = writeln!(out, "the {all} largest, by {products} products with the Hessian");
    } else {
        let cut = ROUNDING * found.eigenvalues[0].abs();
        let count = |sign: f64| found.eigenvalues.iter().filter(|lambda| *lambda * sign > cut).count();
        let (up, down) = (count(1.0), count(-1.0));
        let _ = writeln!(out, "of {all}: {up} positive, {down} negative, {} zero", all - up - down);
    }
    out
}

/// The spectrum, and below it the vectors.
fn figure(setup: &Setup, output: usize, found: &Spectrum) -> Result<Figure> {
    let (model, point) = (&setup.model, &setup.request.points);
    let largest = found.eigenvalues[0].abs();
    if largest == 0.0 {
        bail!("all second derivatives are zero at the point: there is nothing to draw");
    }
    // Each sign by itself: of many, one would hide the other.
    let of_sign = |name: &str, sign: f64, marker| {
        let sizes = found.eigenvalues.iter().map(|lambda| lambda * sign);
        let shown = sizes.filter(|size| *size > ROUNDING * largest);
        let points: Vec<[f64; 2]> = (1..).zip(shown).map(|(i, size)| [f64::from(i), size]).collect();
        if points.len() > MARKERS {
            Series::line(name, points)
        } else {
            Series::markers(name, marker, points)
        }
    };
    let series = [of_sign("positive", 1.0, Marker::Circle), of_sign("negative", -1.0, Marker::Square)];
    let longest = series.iter().map(|series| series.points.len()).fold(0, usize::max);
    let chart = Chart {
        title: format!("{}: the Hessian of output {output}", setup.name()),
        x: Axis::new("rank among those of its sign").range(0.0, (longest + 1) as f64),
        y: Axis { scale: Scale::Log, ..Axis::new("eigenvalue, absolute value") },
        series: series.into_iter().filter(|series| !series.points.is_empty()).collect(),
        ..Chart::default()
    };
    let vectors = match image(model) {
        Some(layout) => images(layout, point, found)?,
        None => bars(model, found)?,
    };
    Ok(chart.figure()?.above(vectors)?)
}

fn image(model: &Model) -> Option<Layout> {
    Layout::of(model).ok().filter(|layout| layout.rows > 1 && layout.columns > 1)
}

fn name(i: usize, lambda: f64) -> String {
    format!("eigenvector {}: {}", i + 1, short(lambda))
}

fn images(layout: Layout, point: &[f64], found: &Spectrum) -> Result<Figure> {
    let (input, scaled) = layout.picture(point)?;
    let panel = |title: String, content| Panel { title, content, axes: None };
    let mut panels = vec![panel("the point".into(), input)];
    let vectors = found.eigenvectors.chunks_exact(point.len()).zip(&found.eigenvalues);
    for (i, (v, &lambda)) in vectors.enumerate().take(IMAGES) {
        panels.push(panel(name(i, lambda), Content::signed(layout.rows, layout.summed(v))));
    }
    let summed = if layout.channels > 1 { ", summed over the channels" } else { "" };
    let scaled = if scaled { " The image is scaled to 0 to 1." } else { "" };
    let caption = format!(
        "Along an eigenvector{summed}, or against it, the output bends by its eigenvalue: up where that is positive.{scaled}"
    );
    Ok(MapGrid { caption, columns: 4, panels, ..MapGrid::default() }.figure()?)
}

/// Of few inputs all, else those with the largest components.
fn bars(model: &Model, found: &Spectrum) -> Result<Figure> {
    let inputs = model.inputs();
    let vectors: Vec<&[f64]> = found.eigenvectors.chunks_exact(inputs).take(BARS).collect();
    let size = |i: usize| vectors.iter().map(|v| v[i]).fold(0.0, f64::hypot);
    let mut shown: Vec<usize> = (0..inputs).collect();
    shown.sort_by(|&i, &j| size(j).total_cmp(&size(i)));
    shown.truncate(INPUTS);
    shown.sort_unstable();
    let group = |(i, v): (usize, &&[f64])| Group {
        name: name(i, found.eigenvalues[i]),
        bars: shown.iter().map(|&input| Some(Bar::new(v[input]))).collect(),
        marker: None,
        colour: None,
    };
    let chart = ErrorBars {
        title: String::new(),
        rows: shown.iter().map(|i| format!("input {i}")).collect(),
        groups: vectors.iter().enumerate().map(group).collect(),
        value: Axis::new("component"),
        ..ErrorBars::default()
    };
    Ok(chart.figure()?)
}
