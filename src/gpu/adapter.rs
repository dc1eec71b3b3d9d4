//! Finding adapters, and opening a device on one.

use super::engine::named;
use super::{Engine, Fault};
use crate::error::{Error, Result};

/// Which adapter to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU, or none: a software driver is taken only when asked for by name.
    Hardware,
    /// Any adapter, hardware first.
    Any,
    /// The first whose name, driver or backend contains this, ignoring case.
    Named(String),
    /// This one.
    Exactly(Box<wgpu::AdapterInfo>),
}

/// What there is to know about an adapter before opening it.
#[derive(Clone, Debug)]
pub struct AdapterSummary {
    /// Name, vendor, driver, backend.
    pub info: wgpu::AdapterInfo,
    /// What it can do at most.
    pub limits: wgpu::Limits,
    /// Optional features.
    pub features: wgpu::Features,
}

impl AdapterSummary {
    /// Whether it computes on a processor instead of a GPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// Names of optional features that matter to those who compare GPUs.
    pub fn feature_names(&self) -> Vec<&'static str> {
        let wanted = [
            ("timestamps", wgpu::Features::TIMESTAMP_QUERY),
            ("f16", wgpu::Features::SHADER_F16),
            ("f64", wgpu::Features::SHADER_F64),
            ("subgroups", wgpu::Features::SUBGROUP),
        ];
        wanted.iter().filter(|(_, f)| self.features.contains(*f)).map(|(name, _)| *name).collect()
    }

    /// A number to sort by: discrete GPUs first, software last.
    fn rank(&self) -> u8 {
        match self.info.device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        }
    }

    /// Whether it is one of those that a choice leaves.
    pub fn matches(&self, choice: &Choice) -> bool {
        match choice {
            Choice::Hardware => !self.is_software(),
            Choice::Any => true,
            Choice::Exactly(info) => **info == self.info,
            Choice::Named(name) => {
                let name = name.to_lowercase();
                let own = [
                    &self.info.name,
                    &self.info.driver,
                    &self.info.driver_info,
                    &self.info.backend.to_string(),
                ];
                own.iter().any(|part| part.to_lowercase().contains(&name))
            }
        }
    }
}

/// An instance that honours `WGPU_BACKEND` and the like.
fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env())
}

async fn found() -> Vec<(wgpu::Adapter, AdapterSummary)> {
    #[cfg(target_family = "wasm")]
    if !wgpu::util::is_browser_webgpu_supported().await {
        return Vec::new(); // asking all the same would be a panic
    }
    let backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::all());
    let mut all: Vec<_> = instance()
        .enumerate_adapters(backends)
        .await
        .into_iter()
        .map(|adapter| {
            let summary = AdapterSummary {
                info: named(adapter.get_info()),
                limits: adapter.limits(),
                features: adapter.features(),
            };
            (adapter, summary)
        })
        .collect();
    all.sort_by_key(|(_, summary)| summary.rank());
    all
}

/// All adapters that can compute, the best first.
pub async fn adapters() -> Vec<AdapterSummary> {
    found().await.into_iter().map(|(_, summary)| summary).collect()
}

impl Engine {
    /// Opens a device on an adapter.
    ///
    /// `limits` are what the device is asked for; by default WebGPU's own, with buffers and bindings as large as the
    /// adapter allows.
    ///
    /// # Errors
    /// If there is no such adapter or it refuses.
    pub async fn open(choice: &Choice, limits: Option<wgpu::Limits>) -> Result<Self> {
        let all = found().await;
        let Some((adapter, summary)) = all.iter().find(|(_, summary)| summary.matches(choice)) else {
            return Err(no_adapter(choice, &all));
        };
        let largest = &summary.limits;
        let limits = limits.unwrap_or_else(|| wgpu::Limits {
            max_storage_buffer_binding_size: largest.max_storage_buffer_binding_size,
            max_buffer_size: largest.max_buffer_size,
            ..wgpu::Limits::default()
        });
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("hope"),
            required_limits: limits,
            // Times per kernel, and a faster matrix product on processors, where there are any; nothing else depends on them.
            required_features: summary.features
                & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SUBGROUP),
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|error| Error::Device {
            device: summary.info.name.clone(),
            cause: format!("it cannot be opened: {error}"),
        })?;
        let mut engine = Self::new(device, queue)?;
        engine.own = true;
        engine.listen();
        Ok(engine)
    }

    /// Opens a new device in place of one that was lost.
    ///
    /// # Errors
    /// If the device was the caller's, or its adapter is gone.
    pub(super) async fn reopen(&self) -> Result<Self> {
        if !self.own {
            self.check()?; // the host has to act on the loss of its device
        }
        let choice = Choice::Named(self.info().name.clone());
        if self.strikes(Fault::Reopening) {
            return Err(no_adapter(&choice, &[]));
        }
        let engine = Self::open(&choice, Some(self.device().limits())).await?;
        engine.with_faults(self.faults.clone()).with_tiling(self.tiling())
    }
}

fn no_adapter(choice: &Choice, all: &[(wgpu::Adapter, AdapterSummary)]) -> Error {
    let names: Vec<String> =
        all.iter().map(|(_, s)| format!("'{}' ({})", s.info.name, s.info.backend)).collect();
    let there = match names[..] {
        [] if cfg!(target_family = "wasm") => "the browser offers no WebGPU here".to_string(),
        [] => "no adapter at all: install a Vulkan driver (Debian: mesa-vulkan-drivers)".to_string(),
        _ => names.join(", "),
    };
    let wanted = match choice {
        Choice::Hardware => "hardware GPU".to_string(),
        Choice::Any => "adapter".to_string(),
        Choice::Named(name) => format!("adapter named '{name}'"),
        Choice::Exactly(info) => format!("adapter '{}' ({}) any more", info.name, info.backend),
    };
    Error::NoAdapter { wanted, there }
}
