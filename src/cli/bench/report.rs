//! `hope bench report`: runs of several machines in one table and a chart.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use hope::bench::record::{Row, Status};
use hope::picture::Format;

use super::columns::{self, Column, find, workloads};
use super::{chart, table};
use crate::cli::failure::Failure;
use crate::cli::files::Files;
use crate::cli::targets::Companion;
use crate::cli::text;
use crate::cli::verbosity::Verbosity;

/// Merge measurements of several machines into a Markdown table and a chart.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Files that `hope bench --json` wrote.
    #[arg(value_name = "RUN.json", required = true)]
    runs: Vec<PathBuf>,

    /// The table; the chart lies beside it.
    #[arg(long, value_name = "FILE.md", default_value = "bench-report.md")]
    out: PathBuf,

    /// The chart, .svg or .png [default: the table's name with .svg].
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &ReportArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let picture = args.chart.clone().unwrap_or_else(|| args.out.with_extension("svg"));
    let columns = columns::read(&args.runs).map_err(Failure::Input)?;
    let format = Format::of(&picture).map_err(|error| Failure::Input(error.into()))?;
    let inputs: Vec<&Path> = args.runs.iter().map(PathBuf::as_path).collect();
    let figure = chart::figure(&columns).map_err(Failure::Input)?;
    let targets: Vec<&Path> =
        [args.out.as_path()].into_iter().chain(figure.is_some().then_some(picture.as_path())).collect();
    if args.chart.is_none() && figure.is_some() {
        Companion::Picture.check(&picture, &args.out).map_err(Failure::Input)?;
    }
    let mut files = Files::begin(targets, &inputs).map_err(Failure::Input)?;
    let mut report = contents(&columns);
    if let Some(figure) = figure {
        let name = relative(&picture, &args.out);
        let _ = write!(report, "\n![Expansions per second of each device]({name})\n");
        let bytes = figure.bytes(format).map_err(|error| Failure::Run(error.into()))?;
        files.write(&picture, &bytes).map_err(Failure::Run)?;
    }
    files.write(&args.out, report.as_bytes()).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    let devices = text::count(columns.len(), "device");
    verbosity.print(format!("{devices}: {}\n", args.out.display())).map_err(Failure::Run)
}

/// The picture's name as the table's folder sees it, where that is simple.
fn relative(picture: &Path, table: &Path) -> String {
    let same = picture.parent() == table.parent();
    let name = if same { picture.file_name().map_or(picture, Path::new) } else { picture };
    let name = name.to_string_lossy();
    // As in addresses, where it would end the link or be more than a name.
    let special = |c: char| c.is_control() || " ()<>[]\"'`\\%#?&|".contains(c);
    let mut bytes = [0; 4];
    let mut link = String::new();
    for c in name.chars() {
        match special(c) {
            true => link.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}"))),
            false => link.push(c),
        }
    }
    link
}

/// A text of another machine's file in Markdown: as it is, whatever stands in it.
fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Neither elements nor, where they are looked for in plain text, names of people and addresses.
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '/' => escaped.push_str("&#47;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

fn contents(columns: &[Column]) -> String {
    let mut text = String::from("# hope bench\n\n");
    let _ = writeln!(
        text,
        "Expansions of a point per second and, in brackets, the share of the device's multiply-adds per second; for kernels alone \
         GFLOP/s, and the share of multiply-adds or of the memory's bandwidth, whichever limits. `~`: measured in part and \
         extrapolated. All peaks are measured.\n"
    );
    let mut line = |cells: Vec<String>| {
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    let with = |first: &str, cell: &dyn Fn(&Column) -> String| -> Vec<String> {
        std::iter::once(first.to_string()).chain(columns.iter().map(cell)).collect()
    };
    line(with("", &|column| markdown(&column.label)));
    line(with("---", &|_| "---:".into()));
    let none = || "failed".to_string();
    line(with("multiply-adds, GFLOP/s", &|column| {
        column.device.peak.map_or_else(none, |peak| table::rate(peak.flops / 1e9))
    }));
    line(with("memory, GB/s", &|column| {
        column.device.peak.map_or_else(none, |peak| table::rate(peak.bytes / 1e9))
    }));
    for unit in ["expansions", "runs"] {
        for workload in workloads(columns, unit) {
            line(with(&markdown(&workload), &|column| find(column, &workload).map_or("".into(), cell)));
        }
    }
    text.push('\n');
    for column in columns {
        let device = &column.device;
        let error = device.error.as_ref().map(|error| format!(" FAILED: {}.", markdown(error)));
        let [label, kind, driver] = [&column.label, &device.kind, &device.driver].map(|text| markdown(text));
        let _ = writeln!(text, "- {label}: {kind}, {driver}.{}", error.unwrap_or_default());
        for row in &device.rows {
            let remark = match (&row.status, &row.figures) {
                (Status::Skipped(reason), _) => format!("skipped: {}", markdown(reason)),
                (Status::Failed(reason), _) => format!("FAILED: {}", markdown(reason)),
                (Status::Wrong, Some(f)) => {
                    format!("WRONG: off by {:.1e}, more than {:.0e}", f.deviation, f.tolerance)
                }
                (_, Some(f)) => match &f.reduced {
                    Some(part) => format!("measured with {}", markdown(part)),
                    None => continue,
                },
                _ => continue,
            };
            let _ = writeln!(text, "  - {}: {remark}", markdown(&row.workload));
        }
    }
    text
}

/// A workload on a device.
fn cell(row: &Row) -> String {
    let Some(f) = &row.figures else {
        return match &row.status {
            Status::Skipped(_) => "skipped".into(),
            _ => "FAILED".into(),
        };
    };
    let wrong = if row.status == Status::Wrong { "WRONG " } else { "" };
    let about = if f.reduced.is_some() { "~" } else { "" };
    if row.unit == "expansions" {
        return format!("{wrong}{about}{} ({})", table::rate(f.per_second), table::share(f.share_of_flops));
    }
    let limit = match f.limit.as_deref() {
        Some("memory") => format!("{} memory", table::share(f.share_of_bytes)),
        _ => table::share(f.share_of_flops),
    };
    format!("{wrong}{about}{} ({limit})", table::rate(f.flops_per_second / 1e9))
}
