//! A run's measurements, as tables, files and reports have them.

use hope::KernelTime;
use hope::bench::{Peak, Spread};

/// All measurements of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Version of the program.
    pub hope: String,
    /// When, in seconds since 1970.
    pub started: u64,
    pub quick: bool,
    /// Seconds for each workload.
    pub budget: f64,
    pub machine: Machine,
    pub devices: Vec<DeviceRun>,
}

/// Where the run was.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub system: String,
}

/// The measurements of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRun {
    pub name: String,
    /// `cpu`, `gpu` or `software`.
    pub kind: String,
    pub backend: String,
    pub driver: String,
    pub precision: String,
    pub peak: Option<Peak>,
    /// Why it could not be measured.
    pub error: Option<String>,
    pub rows: Vec<Row>,
}

/// A workload's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub workload: String,
    /// What the rate counts: `expansions` or `runs`.
    pub unit: String,
    pub status: Status,
    pub figures: Option<Figures>,
}

/// How a measurement ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    Right,
    /// It deviates from f64 by more than it may.
    Wrong,
    Skipped(String),
    Failed(String),
}

/// The numbers of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub per_second: f64,
    /// Seconds of a run.
    pub seconds: Spread,
    pub flops_per_second: f64,
    pub bytes_per_second: Option<f64>,
    /// Of the device's multiply-adds.
    pub share_of_flops: Option<f64>,
    /// Of the device's bandwidth.
    pub share_of_bytes: Option<f64>,
    /// What limits a kernel: `multiply-adds`, `memory`, or `neither`.
    pub limit: Option<String>,
    pub deviation: f64,
    pub tolerance: f64,
    /// Which part was measured, if not all.
    pub reduced: Option<String>,
    /// Whether the device's clock measured the kernel alone.
    pub on_device: bool,
    pub kernels: Vec<KernelTime>,
}

impl Run {
    /// What is wrong, or has failed.
    pub fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for device in &self.devices {
            let name = &device.name;
            all.extend(device.error.iter().map(|error| format!("{name}: {error}")));
            for row in &device.rows {
                match (&row.status, &row.figures) {
                    (Status::Failed(reason), _) => all.push(format!("{name}: {}: {reason}", row.workload)),
                    (Status::Wrong, Some(figures)) => all.push(format!(
                        "{name}: {} is off by {:.1e}, more than {:.0e}",
                        row.workload, figures.deviation, figures.tolerance
                    )),
                    _ => {}
                }
            }
        }
        all
    }
}
