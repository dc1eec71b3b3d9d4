//! `--device`: where to compute; and `hope adapters`.

use anyhow::{Result, bail};
use clap::Args;

use hope::{Device, Precision, Request};

use super::failure::Failure;
use super::text;
use super::values::{NumberType, memory_size};

/// Number of rays that a run in f32 recomputes in f64 unless told otherwise.
const VERIFIED: usize = 3;

/// The options that say where to compute.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Where to compute: auto (a hardware GPU if there is one, else the CPU), cpu, gpu, or part of an adapter's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto", help_heading = "How")]
    device: String,

    /// Number type to compute in [default: f64 on the CPU; GPUs compute in f32].
    #[arg(long, value_enum, help_heading = "How")]
    precision: Option<NumberType>,

    /// Memory for the work, such as 2GiB or 500MB [default: half of the free memory].
    #[arg(long, value_name = "SIZE", value_parser = memory_size, help_heading = "How")]
    pub memory: Option<u64>,

    /// Threads of the processor [default: RAYON_NUM_THREADS, else all cores]. Results don't depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "How")]
    threads: Option<u16>,
}

impl PlaceArgs {
    /// Opens the device and sets a request to it; `order` is the highest that will be computed.
    ///
    /// # Errors
    /// If there is no such device, or it can't do what is asked.
    pub fn apply(&self, request: &mut Request, order: usize, verify: Option<usize>) -> Result<()> {
        let place = Place::new(&self.device, self.precision.map(Precision::from), order, verify)?;
        (request.device, request.precision, request.verify) = (place.device, place.precision, place.verify);
        request.memory = self.memory;
        request.threads = self.threads.map(usize::from);
        Ok(())
    }
}

/// Where a run computes, and what follows from it.
pub struct Place {
    pub device: Device,
    pub precision: Precision,
    pub verify: usize,
}

impl Place {
    /// Takes the device that `--device` names; `auto` is a hardware GPU if there is one that can do what is asked,
    /// else the CPU.
    pub fn new(
        device: &str,
        precision: Option<Precision>,
        order: usize,
        verify: Option<usize>,
    ) -> Result<Self> {
        let place = |device, precision| {
            let default = if precision == Precision::F32 { VERIFIED } else { 0 };
            Self { device, precision, verify: verify.unwrap_or(default) }
        };
        let cpu = || place(Device::cpu(), precision.unwrap_or(Precision::F64));
        if device == "cpu" {
            return Ok(cpu());
        }
        if device != "auto" && precision == Some(Precision::F64) {
            bail!("--device {device}: GPUs compute in f32: use --precision f32, or --device cpu for f64");
        }
        let suits = precision != Some(Precision::F64) && order <= max_order();
        if device == "auto" && !suits {
            return Ok(cpu());
        }
        match open(device)? {
            Some(device) => Ok(place(device, Precision::F32)),
            None => Ok(cpu()),
        }
    }
}

/// Name and driver, as the JSON says them.
pub fn describe(device: &Device) -> (String, String) {
    let about = device.backend().about();
    (about.name, about.driver)
}

#[cfg(feature = "gpu")]
fn max_order() -> usize {
    hope::gpu::MAX_ORDER
}

#[cfg(not(feature = "gpu"))]
fn max_order() -> usize {
    0
}

#[cfg(feature = "gpu")]
fn open(device: &str) -> Result<Option<Device>> {
    use hope::gpu::Choice;

    let choice = match device {
        "auto" | "gpu" => Choice::Hardware,
        name => Choice::Named(name.into()),
    };
    match pollster::block_on(Device::open(&choice)) {
        Ok(device) => Ok(Some(device)),
        // Without a GPU, or with a broken one, `auto` means the CPU.
        Err(_) if device == "auto" => Ok(None),
        Err(error) => bail!("--device {device}: {error}; `hope adapters` lists what there is"),
    }
}

#[cfg(not(feature = "gpu"))]
fn open(device: &str) -> Result<Option<Device>> {
    if device == "auto" {
        return Ok(None);
    }
    bail!(
        "--device {device}: this build of hope has no GPU engine: use --device cpu, or build it with the feature gpu"
    )
}

/// List the GPUs and software drivers that can compute.
#[derive(Debug, Args)]
pub struct AdaptersArgs {}

/// `hope adapters`.
#[cfg(feature = "gpu")]
pub fn list() -> Result<(), Failure> {
    use std::fmt::Write as _;

    let adapters = pollster::block_on(hope::gpu::adapters());
    let mut lines = String::new();
    let auto = adapters.first().filter(|adapter| !adapter.is_software());
    for adapter in &adapters {
        let (info, limits) = (&adapter.info, &adapter.limits);
        let mark = if auto.is_some_and(|auto| auto.info == *info) { "  <- --device auto" } else { "" };
        let kind = if adapter.is_software() { "software" } else { "GPU" };
        let _ = writeln!(lines, "{} ({kind}){mark}", info.name);
        let _ = writeln!(lines, "  backend   {}", info.backend);
        let _ = writeln!(lines, "  vendor    {:#06x}, device {:#06x}", info.vendor, info.device);
        let _ = writeln!(lines, "  driver    {} {}", info.driver, info.driver_info);
        let _ = writeln!(
            lines,
            "  limits    bindings of {}, buffers of {}, {} storage buffers, {} invocations per workgroup, {} workgroups per dimension",
            hope::memory::human(limits.max_storage_buffer_binding_size),
            hope::memory::human(limits.max_buffer_size),
            limits.max_storage_buffers_per_shader_stage,
            limits.max_compute_invocations_per_workgroup,
            limits.max_compute_workgroups_per_dimension,
        );
        let has = adapter.feature_names();
        let _ = writeln!(
            lines,
            "  features  {}\n",
            if has.is_empty() { "none of note".into() } else { has.join(", ") }
        );
    }
    match (adapters.is_empty(), auto) {
        (true, _) => lines.push_str(
            "no adapters: install a Vulkan driver (Debian: mesa-vulkan-drivers)\n--device auto takes the CPU\n",
        ),
        (false, None) => lines.push_str(
            "--device auto takes the CPU: there is no hardware GPU, and a software driver is taken only by its name\n",
        ),
        _ => {}
    }
    text::print(&lines).map_err(Failure::Run)
}

/// `hope adapters`.
#[cfg(not(feature = "gpu"))]
pub fn list() -> Result<(), Failure> {
    text::print("this build of hope has no GPU engine\n").map_err(Failure::Run)
}
