//! A run's measurements, as tables, files and reports have them: those of `hope bench`, and of the page for browsers.

use super::{Effort, Outcome, Peak, Spread, Target, Workload};
use crate::backend::KernelTime;
use crate::error::Result;

/// All measurements of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Version of the program.
    pub hope: String,
    /// When, in seconds since 1970.
    pub started: u64,
    /// Whether at order 3 only, and in short.
    pub quick: bool,
    /// Seconds for each workload.
    pub budget: f64,
    /// Where.
    pub machine: Machine,
    /// What was measured there.
    pub devices: Vec<DeviceRun>,
}

/// Where the run was.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Its processor.
    pub cpu: String,
    /// How many of them it has.
    pub cores: usize,
    /// Architecture and operating system, or browser.
    pub system: String,
}

/// The measurements of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRun {
    /// What people call it.
    pub name: String,
    /// `cpu`, `gpu` or `software`.
    pub kind: String,
    /// How it was reached.
    pub backend: String,
    /// Its driver.
    pub driver: String,
    /// Number type.
    pub precision: String,
    /// What it can do at the most.
    pub peak: Option<Peak>,
    /// Why it could not be measured.
    pub error: Option<String>,
    /// Workload by workload.
    pub rows: Vec<Row>,
}

/// A workload's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub workload: String,
    /// What the rate counts: `expansions` or `runs`.
    pub unit: String,
    /// How it ended.
    pub status: Status,
    /// Its numbers, if there are any.
    pub figures: Option<Figures>,
}

/// How a measurement ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Its numbers are right.
    Right,
    /// It deviates from f64 by more than it may.
    Wrong,
    /// It would take too long: why.
    Skipped(String),
    /// Why.
    Failed(String),
}

/// The numbers of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Expansions of a point, or runs.
    pub per_second: f64,
    /// Seconds of a run.
    pub seconds: Spread,
    /// Multiplications and additions.
    pub flops_per_second: f64,
    /// Read and written, where they are known.
    pub bytes_per_second: Option<f64>,
    /// Of the device's multiply-adds.
    pub share_of_flops: Option<f64>,
    /// Of the device's bandwidth.
    pub share_of_bytes: Option<f64>,
    /// What limits a kernel: `multiply-adds`, `memory`, or `neither`.
    pub limit: Option<String>,
    /// Of the result from f64, relative.
    pub deviation: f64,
    /// How large it may be.
    pub tolerance: f64,
    /// Which part was measured, if not all.
    pub reduced: Option<String>,
    /// Whether the device's clock measured the kernel alone.
    pub on_device: bool,
    /// Seconds of each kernel, the slowest first.
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

impl DeviceRun {
    /// Measures what the device can do at the most; without it there are no shares.
    pub async fn measure_peak(&mut self, target: &Target, effort: Effort) {
        match target.peak(effort).await {
            Ok(peak) => self.peak = Some(peak),
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    /// Measures a workload; what fails is noted.
    pub async fn measure(&mut self, target: &Target, workload: &Workload, effort: Effort) {
        let row = Row::new(workload, target.measure(workload, effort).await, self.peak.as_ref());
        self.rows.push(row);
    }
}

impl Row {
    /// What came of a workload on a device with this peak.
    pub fn new(workload: &Workload, outcome: Result<Outcome>, peak: Option<&Peak>) -> Self {
        let unit = if workload.is_expansion() { "expansions" } else { "runs" };
        let (status, figures) = match outcome {
            Err(error) => (Status::Failed(error.to_string()), None),
            Ok(Outcome::Skipped(reason)) => (Status::Skipped(reason), None),
            Ok(Outcome::Measured(m)) => {
                let limit = peak.and_then(|peak| m.limit(peak)).map(String::from);
                let figures = Figures {
                    limit,
                    per_second: m.rate(),
                    seconds: m.seconds,
                    flops_per_second: m.flops_rate(),
                    bytes_per_second: m.bytes_rate(),
                    share_of_flops: peak.map(|peak| m.flops_rate() / peak.flops),
                    share_of_bytes: peak.and_then(|peak| Some(m.bytes_rate()? / peak.bytes)),
                    deviation: m.deviation,
                    tolerance: m.tolerance,
                    reduced: m.reduced.clone(),
                    on_device: m.on_device,
                    kernels: m.kernels.clone(),
                };
                (if m.is_right() { Status::Right } else { Status::Wrong }, Some(figures))
            }
        };
        Self { workload: workload.name.clone(), unit: unit.into(), status, figures }
    }
}
