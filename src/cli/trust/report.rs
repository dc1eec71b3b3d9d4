//! What `hope trust` has found, for people and for programs.

use serde_json::{Value, json};

use hope::results::{Claim, StandInRecord, Target};
use hope::trust::{Limit, Trust};

use super::args::TrustArgs;
use super::tolerance::Tolerance;
use crate::cli::rays::AlongRays;
use crate::cli::text::{self, count, lines, number};

/// Rows of the summary's table at most: beyond, it shows those with the smallest radii.
const ROWS: usize = 12;

/// Everything that is known in the end.
pub struct Found<'a> {
    pub run: &'a AlongRays,
    pub args: &'a TrustArgs,
    pub tolerance: Tolerance,
    pub trust: &'a Trust,
    /// How far it is proved, with --rigorous.
    pub proved: Option<&'a [f64]>,
    pub difference: Option<&'a StandInRecord>,
    pub target: &'a Target,
}

fn smallest(values: &[f64]) -> Option<f64> {
    values.iter().copied().min_by(f64::total_cmp)
}

/// The middle one.
pub fn median(values: &[f64]) -> Option<f64> {
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

/// For programs.
pub fn record(found: &Found) -> String {
    let Found { run, args, tolerance, trust, proved, difference, .. } = found;
    let mut fields = run.record();
    let limits = [Limit::None, Limit::Tolerance, Limit::Convergence, Limit::Kink]
        .map(|limit| (limit.name().to_string(), trust.limit.iter().filter(|l| **l == limit).count().into()));
    let checked = checked(trust, tolerance.absolute);
    let more = json!({
        "order": args.order,
        "tolerance": tolerance.absolute,
        "relative_tolerance": tolerance.relative,
        "shape": trust.shape,
        "estimates": true,
        "convergence": {
            "smallest": smallest(&trust.convergence),
            "median": median(&trust.convergence),
            "growing": trust.growing.iter().filter(|g| **g).count(),
        },
        "trust_radius": { "smallest": smallest(&trust.radius), "median": median(&trust.radius) },
        "proved_radius": proved.map(|all| json!({ "smallest": smallest(all), "median": median(all) })),
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
            "largest_measured_error": checked.largest,
            "above_tolerance": checked.exceeded,
            "no_finite_value": checked.failed,
        },
    });
    if let Value::Object(more) = more {
        fields.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    fields.extend(Claim { report: &trust.report, stand_in: *difference }.fields());
    format!("{:#}\n", Value::Object(fields))
}

/// For stdout.
pub fn summary(found: &Found) -> String {
    let Found { run, args, tolerance, trust, proved, difference, target } = found;
    let mut rows = run.head();
    rows.extend(run.setup.verdict(&trust.report, *difference).rows());
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
    rows.push((
        "trust",
        format!(
            "order {} to {}{}: estimated radius {}",
            args.order,
            number(tolerance.absolute),
            tolerance.origin(),
            both(&trust.radius)
        ),
    ));
    if let Some(proved) = proved {
        let say = |x: Option<f64>| x.map_or_else(String::new, text::at_least);
        let text = format!("smallest {}, median {}", say(smallest(proved)), say(median(proved)));
        rows.push(("proved", format!("within {} for certain up to: {text}", number(tolerance.absolute))));
    }
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
    rows.push(("checked", checks_text(trust, tolerance.absolute)));
    rows.push(("results", format!("{}, {}", target.archive.display(), target.json.display())));
    let mut text = lines(&rows);
    text.push_str(&table(run, trust, *proved));
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
fn table(run: &AlongRays, trust: &Trust, proved: Option<&[f64]>) -> String {
    let [_, outputs, rays] = trust.shape;
    let mut order: Vec<usize> = (0..trust.radius.len()).collect();
    order.sort_by(|&a, &b| trust.radius[a].total_cmp(&trust.radius[b]));
    let names = run.outputs();
    let mut text = if order.len() > ROWS {
        format!("\nThe {ROWS} smallest of {} radii:\n", text::grouped(order.len()))
    } else {
        "\n".into()
    };
    order.truncate(ROWS);
    let certain = if proved.is_some() { "      proved" } else { "" };
    text.push_str(&format!(
        " point  output     ray  convergence       trust{certain}  limited by    measured there\n"
    ));
    for index in order {
        let (point, output, ray) = (index / (outputs * rays), index / rays % outputs, index % rays);
        let check = trust.checks.iter().find(|c| (c.point, c.output, c.ray) == (point, output, ray));
        let measured = match check.map(|c| c.measured) {
            None => "-".into(),
            Some(None) => "not finite".into(),
            Some(Some(error)) => number(error),
        };
        let certain = proved.map_or_else(String::new, |all| format!("  {:>10}", text::at_least(all[index])));
        let grows = if trust.growing[index] { "+" } else { " " };
        text.push_str(&format!(
            "{point:>6}  {:>6}  {ray:>6}  {:>10}{grows}  {:>10}{certain}  {:<12}  {measured}\n",
            names.get(output).copied().unwrap_or(output),
            number(trust.convergence[index]),
            number(trust.radius[index]),
            trust.limit[index].name(),
        ));
    }
    text
}
