//! `hope trust`: how far a polynomial can be trusted, estimated along rays and checked against the network.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::{Value, json};

use hope::Terms;
use hope::trust::{Limit, Question, Trust, assess};

use super::args::NumberType;
use super::output::Target;
use super::progress::Reporter;
use super::rays::{RayArgs, Setup, lines, positive};
use super::smooth::Difference;
use super::text::{self, count, number};
use super::{Failure, load};
use hope::npy::NpzWriter;

/// Rows of the summary's table at most: beyond, it shows those with the smallest radii.
const ROWS: usize = 12;

const EXAMPLES: &str = "\
Examples:
  How far does the order-6 polynomial of a network with two inputs hold to 1e-3, along 20 random directions?
      hope trust tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --order 6 --tolerance 1e-3 --random 20

  Which order up to 8 suffices for a radius of 0.5, along each pixel, for the logits of the digits?
      hope trust examples/mnist/mnist_mlp_tanh.onnx --at examples/mnist/digits.npy --order 8 \\
          --tolerance 0.01 --radius 0.5

Results (B points, m outputs, R rays; f64):
  points       [B, p]
  directions   [R, p] or [B, R, p]   unless the rays are the inputs' own directions
  convergence  [B, m, R]   estimated radius of convergence, inf where the series seems to end
  growing      [B, m, R]   u8: 1 where that estimate still grows with the order (perhaps no singularity at all)
  radius       [B, m, R]   trust radius: up to there the polynomial is estimated to be within the tolerance
  limit        [B, m, R]   u8: what limits it: 0 nothing, 1 tolerance, 2 convergence, 3 the nearest kink
  order        [B, m, R]   u8, with --radius: lowest order estimated to suffice, 0 if none does
  kink         [B, R]      distance to the nearest kink, where the network has kinks
  checks       [K, 6]      point, output (its position), ray, distance t, estimated error, measured error at x0 ± t v
                           (inf where the network has no finite value)
Radii are in units of the directions' lengths. They are estimates, not bounds: the checks say how good they are.";

/// Estimate how far Taylor polynomials can be trusted, and check it against the network.
///
/// Two more orders than asked for are expanded along each ray. From them follow, for every point, output and ray: the
/// radius of convergence, the radius up to which the polynomial is within the tolerance (never beyond
/// the radius of convergence or the nearest kink), and the order that a wanted radius needs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct TrustArgs {
    #[command(flatten)]
    pub rays: RayArgs,

    /// Order of the polynomials, 1 to 28.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

    /// Largest error of an output that is tolerated, absolute.
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub tolerance: f64,

    /// A radius that is wanted: recommend an order up to N for it.
    #[arg(long, value_name = "R", value_parser = positive, allow_hyphen_values = true, help_heading = "What to compute")]
    pub radius: Option<f64>,

    /// Number of estimates to check against the network, two evaluations each: half of them those with the smallest radii, the
    /// others random; 0 for none.
    #[arg(long, value_name = "K", default_value_t = 100, help_heading = "How")]
    pub checks: usize,

    /// The result, overwritten if it exists; RESULT.json is written beside it [default: the model's name with
    /// .trust.npz, in the current folder].
    #[arg(long, value_name = "RESULT.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &TrustArgs) -> Result<(), Failure> {
    let target = target(args).map_err(Failure::Input)?;
    let setup = Setup::new(&args.rays, args.order, None).map_err(Failure::Input)?;
    let question = Question { tolerance: args.tolerance, radius: args.radius, checks: args.checks };

    let mut files = target.begin().map_err(Failure::Input)?;
    let title = format!("expanding at {} to order {}", count(setup.points(), "point"), args.order + 2);
    // What can be known before is found before anything is printed.
    check(&setup).map_err(Failure::Input)?;
    let reporter = Reporter::new(&title, args.rays.quiet);
    let trust = assess(&setup.model, &setup.request, &question, &|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    let failed = |error: &hope::Error| Failure::Run(anyhow!("{}; nothing was written", setup.explain(error)));
    let trust = trust.map_err(|error| failed(&error))?;
    setup.check(&trust.report).map_err(Failure::Run)?;
    let difference = match &setup.original {
        None => None,
        Some(original) => {
            let radius = args.radius.unwrap_or_else(|| {
                median(&trust.radius).filter(|r| *r > 0.0 && r.is_finite()).unwrap_or(1.0)
            });
            let measured = original.measure(&setup.model, &setup.request, radius);
            Some(measured.map_err(|error| failed(&error))?)
        }
    };

    let archive = files.archive().map_err(Failure::Run)?;
    write(archive, &setup, &trust).map_err(|error| {
        Failure::Run(anyhow!("cannot write {}: {error}; nothing was written", target.npz.display()))
    })?;
    let record = record(&setup, args, &trust, difference.as_ref());
    files.finish(&target, &record).map_err(Failure::Run)?;
    if args.rays.quiet {
        return Ok(());
    }
    text::print(summary(&setup, args, &trust, difference.as_ref(), &target)).map_err(Failure::Run)
}

