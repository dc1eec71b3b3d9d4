//! A run's measurements, as tables, files and reports have them.

use hope::KernelTime;
use hope::bench::{Outcome, Peak, Spread, Workload};

use super::devices::Chosen;

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

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let brand = || {
            let mut system = sysinfo::System::new().ok()?;
            system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
            Some(system.cpus().first()?.brand().trim().to_string())
        };
        let brand = brand().unwrap_or_default();
        Self {
            cpu: if brand.is_empty() { "unknown processor".into() } else { brand },
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        }
    }
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
    /// Before anything is measured.
    pub fn new(device: &Chosen) -> Self {
        let text = |kind: &str| kind.to_string();
        let (name, kind, backend, driver) = match device {
            Chosen::Cpu(_) => {
                let Machine { cpu, cores, system } = Machine::this();
                let cores = crate::cli::text::count(cores, "core");
                (format!("{cpu}, {cores}"), text("cpu"), text("cpu"), system)
            }
            #[cfg(feature = "gpu")]
            Chosen::Adapter(adapter) => {
                let info = &adapter.info;
                let kind = if adapter.is_software() { "software" } else { "gpu" };
                let driver = format!("{} {}", info.driver, info.driver_info).trim().to_string();
                (info.name.clone(), text(kind), info.backend.to_string(), driver)
            }
        };
        let precision = device.precision().name().into();
        Self { name, kind, backend, driver, precision, peak: None, error: None, rows: Vec::new() }
    }
}

impl Row {
    /// What came of a workload on a device with this peak.
    pub fn new(workload: &Workload, outcome: hope::Result<Outcome>, peak: Option<&Peak>) -> Self {
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
