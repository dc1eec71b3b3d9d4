//! What measurements become in a record. The record itself is plain data: the fuzz targets compile it without devices.

use hope::bench::{Outcome, Peak, Workload};

use super::devices::Chosen;
use super::record::{DeviceRun, Figures, Machine, Row, Status};

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
