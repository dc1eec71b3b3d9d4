//! What `hope heatmap` prints: a line per image, with tables where there is a comparison.

use std::fmt::Write as _;

use hope::attribution::{Agreement, Heatmap};
use hope::results::StandInRecord;

use super::Explained;
use crate::cli::heatmap::args::HeatmapArgs;
use crate::cli::heatmap::task::Task;
use crate::cli::text;
use crate::cli::values::MethodArg;
use crate::cli::verdict::Verdict;

/// Writes the report: what is known of all images first, then what differs between them.
pub fn report(
    args: &HeatmapArgs,
    task: &Task,
    all: &[Explained],
    difference: Option<&StandInRecord>,
) -> String {
    let verdicts: Vec<Verdict> =
        all.iter().map(|one| task.setup.verdict(&one.map.report, difference)).collect();
    let results: Vec<_> = verdicts.iter().map(Verdict::of_result).collect();
    let alike = results.iter().all(|rows| *rows == results[0]);
    let mut out = verdicts.first().map_or_else(String::new, |verdict| text::lines(&verdict.of_network()));
    if alike {
        out.push_str(&results.first().map_or_else(String::new, |rows| text::lines(rows)));
    }
    let top = args.top as usize;
    let mut table: Vec<(String, Vec<Agreement>)> = Vec::new();
    for ((subject, one), known) in task.subjects.iter().zip(all).zip(&results) {
        let score = text::number(one.map.value);
        let _ = writeln!(
            out,
            "{}: class {}, score {score}, {}",
            subject.image.name,
            subject.class,
            args.change()
        );
        if !alike {
            text::lines(known).lines().for_each(|line| out.push_str(&format!("  {line}\n")));
        }
        if one.map.across_kinks > 0 {
            let _ = writeln!(
                out,
                "  {} of {} {} meet a kink of the network on their way: there the prediction need not hold",
                one.map.across_kinks,
                one.map.predicted.len() / args.order,
                if task.patches.is_some() { "patches" } else { "inputs" }
            );
        }
        let Some(truth) = &one.truth else { continue };
        let method = match args.method {
            MethodArg::Exact => "exact",
            MethodArg::Hope => "hope",
        };
        let rows = rows(method, &one.map, truth, top);
        let rule = one.rule.iter().filter(|_| args.method == MethodArg::Exact);
        let rows: Vec<_> = rows
            .into_iter()
            .chain(rule.flat_map(|map| self::rows("published rule", map, truth, top)))
            .collect();
        for (i, (name, agreement)) in rows.iter().enumerate() {
            if table.len() <= i {
                table.push((name.clone(), Vec::new()));
            }
            table[i].1.push(*agreement);
        }
        heading(&mut out);
        for (name, a) in rows {
            let overlap = (a.overlap * a.top as f64).round();
            let overlap = format!("{overlap} of {}", a.top);
            line(&mut out, &name, a.correlation, a.relative_error, &overlap);
        }
    }
    if args.compare && all.len() > 1 {
        let _ = writeln!(out, "mean over {}", text::count(all.len(), "image"));
        heading(&mut out);
        for (name, a) in &table {
            let mean = |of: &dyn Fn(&Agreement) -> Option<f64>| {
                let known: Vec<f64> = a.iter().filter_map(of).collect();
                (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
            };
            let overlap = mean(&|a| Some(100.0 * a.overlap)).unwrap_or_default();
            let (r, e) = (mean(&|a| a.correlation), mean(&|a| a.relative_error));
            line(&mut out, name, r, e, &format!("{overlap:.0} %"));
        }
    }
    out
}

fn rows(name: &str, map: &Heatmap, truth: &[f64], top: usize) -> Vec<(String, Agreement)> {
    let orders = map.predicted.chunks_exact(truth.len()).enumerate();
    orders.map(|(k, map)| (format!("{name}, order {}", k + 1), Agreement::new(map, truth, top))).collect()
}

fn heading(out: &mut String) {
    let _ =
        writeln!(out, "  {:<25} {:>11}  {:>14}  {:>12}", "", "correlation", "relative error", "top overlap");
}

fn line(out: &mut String, name: &str, correlation: Option<f64>, error: Option<f64>, overlap: &str) {
    let correlation = correlation.map_or("undefined".into(), |r| format!("{r:.6}"));
    let error = error.map_or("undefined".into(), text::number);
    let _ = writeln!(out, "  {name:<25} {correlation:>11}  {error:>14}  {overlap:>12}");
}
