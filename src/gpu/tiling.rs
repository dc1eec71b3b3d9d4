//! Which way of computing matrix products suits a device.

use super::Engine;
use crate::error::{Error, Result};
use crate::kernel::dispatch::Tiling;

impl Tiling {
    /// What suits a device.
    pub(super) fn of(info: &wgpu::AdapterInfo, features: wgpu::Features) -> Self {
        match info.device_type {
            wgpu::DeviceType::Cpu if Self::Subgroup.works(info, features) => Self::Subgroup,
            wgpu::DeviceType::Cpu => Self::Registers,
            _ => Self::Workgroup,
        }
    }

    /// Whether a device can.
    fn works(self, info: &wgpu::AdapterInfo, features: wgpu::Features) -> bool {
        self != Self::Subgroup || features.contains(wgpu::Features::SUBGROUP) && info.subgroup_min_size >= 8
    }
}

impl Engine {
    /// Computes matrix products in another way than the one chosen for the device, to compare them.
    ///
    /// # Errors
    /// If the device has no subgroups of at least 8 invocations and these are asked for.
    pub fn with_tiling(mut self, tiling: Tiling) -> Result<Self> {
        if !tiling.works(self.info(), self.device().features()) {
            let cause = "it has no subgroups of 8 invocations, or they were not asked for";
            return Err(Error::Device { device: self.info().name.clone(), cause: cause.into() });
        }
        self.tiling = tiling;
        Ok(self)
    }

    /// How it computes matrix products.
    pub fn tiling(&self) -> Tiling {
        self.tiling
    }
}
