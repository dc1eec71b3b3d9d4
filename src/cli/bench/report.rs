//! `hope bench report`: runs of several machines in one table and a chart.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use hope::picture::Format;

use super::columns::{self, Column, find, workloads};
use super::record::{Row, Status};
use super::{chart, table};
use crate::cli::failure::Failure;
use crate::cli::files::Files;
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
    let mut files = Files::begin(targets, &inputs).map_err(Failure::Input)?;
    let mut markdown = markdown(&columns);
    if let Some(figure) = figure {
        let name = relative(&picture, &args.out);
        let _ = write!(markdown, "\n![Expansions per second of each device]({name})\n");
        let bytes = figure.bytes(format).map_err(|error| Failure::Run(error.into()))?;
        files.write(&picture, &bytes).map_err(Failure::Run)?;
    }
    files.write(&args.out, markdown.as_bytes()).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    let devices = text::count(columns.len(), "device");
    verbosity.print(format!("{devices}: {}\n", args.out.display())).map_err(Failure::Run)
}

/// The picture's name as the table's folder sees it, where that is simple.
fn relative(picture: &Path, table: &Path) -> String {
    let same = picture.parent() == table.parent();
    let name = if same { picture.file_name().map_or(picture, Path::new) } else { picture };
    name.to_string_lossy().replace(' ', "%20")
}

fn markdown(columns: &[Column]) -> String {
    let mut text = String::from("# hope bench\n\n");
    let _ = writeln!(
        text,
        "Expansions of a point per second and, in brackets, the share of the device's multiply-adds per second; for kernels alone \
         GFLOP/s, and the share of multiply-adds or of the memory's bandwidth, whichever limits. `~`: measured in part and \
         extrapolated. All peaks are measured.\n"
    );
    let mut line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    let with = |first: &str, cell: &dyn Fn(&Column) -> String| -> Vec<String> {
        std::iter::once(first.to_string()).chain(columns.iter().map(cell)).collect()
    };
    line(with("", &|column| column.label.clone()));
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
            line(with(&workload, &|column| find(column, &workload).map_or("".into(), cell)));
        }
    }
    text.push('\n');
    for column in columns {
        let device = &column.device;
        let error = device.error.as_ref().map(|error| format!(" FAILED: {error}.")).unwrap_or_default();
        let _ = writeln!(text, "- {}: {}, {}.{error}", column.label, device.kind, device.driver);
        for row in &device.rows {
            let remark = match (&row.status, &row.figures) {
                (Status::Skipped(reason), _) => format!("skipped: {reason}"),
                (Status::Failed(reason), _) => format!("FAILED: {reason}"),
                (Status::Wrong, Some(f)) => {
                    format!("WRONG: off by {:.1e}, more than {:.0e}", f.deviation, f.tolerance)
                }
                (_, Some(f)) => match &f.reduced {
                    Some(part) => format!("measured with {part}"),
                    None => continue,
                },
                _ => continue,
            };
            let _ = writeln!(text, "  - {}: {remark}", row.workload);
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