fn target(args: &TrustArgs) -> Result<Target> {
    match &args.out {
        Some(out) => Target::new(Some(out), &args.rays.model),
        None => {
            let stem = args.rays.model.file_stem().unwrap_or_default().to_string_lossy();
            Target::new(Some(&PathBuf::from(format!("{stem}.trust.npz"))), &args.rays.model)
        }
    }
}

/// Plans the expansion, which checks request and memory.
fn check(setup: &Setup) -> Result<()> {
    let highest = hope::series::MAX_ORDER - hope::trust::MORE_ORDERS;
    let order = setup.request.order;
    if !(1..=highest).contains(&order) {
        return Err(anyhow!(
            "order {order} is not supported here: choose 1 to {highest}, as the error is estimated from the next two orders"
        ));
    }
    let longer = hope::Request { order: order + hope::trust::MORE_ORDERS, ..setup.request.clone() };
    hope::Job::new(&setup.model, &longer).map(drop).map_err(|error| load::in_model(&setup.model_path, &error))
}

fn write(file: std::fs::File, setup: &Setup, trust: &Trust) -> std::io::Result<()> {
    let mut npz = NpzWriter::new(file, NumberType::F64);
    let inputs = setup.model.inputs();
    let shape = &trust.shape;
    npz.array("points", &[setup.points(), inputs], &setup.request.points)?;
    if let Terms::Along(directions) = &setup.request.terms {
        use hope::rays::Directions;
        match directions {
            Directions::Shared { rows, .. } => npz.array("directions", &[shape[2], inputs], rows)?,
            Directions::PerPoint { rows, .. } => {
                npz.array("directions", &[shape[0], shape[2], inputs], rows)?;
            }
            _ => {}
        }
    }
    npz.array("convergence", shape, &trust.convergence)?;
    npz.bytes("growing", shape, &trust.growing.iter().map(|&g| u8::from(g)).collect::<Vec<_>>())?;
    npz.array("radius", shape, &trust.radius)?;
    npz.bytes("limit", shape, &trust.limit.iter().map(|&limit| limit as u8).collect::<Vec<_>>())?;
    if let Some(order) = &trust.order {
        let order: Vec<u8> = order.iter().map(|n| n.map_or(0, |n| n as u8)).collect();
        npz.bytes("order", shape, &order)?;
    }
    if !trust.kinks.is_empty() {
        npz.array("kink", &[shape[0], shape[2]], &trust.kinks)?;
    }
    let checks: Vec<f64> = trust
        .checks
        .iter()
        .flat_map(|c| {
            let [point, output, ray] = [c.point, c.output, c.ray].map(|i| i as f64);
            [point, output, ray, c.t, c.estimate, c.measured.unwrap_or(f64::INFINITY)]
        })
        .collect();
    npz.array("checks", &[trust.checks.len(), 6], &checks)?;
    npz.finish().map(drop)
}

