//! `hope bench report`: runs of several machines in one table and a chart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use hope::picture::Format;

use super::record::{DeviceRun, Row, Run, Status};
use super::{chart, json, table};
use crate::cli::files::Files;
use crate::cli::{Failure, text};

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

    /// Print nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

/// A device's measurements under a name of its own.
pub struct Column {
    pub label: String,
    pub device: DeviceRun,
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> Result<(), Failure> {
    let picture = args.chart.clone().unwrap_or_else(|| args.out.with_extension("svg"));
    let columns = columns(&args.runs).map_err(Failure::Input)?;
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
    if args.quiet {
        return Ok(());
    }
    let devices = text::count(columns.len(), "device");
    text::print(format!("{devices}: {}\n", args.out.display())).map_err(Failure::Run)
}

/// The picture's name as the table's folder sees it, where that is simple.
fn relative(picture: &Path, table: &Path) -> String {
    let same = picture.parent() == table.parent();
    let name = if same { picture.file_name().map_or(picture, Path::new) } else { picture };
    name.to_string_lossy().replace(' ', "%20")
}

/// Reads all runs; devices of the same name get the name of their file, too.
fn columns(paths: &[PathBuf]) -> Result<Vec<Column>> {
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path)
            .map_err(|error| anyhow!("cannot read {}: {error}", path.display()))?;
        let run: Run = json::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        all.extend(run.devices.into_iter().map(|device| (file.clone(), device)));
    }
    if all.is_empty() {
        bail!("the files name no device: measure with `hope bench --json`");
    }
    let plain = |device: &DeviceRun| {
        let backend = if device.kind == "cpu" { String::new() } else { format!(", {}", device.backend) };
        format!("{}{backend}, {}", device.name, device.precision)
    };
    let count = |labels: &[String], label: &String| labels.iter().filter(|l| *l == label).count();
    let labels: Vec<String> = all.iter().map(|(_, device)| plain(device)).collect();
    let with_file = |(file, device): &(String, DeviceRun)| {
        let label = plain(device);
        if count(&labels, &label) > 1 { format!("{label} ({file})") } else { label }
    };
    let labels: Vec<String> = all.iter().map(with_file).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    Ok(all
        .into_iter()
        .zip(&labels)
        .map(|((_, device), label)| {
            let nth = seen.entry(label.clone()).or_default();
            *nth += 1;
            // Files of one name, from several folders.
            let label = if *nth > 1 { format!("{label} #{nth}") } else { label.clone() };
            Column { label, device }
        })
        .collect())
}

/// Names of the workloads with this unit, in the order of their first appearance.
pub fn workloads(columns: &[Column], unit: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in columns.iter().flat_map(|column| &column.device.rows).filter(|row| row.unit == unit) {
        if !names.contains(&row.workload) {
            names.push(row.workload.clone());
        }
    }
    names
}

/// A device's outcome of a workload.
pub fn find<'a>(column: &'a Column, workload: &str) -> Option<&'a Row> {
    column.device.rows.iter().find(|row| row.workload == workload)
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
