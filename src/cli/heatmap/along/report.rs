//! What is printed of a way: how much of the change each order explains, and how far it reaches.

use std::fmt::Write as _;

use hope::attribution::Along;
use hope::results::StandInRecord;

use super::super::args::HeatmapArgs;
use super::super::baseline::Baseline;
use super::super::task::Task;
use crate::cli::text::{self, number};
use crate::cli::verdict::Verdict;

/// Where the way leads, in words.
pub fn goal(args: &HeatmapArgs) -> String {
    let to = args.baseline.as_ref().unwrap_or(&Baseline::Black).words();
    if args.away { format!("away from {to}") } else { format!("to {to}") }
}

/// A part of the change, in percent; a number where nothing changes.
pub fn part(sum: f64, change: f64) -> String {
    let part = 100.0 * sum / change + 0.0; // no -0.0
    if part.is_finite() { format!("{part:.1} %") } else { number(sum) }
}

/// Writes the report.
pub fn report(args: &HeatmapArgs, task: &Task, all: &[Along], difference: Option<&StandInRecord>) -> String {
    let mut out = String::new();
    for (i, (subject, found)) in task.subjects.iter().zip(all).enumerate() {
        let verdict: Verdict = task.setup.verdict(&found.report, difference);
        if i == 0 {
            out.push_str(&text::lines(&verdict.of_network()));
        }
        let _ = writeln!(
            out,
            "{}: class {}, score {}, {} it changes by {}",
            subject.image.name,
            subject.class,
            number(found.value),
            goal(args),
            number(found.change)
        );
        text::lines(&verdict.of_result()).lines().for_each(|line| out.push_str(&format!("  {line}\n")));
        let _ = writeln!(
            out,
            "  {:<6} {:>12} {:>12} {:>12}   {:<26}",
            "order", "term", "explains", "up to it", "holds up to (estimated; measured)"
        );
        let mut sum = 0.0;
        for (k, term) in found.sums.iter().enumerate() {
            sum += term;
            let _ = writeln!(
                out,
                "  {:<6} {:>12} {:>12} {:>12}   {:.2}; {:.2} of the way",
                k + 1,
                number(*term),
                part(*term, found.change),
                part(sum, found.change),
                found.estimated[k],
                found.measured[k]
            );
        }
        let points = text::count(found.steps, "point");
        let _ = match found.reached {
            true => writeln!(out, "  expanded at {points} of the way"),
            false => writeln!(
                out,
                "  expanded at {points} of the way, which doesn't suffice: all orders are {} off; a higher --order or more --steps come nearer",
                number((sum - found.change).abs())
            ),
        };
    }
    out
}
