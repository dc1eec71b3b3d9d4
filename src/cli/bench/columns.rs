//! The columns of a report: the devices of several runs, each under a name of its own.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use hope::bench::record::{DeviceRun, Row, Run};
use hope::regular_file::RegularFile;

use super::json;
use crate::cli::text::count;

/// Largest file that is read: a run takes some hundred bytes for each measurement.
const MAX_BYTES: u64 = 16 << 20;

/// Most columns of a report.
const MAX_DEVICES: usize = 256;

/// Most measurements of a report: each is looked for among those of each device.
const MAX_ROWS: usize = 8192;

/// A device's measurements under a name of its own.
pub struct Column {
    pub label: String,
    pub device: DeviceRun,
}

/// Reads all runs; devices of the same name get the name of their file, too.
///
/// # Errors
/// If a file can't be read, is no run, or none names a device.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Column>> {
    let mut all = Vec::new();
    for path in paths {
        let cannot = |error: &dyn Display| anyhow!("cannot read {}: {error}", path.display());
        let wrong = |error: &dyn Display| anyhow!("{}: {error}", path.display());
        let file = RegularFile::open(path).map_err(|error| cannot(&error))?;
        if file.size > MAX_BYTES {
            return Err(wrong(&"it is too large for a file that `hope bench --json` wrote"));
        }
        let text = file.read().map_err(|error| cannot(&error))?;
        let text = str::from_utf8(&text).map_err(|error| wrong(&format!("it is no text: {error}")))?;
        let run: Run = json::parse(text).map_err(|error| wrong(&error))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        all.extend(run.devices.into_iter().map(|device| (file.clone(), device)));
    }
    let rows: usize = all.iter().map(|(_, device)| device.rows.len()).sum();
    if all.len() > MAX_DEVICES || rows > MAX_ROWS {
        bail!(
            "the files have {} and {}; a report shows up to {MAX_DEVICES} and {MAX_ROWS}",
            count(all.len(), "device"),
            count(rows, "measurement")
        );
    }
    if all.is_empty() {
        bail!("the files name no device: measure with `hope bench --json`");
    }
    let plain = |device: &DeviceRun| {
        let backend = if device.kind == "cpu" { String::new() } else { format!(", {}", device.backend) };
        format!("{}{backend}, {}", device.name, device.precision)
    };
    let same = |labels: &[String], label: &String| labels.iter().filter(|l| *l == label).count();
    let labels: Vec<String> = all.iter().map(|(_, device)| plain(device)).collect();
    let with_file = |(file, device): &(String, DeviceRun)| {
        let label = plain(device);
        if same(&labels, &label) > 1 { format!("{label} ({file})") } else { label }
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
