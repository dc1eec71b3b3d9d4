//! This machine and its devices, as records name them.

use hope::bench::record::{DeviceRun, Machine};

use super::devices::Chosen;

/// This machine.
pub fn machine() -> Machine {
    let brand = || {
        let mut system = sysinfo::System::new().ok()?;
        system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
        Some(system.cpus().first()?.brand().trim().to_string())
    };
    let brand = brand().unwrap_or_default();
    Machine {
        cpu: if brand.is_empty() { "unknown processor".into() } else { brand },
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    }
}

/// A device before anything is measured.
pub fn device(device: &Chosen) -> DeviceRun {
    let text = |kind: &str| kind.to_string();
    let (name, kind, backend, driver) = match device {
        Chosen::Cpu(_) => {
            let Machine { cpu, cores, system } = machine();
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
    DeviceRun { name, kind, backend, driver, precision, peak: None, error: None, rows: Vec::new() }
}
