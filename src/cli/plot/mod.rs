//! `hope plot`: a network and its polynomials in one picture.

mod args;
mod hessian;
mod picture;
mod slice;

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use hope::backend::Place;
use hope::forward::Forward;
use hope::model::Model;
use hope::plan::Method;
use hope::sampling::r_squared;
use hope::{Expansion, Report, Request, TaylorPolynomial, Terms, expand};

pub use args::PlotArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_pictures, names};
use super::setup::Setup;
use super::text;
use super::verbosity::Verbosity;
use super::verdict::Verdict;
use args::PlotMethod;
use picture::{Curve, Data, figure, r2};
use slice::Slice;

/// Runs the command.
pub fn run(args: &PlotArgs, verbosity: Verbosity) -> Result<(), Failure> {
    if args.hessian {
        return hessian::run(args, verbosity);
    }
    let targets = if args.out.is_empty() {
        ["plot.svg", "plot.png"].map(|ending| beside_model(&args.network.model, ending)).into()
    } else {
        args.out.clone()
    };
    let (data, mut files) = prepare(args, &targets, verbosity).map_err(Failure::Input)?;
    let write = || {
        files.draw(&figure(&data)?, targets.iter().map(PathBuf::as_path))?;
        files.commit()
    };
    write().map_err(Failure::Run)?;
    let mut lines = data.about.clone();
    for curve in &data.curves {
        lines.push_str(&format!("{:<28} R² = {}\n", curve.name, r2(curve.r_squared)));
        curve.known.lines().for_each(|line| lines.push_str(&format!("  {line}\n")));
    }
    lines.push_str(&format!("written to {}\n", names(&targets)));
    verbosity.print(lines).map_err(Failure::Run)
}

/// Reads, checks and computes.
fn prepare<'a>(args: &'a PlotArgs, targets: &[PathBuf], verbosity: Verbosity) -> Result<(Data<'a>, Files)> {
    check_pictures(targets)?;
    let (Some(range), Some(order)) = (args.range, args.order) else {
        bail!("a picture of polynomials takes --range and --order, that of second derivatives --hessian");
    };
    if !(range.is_finite() && range > 0.0) {
        bail!("--range {range}: the range has to be a positive number");
    }
    let mut setup = Setup::new(&args.network, args.point.given(), order, None)?;
    setup.smooth(&args.smooth)?;
    setup.at(args.point.read(&setup.model)?);
    let output = setup.output(args.output)?;
    let (model, point) = (&setup.model, &setup.request.points);
    let slice = Slice::new(args, model, point)?;
    let files = Files::begin(targets.iter().map(PathBuf::as_path), &args.files())?;

    let named = |error: hope::Error| setup.explain(&error);
    let steps = slice.steps(range);
    let points: Vec<f64> = steps.iter().flat_map(|t| slice.point(point, t)).collect();
    let forward = Forward::new(setup.network(), Some(&[output]), &Place::default()).map_err(named)?;
    let centre = forward.run(point).map_err(named)?[0];
    let network: Vec<f64> = forward
        .run_with_gaps(&points)
        .map_err(named)?
        .into_iter()
        .map(|value| value.map_or(f64::NAN, |value| value[0]))
        .collect();
    let gaps = network.iter().filter(|y| y.is_nan()).count();
    if gaps > 0 {
        let all = network.len();
        let where_to =
            format!("--range {range}: the network has no value at {gaps} of {all} points of the range");
        if slice.axes.len() > 1 {
            bail!("{where_to}, which a map has no room for: choose a smaller one");
        }
        verbosity.note(&format!("{where_to}: the chart has gaps there"));
    }

    let wanted: &[Method] = match args.method {
        Some(PlotMethod::Exact) => &[Method::Exact],
        Some(PlotMethod::Hope) => &[Method::Hope],
        Some(PlotMethod::Both) | None => &[Method::Exact, Method::Hope],
    };
    let difference = setup.difference(range).map_err(Failure::into_error)?;
    let (mut curves, mut about) = (Vec::new(), String::new());
    let of = if difference.is_some() { ", of a smooth stand-in" } else { "" };
    for &method in wanted {
        let name = match method {
            Method::Exact => format!("Taylor, order {order}{of}"),
            Method::Hope => format!("published rule, order {order}{of}"),
        };
        let request = Request { method, ..setup.request.clone() };
        let (polynomial, report) = match polynomial(model, &request, &slice) {
            Err(error) if method == Method::Hope && args.method.is_none() => {
                text::complain(&format!("note: drawn without the published rule: {}\n", named(error)));
                continue;
            }
            done => done.map_err(named)?,
        };
        let values = polynomial.evaluate_batch(&steps.concat()).map_err(|error| {
            anyhow!("--range {range}: the polynomial of order {order} overflows there: {error}")
        })?;
        let r_squared = r_squared_where_finite(&values, &network);
        let verdict = Verdict { request: &request, ..setup.verdict(&report, difference.as_ref()) };
        about = text::lines(&verdict.of_network());
        let known = text::lines(&[verdict.of_result(), verdict.kinks()].concat());
        curves.push(Curve { name, values, r_squared, known });
    }
    setup.tell(verbosity);
    Ok((Data { args, range, slice, network, curves, centre, about }, files))
}

/// R² over the points at which the network has a value.
fn r_squared_where_finite(found: &[f64], truth: &[f64]) -> Option<f64> {
    let both = found.iter().zip(truth).filter(|(_, truth)| truth.is_finite());
    let (found, truth): (Vec<f64>, Vec<f64>) = both.unzip();
    r_squared(&found, &truth)
}

/// The polynomial in the coordinates of the slice.
fn polynomial(model: &Model, request: &Request, slice: &Slice) -> hope::Result<(TaylorPolynomial, Report)> {
    // Along one input there is nothing to mix; the rule then needs no linear layer at the beginning.
    if let ([input], Method::Hope) = (&slice.inputs[..], request.method) {
        let Expansion { value, coefficients, report, .. } = expand(model, request)?;
        let powers = coefficients.into_iter().skip(*input).step_by(model.inputs());
        let coefficients: Vec<f64> = value.into_iter().chain(powers).collect();
        let exponents: Vec<u8> = (0..=request.order as u8).collect();
        return Ok((TaylorPolynomial::from_exponents(&[0.0], &exponents, &coefficients)?, report));
    }
    let request = Request { terms: Terms::subspace(&slice.basis), ..request.clone() };
    let expansion = expand(model, &request)?;
    Ok((TaylorPolynomial::from_expansion(&expansion, &request, 0, 0)?, expansion.report))
}