fn smallest(values: &[f64]) -> Option<f64> {
    values.iter().copied().min_by(f64::total_cmp)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// What the checks found.
struct Checked {
    /// Largest measured error.
    largest: f64,
    /// Checks whose measured error is above the tolerance.
    exceeded: usize,
    /// Checks at which the network has no finite value.
    failed: usize,
}

fn checked(trust: &Trust, tolerance: f64) -> Checked {
    let measured = || trust.checks.iter().filter_map(|c| c.measured);
    Checked {
        largest: measured().fold(0.0, f64::max),
        exceeded: measured().filter(|m| *m > tolerance).count(),
        failed: trust.checks.len() - measured().count(),
    }
}

/// The order that suffices for all; none if it doesn't exist. And for how many none does.
fn recommended(orders: &[Option<usize>]) -> (Option<usize>, usize) {
    let without = orders.iter().filter(|n| n.is_none()).count();
    (if without == 0 { orders.iter().flatten().copied().max() } else { None }, without)
}

fn record(setup: &Setup, args: &TrustArgs, trust: &Trust, difference: Option<&Difference>) -> String {
    let mut fields = setup.record();
    let limits = [Limit::None, Limit::Tolerance, Limit::Convergence, Limit::Kink]
        .map(|limit| (limit.name().to_string(), trust.limit.iter().filter(|l| **l == limit).count().into()));
    let found = checked(trust, args.tolerance);
    let more = json!({
        "order": args.order,
        "tolerance": args.tolerance,
        "shape": trust.shape,
        "estimates": true,
        "convergence": {
            "smallest": smallest(&trust.convergence),
            "median": median(&trust.convergence),
            "growing": trust.growing.iter().filter(|g| **g).count(),
        },
        "trust_radius": { "smallest": smallest(&trust.radius), "median": median(&trust.radius) },
        "limited_by": Value::Object(limits.into_iter().collect()),
        "wanted": trust.order.as_ref().map(|orders| {
            let (order, without) = recommended(orders);
            json!({
                "radius": args.radius,
                "recommended_order": order,
                "rays_that_no_order_suffices_for": without,
                "largest_radius": smallest(&trust.radius),
            })
        }),
        "checks": {
            "number": trust.checks.len(),
            "largest_measured_error": found.largest,
            "above_tolerance": found.exceeded,
            "no_finite_value": found.failed,
        },
        "kinks": trust.report.kink_distance.map(|(smallest, median)| json!({ "smallest": smallest, "median": median })),
        "smooth": difference.map(Difference::json),
    });
    if let Value::Object(more) = more {
        fields.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    format!("{:#}\n", Value::Object(fields))
}

fn summary(
    setup: &Setup,
    args: &TrustArgs,
    trust: &Trust,
    difference: Option<&Difference>,
    target: &Target,
) -> String {
    let mut rows = setup.head();
    if let Some(difference) = difference {
        rows.push(("STAND-IN", difference.reason()));
        rows.push(("", difference.text()));
    }
    let both = |values: &[f64]| {
        let say = |x: Option<f64>| x.map_or_else(String::new, number);
        format!("smallest {}, median {}", say(smallest(values)), say(median(values)))
    };
    let growing = trust.growing.iter().filter(|g| **g).count();
    let note = match growing {
        0 => String::new(),
        n => format!("; still growing with the order for {n} of {}", trust.growing.len()),
    };
    rows.push(("convergence", format!("estimated radius: {}{note}", both(&trust.convergence))));
    if let Some((smallest, median)) = trust.report.kink_distance {
        rows.push((
            "kinks",
            format!("nearest at {}, median over the rays {}", number(smallest), number(median)),
        ));
    }
    rows.push((
        "trust",
        format!(
            "order {} to {}: estimated radius {}",
            args.order,
            number(args.tolerance),
            both(&trust.radius)
        ),
    ));
    if let (Some(orders), Some(radius)) = (&trust.order, args.radius) {
        let text = match recommended(orders) {
            (Some(order), _) => {
                format!("order {order} is estimated to suffice for radius {}", number(radius))
            }
            (None, without) => format!(
                "none up to {} suffices for radius {} ({without} of {} fail); the largest radius for all is {}",
                args.order,
                number(radius),
                orders.len(),
                smallest(&trust.radius).map_or_else(String::new, number)
            ),
        };
        rows.push(("recommended", text));
    }
    rows.push(("checked", checks_text(trust, args.tolerance)));
    rows.push(("results", format!("{}, {}", target.npz.display(), target.json.display())));
    let mut text = lines(&rows);
    text.push_str(&table(setup, trust));
    text
}

fn checks_text(trust: &Trust, tolerance: f64) -> String {
    if trust.checks.is_empty() {
        return "nothing (--checks 0)".into();
    }
    let found = checked(trust, tolerance);
    let mut text = format!(
        "{} against the network: largest measured error {}, {} above the tolerance",
        count(trust.checks.len(), "estimate"),
        number(found.largest),
        match found.exceeded {
            0 => "none".to_string(),
            n => n.to_string(),
        }
    );
    if found.failed > 0 {
        text.push_str(&format!("; no finite value at {}", found.failed));
    }
    text
}

/// The smallest trust radii, one per line.
fn table(setup: &Setup, trust: &Trust) -> String {
    let [_, outputs, rays] = trust.shape;
    let mut order: Vec<usize> = (0..trust.radius.len()).collect();
    order.sort_by(|&a, &b| trust.radius[a].total_cmp(&trust.radius[b]));
    let names = setup.outputs();
    let mut text = if order.len() > ROWS {
        format!("\nThe {ROWS} smallest of {} radii:\n", text::grouped(order.len()))
    } else {
        "\n".into()
    };
    order.truncate(ROWS);
    text.push_str(" point  output     ray  convergence       trust  limited by    measured there\n");
    for index in order {
        let (point, output, ray) = (index / (outputs * rays), index / rays % outputs, index % rays);
        let check = trust.checks.iter().find(|c| (c.point, c.output, c.ray) == (point, output, ray));
        let measured = match check.map(|c| c.measured) {
            None => "-".into(),
            Some(None) => "not finite".into(),
            Some(Some(error)) => number(error),
        };
        let grows = if trust.growing[index] { "+" } else { " " };
        text.push_str(&format!(
            "{point:>6}  {:>6}  {ray:>6}  {:>10}{grows}  {:>10}  {:<12}  {measured}\n",
            names.get(output).copied().unwrap_or(output),
            number(trust.convergence[index]),
            number(trust.radius[index]),
            trust.limit[index].name(),
        ));
    }
    text
}
