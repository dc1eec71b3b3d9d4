//! A device with its compiled pipelines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Fault, Faults, Tiling, shader};
use crate::error::{Error, Result};
use crate::kernel::dispatch::{Shader, WORKGROUP};

/// Number of storage buffers in the one bind group layout that all kernels share.
const STORAGE_BUFFERS: u32 = 6;

/// A GPU to compute on: a device, its queue, and the pipelines compiled so far.
///
/// Engines are independent of each other: several may work at once, on several adapters or threads. There
/// is no global state.
#[derive(Debug)]
pub struct Engine {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    pub(super) layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    pipelines: Mutex<HashMap<Shader, wgpu::ComputePipeline>>,
    pub(super) lost: Arc<Mutex<Option<String>>>,
    /// The first error of its own device that belongs to no operation.
    pub(super) complaint: Arc<Mutex<Option<String>>>,
    pub(super) faults: Option<Arc<Faults>>,
    pub(super) tiling: Tiling,
    /// Whether the engine opened the device itself.
    pub(super) own: bool,
}

impl Engine {
    /// Takes the caller's device. It needs no features, and no more than WebGPU's default limits; where it has less,
    /// the work is cut smaller. The device's lost callback is taken, too: a host that wants its own sets it afterwards
    /// and then asks the device itself.
    ///
    /// # Errors
    /// If the device lacks what even the smallest piece of work needs.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        let (info, limits) = (named(device.adapter_info()), device.limits());
        let least = [
            (
                "storage buffers per shader stage",
                limits.max_storage_buffers_per_shader_stage,
                STORAGE_BUFFERS,
            ),
            ("invocations per workgroup", limits.max_compute_invocations_per_workgroup, WORKGROUP),
            ("workgroup size along x", limits.max_compute_workgroup_size_x, WORKGROUP),
            ("bytes of workgroup memory", limits.max_compute_workgroup_storage_size, 12_800),
        ];
        for (what, has, needs) in least {
            if has < needs {
                let cause =
                    format!("it has {has} {what}, {needs} are needed: ask for WebGPU's default limits");
                return Err(Error::Device { device: info.name, cause });
            }
        }
        let layout = bind_group_layout(&device);
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("hope"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let lost = Arc::new(Mutex::new(None));
        let noted = lost.clone();
        device.set_device_lost_callback(move |_, message| {
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
        });
        let pipelines = Mutex::default();
        let tiling = Tiling::of(&info, device.features());
        Ok(Self {
            device,
            queue,
            info,
            layout,
            pipeline_layout,
            pipelines,
            lost,
            complaint: Arc::default(),
            faults: None,
            tiling,
            own: false,
        })
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// The queue.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// The adapter's name, driver and backend.
    pub fn info(&self) -> &wgpu::AdapterInfo {
        &self.info
    }

    /// Whether its driver computes on the processor instead of a GPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// Whether the device can measure the time of each kernel.
    pub fn has_timestamps(&self) -> bool {
        self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

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

    /// Fails on demand, for tests.
    #[must_use]
    pub fn with_faults(self, faults: Option<Arc<Faults>>) -> Self {
        Self { faults, ..self }
    }

    /// Whether a fault is to happen here.
    pub(super) fn strikes(&self, fault: Fault) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.strikes(fault))
    }

    /// How it computes matrix products.
    pub fn tiling(&self) -> Tiling {
        self.tiling
    }

