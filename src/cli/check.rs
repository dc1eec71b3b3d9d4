//! `hope check`: what is in a network, and what an expansion of it will be.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use clap::Args;

use hope::model::{Model, Op, Smoothing};
use hope::plan::Method;
use hope::{Certificate, Cost, Error, Kinks, MixedCost, Operator, Request, TermKind, Terms, memory};

use super::failure::Failure;
use super::model::{ModelArgs, header};
use super::text;
use super::values::memory_size;
use super::verbosity::Verbosity;
use super::verdict::offer;

const EXAMPLES: &str = "\
Examples:
  hope check examples/mnist/mnist_cnn_tanh.onnx
  hope check examples/mnist/mnist_mlp1_sigmoid.onnx --order 10";

/// Show a network's layers, whether the published rule is exact on it, and what an expansion costs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    /// Order for cost and memory, 1 to 30.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub order: usize,

    /// Memory for an expansion, such as 2GiB or 500MB [default: half of the free memory].
    #[arg(long, value_name = "SIZE", value_parser = memory_size)]
    pub memory: Option<u64>,
}

/// Runs the command. What it prints is what it is for: never too much.
pub fn run(args: &CheckArgs, _: Verbosity) -> Result<(), Failure> {
    let text = report(args).map_err(Failure::Input)?;
    text::print(text).map_err(Failure::Run)
}

fn report(args: &CheckArgs) -> Result<String> {
    if !(1..=hope::series::MAX_ORDER).contains(&args.order) {
        bail!("order {} is not supported: choose 1 to {}", args.order, hope::series::MAX_ORDER);
    }
    let model = args.network.load_or_list()?;
    let mut text = header(&args.network.model.to_string_lossy(), &model) + "\n\n";
    text.push_str(&layers(&model));
    let _ =
        writeln!(text, "\n{} in all; {}", text::count(model.parameters(), "parameter"), smoothness(&model));
    let stand_in = match model.quantized() {
        None => None,
        Some(_) => {
            text.push_str("\nQuantised: rounding is a step function without derivatives. What follows is of the stand-in by --smooth quantize=identity\n");
            Some(model.smooth(&Smoothing { quantize: true, ..Smoothing::default() })?)
        }
    };
    let model = stand_in.unwrap_or(model);
    text.push_str("\nThe published rule (--method hope)\n");
    for (name, kind) in [("unmixed", TermKind::Unmixed), ("mixed", TermKind::Mixed)] {
        let _ = writeln!(text, "  {name:<8} {}", rule(&model, kind));
    }
    let _ = writeln!(text, "\nCost of unmixed coefficients to order {}, f64", args.order);
    let memory = args.memory;
    for (name, method) in [("exact", Method::Exact), ("hope", Method::Hope)] {
        let request = Request { memory, ..without_points(method, args.order) };
        let _ = writeln!(text, "  {name:<8} {}", cost(&model, &request));
    }
    let exactly = |terms: Terms, order: usize| {
        let request = Request { terms, memory, ..without_points(Method::Exact, order) };
        format!("  {:<8} {}\n", request.terms.name(), cost(&model, &request))
    };
    text.push_str("\nCost of derivatives of all outputs by all inputs at once, exact, f64\n");
    for (terms, order) in [(Terms::Gradient(None), 1), (Terms::Hessian(None), 2)] {
        text.push_str(&exactly(terms, order));
    }
    text.push_str("\nCost of all mixed terms of order 2, exact, f64\n");
    text.push_str(&mixed(&model));
    text.push_str("\nCost of the Laplacian in all inputs, exact, f64\n");
    text.push_str(&exactly(Terms::Operator(Operator::laplacian(0..model.inputs())), 2));
    Ok(text)
}

