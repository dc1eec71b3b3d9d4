//! Where to compute.

use std::cell::RefCell;

use hope::gpu::{Choice, MAX_ORDER};
use hope::{Device, Error, Precision, Result};

use crate::error::unknown;

/// Number of rays that a run in f32 recomputes in f64 unless told otherwise.
const VERIFIED: usize = 3;

thread_local! {
    /// GPUs that are open, by how they were asked for.
    static OPEN: RefCell<Vec<(Choice, Device)>> = const { RefCell::new(Vec::new()) };
}

/// Where a run computes, and what follows from it.
pub struct Place {
    pub device: Device,
    pub precision: Precision,
    pub verify: usize,
    /// Why it isn't on a GPU, where one would do.
    pub note: Option<String>,
}

impl Place {
    /// `auto` is a GPU if there is one that can do what is asked, else the processor; `webgpu` may also be a driver that computes on the
    /// processor.
    ///
    /// # Errors
    /// If a name means nothing, or there is no such device.
    pub async fn new(
        name: &str,
        precision: Option<&str>,
        order: usize,
        verify: Option<usize>,
    ) -> Result<Self> {
        let precision = precision.map(number_type).transpose()?;
        let (device, note) = match name {
            "cpu" => (Device::cpu(), None),
            "webgpu" => (open(Choice::Any).await?, None),
            "auto" if precision == Some(Precision::F64) || order > MAX_ORDER => (Device::cpu(), None),
            "auto" => match open(Choice::Hardware).await {
                Ok(device) => (device, None),
                Err(error) => (Device::cpu(), Some(reason(error))),
            },
            _ => return Err(unknown("device", name, "'auto', 'webgpu' or 'cpu'")),
        };
        // Whatever has only one number type takes that.
        let best = device.backend().abilities().precisions.first().copied();
        let precision = precision.or(best).unwrap_or(Precision::F64);
        let default = if precision == Precision::F32 { VERIFIED } else { 0 };
        Ok(Self { device, precision, verify: verify.unwrap_or(default), note })
    }
}

/// The processor, or a GPU of any kind.
///
/// # Errors
/// If the name means nothing, or there is no such device.
pub async fn open_named(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::cpu()),
        "webgpu" => open(Choice::Any).await,
        _ => Err(unknown("device", name, "'webgpu' or 'cpu'")),
    }
}

/// Why it computes on the processor.
fn reason(error: Error) -> String {
    match error {
        Error::NoAdapter { wanted, there } => {
            format!("Computed on the processor: there is no {wanted}; found: {there}.")
        }
        error => format!("Computed on the processor: {error}."),
    }
}

async fn open(choice: Choice) -> Result<Device> {
    let sound = |device: &Device| device.engine().is_none_or(|engine| engine.check().is_ok());
    let known = OPEN.with_borrow_mut(|open| {
        open.retain(|(_, device)| sound(device));
        open.iter().find(|(of, _)| *of == choice).map(|(_, device)| device.clone())
    });
    if let Some(device) = known {
        return Ok(device);
    }
    let device = Device::open(&choice).await?;
    OPEN.with_borrow_mut(|open| open.push((choice, device.clone())));
    Ok(device)
}

fn number_type(name: &str) -> Result<Precision> {
    match name {
        "f32" => Ok(Precision::F32),
        "f64" => Ok(Precision::F64),
        _ => Err(unknown("precision", name, "'f32' or 'f64'")),
    }
}
