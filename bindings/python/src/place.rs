//! Where to compute, by names as the program has them.

use std::sync::{Mutex, PoisonError};

use hope::gpu::{Choice, MAX_ORDER, adapters as all_adapters};
use hope::{Device, Precision};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::raised;
use crate::run::beside;

/// Number of rays that a run in f32 recomputes in f64 unless told otherwise.
const VERIFIED: usize = 3;

/// Devices that were opened, by their names, and the process that did: a fork takes no GPU along. Locked only while the interpreter is held, so that
/// no other thread has it when a process forks.
static OPEN: Mutex<Vec<(u32, String, Device)>> = Mutex::new(Vec::new());

/// Where a run computes, and what follows from it.
pub struct Place {
    pub device: Device,
    pub precision: Precision,
    pub verify: usize,
}

impl Place {
    /// `auto` is a hardware GPU if there is one that can do what is asked, else the processor.
    pub fn new(
        py: Python<'_>,
        name: &str,
        precision: Option<Precision>,
        order: usize,
        verify: Option<usize>,
    ) -> PyResult<Self> {
        let place = |device, precision| {
            let default = if precision == Precision::F32 { VERIFIED } else { 0 };
            Self { device, precision, verify: verify.unwrap_or(default) }
        };
        let suits = precision != Some(Precision::F64) && order <= MAX_ORDER;
        if name == "cpu" || (name == "auto" && !suits) {
            return Ok(place(Device::cpu(), precision.unwrap_or(Precision::F64)));
        }
        let device = open(py, name)?;
        // Whatever has only one number type takes that.
        let offered = device.backend().abilities().precisions;
        let best = offered.first().copied().unwrap_or(Precision::F64);
        Ok(place(device, precision.unwrap_or(best)))
    }
}

fn open(py: Python<'_>, name: &str) -> PyResult<Device> {
    let here = std::process::id();
    let lock = || OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = |(process, of, device): &(u32, String, Device)| {
        // The processor is the same in a forked process, which need not look for GPUs again.
        let lives = *process == here || device.kind() == hope::backend::Kind::Processor;
        (lives && of == name).then(|| device.clone())
    };
    if let Some(device) = lock().iter().find_map(known) {
        return Ok(device);
    }
    let choice = match name {
        "auto" | "gpu" => Choice::Hardware,
        part => Choice::Named(part.into()),
    };
    let found = beside(py, None, move |_| pollster::block_on(Device::open(&choice)));
    let device = match found {
        Ok(device) => device,
        // Without a GPU, or with a broken one, `auto` means the processor.
        Err(error)
            if name == "auto" && error.is_instance(py, &py.import("hope._errors")?.getattr("Error")?) =>
        {
            Device::cpu()
        }
        Err(error) => return Err(error),
    };
    lock().push((here, name.into(), device.clone()));
    Ok(device)
}

/// The GPUs and software drivers that can compute, the best first.
#[pyfunction]
pub fn adapters(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let found = beside(py, None, |_| Ok(pollster::block_on(all_adapters())))?;
    found
        .iter()
        .map(|adapter| {
            let entry = PyDict::new(py);
            entry.set_item("name", &adapter.info.name)?;
            entry.set_item("backend", adapter.info.backend.to_string())?;
            entry
                .set_item("driver", format!("{} {}", adapter.info.driver, adapter.info.driver_info).trim())?;
            entry.set_item("software", adapter.is_software())?;
            entry.set_item("features", adapter.feature_names())?;
            Ok(entry)
        })
        .collect()
}

/// A number type by its name.
pub fn precision(name: &str) -> PyResult<Precision> {
    match name {
        "f32" => Ok(Precision::F32),
        "f64" => Ok(Precision::F64),
        _ => Err(raised(hope::Error::Text {
            text: name.into(),
            cause: format!("precision '{name}': choose 'f32' or 'f64'"),
        })),
    }
}
