//! Which way of computing matrix products suits a device.

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
    pub(super) fn works(self, info: &wgpu::AdapterInfo, features: wgpu::Features) -> bool {
        self != Self::Subgroup || features.contains(wgpu::Features::SUBGROUP) && info.subgroup_min_size >= 8
    }
}