    /// An error if the device has been lost, or complained of something that nobody waited for: then the engine is of no more use.
    pub fn check(&self) -> Result<()> {
        let device = || self.info.name.clone();
        if let Some(reason) = &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(Error::DeviceLost { device: device(), reason: reason.clone() });
        }
        match &*self.complaint.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(complaint) => Err(self.failed(complaint)),
        }
    }

    /// Listens to errors that belong to no operation, which otherwise are panics.
    pub(super) fn listen(&self) {
        let complaint = self.complaint.clone();
        self.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            complaint.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }));
    }

    fn failed(&self, cause: impl Into<String>) -> Error {
        Error::Device { device: self.info.name.clone(), cause: cause.into() }
    }

    /// The compiled pipeline of a shader.
    pub(super) async fn pipeline(&self, shader: Shader) -> Result<wgpu::ComputePipeline> {
        let pipelines = || self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = pipelines().get(&shader).cloned();
        if let Some(pipeline) = compiled {
            return Ok(pipeline);
        }
        let label = format!("hope {}", shader.name());
        let source =
            shader::source(&shader).map_err(|error| self.failed(format!("shader '{label}': {error}")))?;
        let constants = shader.tile.map_or_else(Vec::new, |tile| tile.overrides());
        let (pipeline, complaint) = self.scoped(|device| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(&label),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(&label),
                layout: Some(&self.pipeline_layout),
                module: &module,
                entry_point: Some(shader.entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    zero_initialize_workgroup_memory: false, // it is written before it is read
                },
                cache: None,
            })
        });
        if let Some(error) = complaint.await {
            return Err(self.failed(format!("shader '{label}' does not compile: {error}")));
        }
        pipelines().insert(shader, pipeline.clone());
        Ok(pipeline)
    }

    /// Creates a buffer, or says that memory is short.
    pub(super) async fn buffer(
        &self,
        label: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer> {
        self.check()?;
        let descriptor = wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes.max(16),
            usage,
            mapped_at_creation: false,
        };
        let short = || Error::DeviceMemory { device: self.info.name.clone(), bytes };
        if self.strikes(Fault::Allocation) {
            return Err(short());
        }
        let (buffer, complaint) = self.scoped(|device| device.create_buffer(&descriptor));
        match complaint.await {
            None => Ok(buffer),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(short()),
            Some(error) => Err(self.failed(format!("buffer '{label}': {error}"))),
        }
    }

    /// Creates a buffer with these words in it.
    pub(super) async fn filled<T: bytemuck::NoUninit>(
        &self,
        label: &str,
        words: &[T],
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer> {
        let buffer =
            self.buffer(label, size_of_val(words) as u64, usage | wgpu::BufferUsages::COPY_DST).await?;
        self.write(&buffer, words).await?;
        Ok(buffer)
    }

    /// Writes bytes into a buffer, from its start.
    pub(super) async fn write<T: bytemuck::NoUninit>(
        &self,
        buffer: &wgpu::Buffer,
        words: &[T],
    ) -> Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let ((), complaint) = self.scoped(|_| self.queue.write_buffer(buffer, 0, bytes));
        match complaint.await {
            None => Ok(()),
            Some(wgpu::Error::OutOfMemory { .. }) => {
                Err(Error::DeviceMemory { device: self.info.name.clone(), bytes: bytes.len() as u64 })
            }
            Some(error) => Err(self.failed(format!("writing a buffer: {error}"))),
        }
    }

    /// Submits commands.
    pub(super) async fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex> {
        if self.strikes(Fault::Submission) {
            self.device.destroy();
        }
        let (submission, complaint) = self.scoped(|_| self.queue.submit([encoder.finish()]));
        match complaint.await {
            None => Ok(submission),
            Some(error) => {
                self.check()?; // that it is lost says more
                Err(self.failed(format!("submitting: {error}")))
            }
        }
    }

    /// Binds whole buffers in the order of `shaders/common.wgsl`.
    pub(super) fn bind(&self, label: &str, buffers: [&wgpu::Buffer; 7]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let layout = &self.layout;
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout,
            entries: &entries,
        })
    }

    /// Does something on the device; the future tells whether the device complained.
    fn scoped<T, F: FnOnce(&wgpu::Device) -> T>(
        &self,
        act: F,
    ) -> (T, impl Future<Output = Option<wgpu::Error>> + use<T, F>) {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        // A scope belongs to its thread: it must not live across an await.
        let [a, b, c] =
            [OutOfMemory, Internal, Validation].map(|filter| self.device.push_error_scope(filter));
        let made = act(&self.device);
        let (c, b, a) = (c.pop(), b.pop(), a.pop());
        (made, async move { c.await.or(b.await).or(a.await) })
    }
}

/// Browsers needn't tell an adapter's name.
pub(super) fn named(mut info: wgpu::AdapterInfo) -> wgpu::AdapterInfo {
    if info.name.is_empty() {
        info.name = info.backend.to_string();
    }
    info
}

/// One layout for all kernels: see `shaders/common.wgsl`.
fn bind_group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let buffer = |binding: u32, ty: wgpu::BufferBindingType| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("hope"),
        entries: &[
            buffer(0, wgpu::BufferBindingType::Uniform),
            buffer(1, storage(true)),
            buffer(2, storage(true)),
            buffer(3, storage(true)),
            buffer(4, storage(true)),
            buffer(5, storage(false)),
            buffer(6, storage(false)),
        ],
    })
}
