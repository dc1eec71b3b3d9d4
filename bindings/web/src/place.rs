//! Where to compute.

use hope::{Device, Precision};

use crate::error::unknown;

/// Where a run computes, and what follows from it.
pub struct Place {
    pub device: Device,
    pub precision: Precision,
    pub verify: usize,
    /// Why it isn't where one would like it to be.
    pub note: Option<String>,
}

impl Place {
    /// The processor.
    ///
    /// # Errors
    /// If a name means nothing.
    pub async fn new(
        name: &str,
        precision: Option<&str>,
        _order: usize,
        verify: Option<usize>,
    ) -> hope::Result<Self> {
        let precision = match precision {
            None | Some("f64") => Precision::F64,
            Some("f32") => Precision::F32,
            Some(other) => return Err(unknown("precision", other, "'f32' or 'f64'")),
        };
        match name {
            "auto" | "cpu" => {
                Ok(Self { device: Device::cpu(), precision, verify: verify.unwrap_or(0), note: None })
            }
            _ => Err(unknown("device", name, "'cpu'")),
        }
    }
}