fn layers(model: &Model) -> String {
    let mut rows = vec![["layer", "operator", "output", "parameters", ""].map(String::from)];
    rows.extend(model.nodes().iter().map(|node| {
        [
            node.name.clone(),
            node.kind.clone(),
            text::shape(&node.shape),
            match node.op.parameters() {
                0 => String::new(),
                n => text::grouped(n),
            },
            if matches!(node.op, Op::Input) { String::new() } else { node.character().into() },
        ]
    }));
    table(&rows)
}

fn smoothness(model: &Model) -> String {
    let kinks = match Kinks::of(model) {
        Kinks::None => return "smooth".into(),
        Kinks::PiecewiseLinear => {
            "piecewise linear: orders from 2 are zero, an expansion is valid up to the nearest kink"
        }
        _ => "with kinks: an expansion is valid up to the nearest one",
    };
    offer(model, Smoothing::default())
        .map_or_else(|| kinks.into(), |rules| format!("{kinks}; {rules} takes a smooth stand-in"))
}

/// Whether the published rule is exact.
fn rule(model: &Model, terms: TermKind) -> String {
    // The plan finds operators that the rule has no answer for, the certificate whether its answers are exact.
    let planned = match terms {
        TermKind::Mixed => Ok(()),
        _ => plan_rule(model),
    };
    match planned.and_then(|()| Certificate::new(model, Method::Hope, terms)) {
        Ok(certificate) if certificate.exact => format!("exact: {}", certificate.reason),
        Ok(certificate) => format!("NOT EXACT: {}", certificate.reason),
        Err(error) => format!("no answer: {error}"),
    }
}

fn plan_rule(model: &Model) -> Result<(), Error> {
    Cost::of(model, &without_points(Method::Hope, 1)).map(drop)
}

fn without_points(method: Method, order: usize) -> Request {
    Request { method, ..Request::new(Vec::new(), order) }
}

/// What mixed terms cost by either way, and which one is taken.
fn mixed(model: &Model) -> String {
    let request = Request { terms: Terms::Mixed(None), ..without_points(Method::Exact, 2) };
    let cost = match MixedCost::of(model, &request) {
        Ok(cost) => cost,
        Err(error) => return format!("  none: {error}\n"),
    };
    let chosen = |it: bool| if it { " (chosen)" } else { "" };
    let rows = cost.rows.map_or("only of smooth networks without quotients and roots".into(), |rows| {
        format!("{} per point{}", text::flops(rows), chosen(cost.by_rows))
    });
    format!(
        "  series in several variables  {} per point{}\n  rows of the Hessian          {rows}\n",
        text::flops(cost.series),
        chosen(!cost.by_rows)
    )
}

/// Operations and memory of one point.
fn cost(model: &Model, request: &Request) -> String {
    match Cost::of(model, request) {
        Ok(cost) => {
            let outputs = text::count(cost.outputs, "output");
            let passes = match (cost.rays, &request.terms) {
                (_, Terms::Gradient(_)) => format!("{outputs}, backward"),
                (Some(rays), Terms::Hessian(_)) => {
                    format!("{outputs}, backward along {}", text::count(rays, "ray"))
                }
                (Some(rays), _) => text::count(rays, "ray") + &text::passage(cost.passage),
                (None, _) => format!("{outputs}, backward"),
            };
            let again = match cost.checkpoints {
                0 => String::new(),
                places => {
                    format!("; values computed again from checkpoints at {}", text::count(places, "place"))
                }
            };
            format!(
                "{} per point, {} of memory ({passes}{again})",
                text::flops(cost.flops),
                memory::human(cost.bytes)
            )
        }
        Err(error @ Error::Memory { .. }) => error.to_string(),
        Err(_) => "no answer, see above".into(),
    }
}

/// Columns, aligned; the fourth to the right.
fn table(rows: &[[String; 5]]) -> String {
    let widths = [0, 1, 2, 3, 4]
        .map(|column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for [name, operator, shape, parameters, character] in rows {
        let line = format!(
            "{name:<0$}  {operator:<1$}  {shape:<2$}  {parameters:>3$}  {character}",
            widths[0], widths[1], widths[2], widths[3]
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
