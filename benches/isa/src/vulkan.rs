//! A Vulkan device that only compiles, and what its compiler reports: `VK_KHR_pipeline_executable_properties`.
//!
//! wgpu opens no such device, as it submits work when it does; so this is Vulkan itself, by `ash`. Every unsafe block here is a Vulkan
//! call with handles that this file made from one another and that live until they are destroyed below, once each, and structures
//! that outlive the call; what the specification asks of the arguments beyond that stands beside each block.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use ash::vk;

use crate::Result;
use crate::shaders::Spirv;

/// What is reported of a shader, by the driver's names.
pub type Report = BTreeMap<String, f64>;

/// A device to compile on.
pub struct Compiler {
    instance: ash::Instance,
    device: ash::Device,
    executables: ash::khr::pipeline_executable_properties::Device,
    name: String,
    robust: bool,
    // Last: the library stays loaded until all else is gone.
    _entry: ash::Entry,
}

impl Compiler {
    /// Opens the driver's device for the chip of the environment, with the features that wgpu turns on and that change what is compiled.
    pub fn open() -> Result<Self> {
        // SAFETY: loads the system's Vulkan loader, whose initialisers have no requirements.
        let entry = unsafe { ash::Entry::load() }
            .map_err(|e| format!("Vulkan's loader is missing (Debian: libvulkan1): {e}"))?;
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
        let create = vk::InstanceCreateInfo::default().application_info(&application);
        // SAFETY: no layers and no extensions are asked for.
        let instance = unsafe { entry.create_instance(&create, None) }.map_err(|e| {
            format!("the driver does not start ({e}): is VK_DRIVER_FILES a driver of Mesa's for AMD?")
        })?;
        match Device::find(&instance) {
            Ok(Device { device, name, robust }) => {
                let executables = ash::khr::pipeline_executable_properties::Device::new(&instance, &device);
                Ok(Self { instance, device, executables, name, robust, _entry: entry })
            }
            Err(error) => {
                // SAFETY: nothing made from it is left.
                unsafe { instance.destroy_instance(None) };
                Err(error)
            }
        }
    }

    /// Name of the chip, driver and its version.
    pub fn device(&self) -> &str {
        &self.name
    }

    /// Whether the device checks the bounds of buffers itself, so that shaders needn't.
    pub fn robust(&self) -> bool {
        self.robust
    }

    /// Compiles a shader.
    pub fn report(&self, spirv: &Spirv) -> Result<Report> {
        let bindings: Vec<_> = spirv
            .bindings
            .iter()
            .map(|&(binding, uniform)| {
                let kind = if uniform {
                    vk::DescriptorType::UNIFORM_BUFFER
                } else {
                    vk::DescriptorType::STORAGE_BUFFER
                };
                vk::DescriptorSetLayoutBinding::default()
                    .binding(binding)
                    .descriptor_type(kind)
                    .descriptor_count(1)
                    .stage_flags(vk::ShaderStageFlags::COMPUTE)
            })
            .collect();
        let set_info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        let module_info = vk::ShaderModuleCreateInfo::default().code(&spirv.words);
        // SAFETY: bindings are distinct, as naga has checked.
        let set = unsafe { self.device.create_descriptor_set_layout(&set_info, None)? };
        let sets = [set];
        let layout_info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets);
        // SAFETY: one set, made above.
        let layout = unsafe { self.device.create_pipeline_layout(&layout_info, None) };
        // SAFETY: naga's SPIR-V is valid and uses no capability beyond the device's features.
        let module = unsafe { self.device.create_shader_module(&module_info, None) };
        let report = match (layout, module) {
            (Ok(layout), Ok(module)) => self.pipeline_report(&spirv.entry, layout, module),
            (layout, module) => Err(layout.err().or(module.err()).unwrap_or_default().into()),
        };
        // SAFETY: the pipeline is gone; null handles are ignored.
        unsafe {
            self.device.destroy_shader_module(module.unwrap_or_default(), None);
            self.device.destroy_pipeline_layout(layout.unwrap_or_default(), None);
            self.device.destroy_descriptor_set_layout(set, None);
        }
        report
    }

    fn pipeline_report(
        &self,
        entry: &str,
        layout: vk::PipelineLayout,
        module: vk::ShaderModule,
    ) -> Result<Report> {
        let name = CString::new(entry)?;
        let stage = vk::PipelineShaderStageCreateInfo::default()
            .flags(vk::PipelineShaderStageCreateFlags::ALLOW_VARYING_SUBGROUP_SIZE) // as wgpu where there are subgroups
            .stage(vk::ShaderStageFlags::COMPUTE)
            .module(module)
            .name(&name);
        let create = vk::ComputePipelineCreateInfo::default()
            .stage(stage)
            .layout(layout)
            .flags(vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR);
        // SAFETY: the layout has the module's bindings; statistics and varying subgroup sizes are features that `Device` turned on.
        let made =
            unsafe { self.device.create_compute_pipelines(vk::PipelineCache::null(), &[create], None) };
        let pipelines = made.map_err(|(_, e)| format!("the driver's compiler: {e}"))?;
        let report = self.statistics(pipelines[0]);
        // SAFETY: it was never submitted.
        unsafe { self.device.destroy_pipeline(pipelines[0], None) };
        report
    }

    fn statistics(&self, pipeline: vk::Pipeline) -> Result<Report> {
        let info = vk::PipelineInfoKHR::default().pipeline(pipeline);
        // SAFETY: a pipeline made with statistics.
        let executables = unsafe { self.executables.get_pipeline_executable_properties(&info)? };
        let subgroup = executables.first().ok_or("the driver reports no executable")?.subgroup_size;
        let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline).executable_index(0);
        // SAFETY: likewise, and there is an executable 0.
        let statistics = unsafe { self.executables.get_pipeline_executable_statistics(&info)? };
        let mut report = Report::from([(crate::table::SUBGROUP.to_string(), f64::from(subgroup))]);
        for statistic in &statistics {
            use vk::PipelineExecutableStatisticFormatKHR as Format;
            // SAFETY: the member of the union is the one that the format names.
            let value = unsafe {
                match statistic.format {
                    Format::BOOL32 => f64::from(statistic.value.b32),
                    Format::INT64 => statistic.value.i64 as f64,
                    Format::UINT64 => statistic.value.u64 as f64,
                    _ => statistic.value.f64,
                }
            };
            report.insert(statistic.name_as_c_str()?.to_string_lossy().into_owned(), value);
        }
        Ok(report)
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        // SAFETY: all that was made from them is destroyed where it was made.
        unsafe {
            self.device.destroy_device(None);
            self.instance.destroy_instance(None);
        }
    }
}

/// A device with what there is to know about it.
struct Device {
    device: ash::Device,
    name: String,
    robust: bool,
}

impl Device {
    fn find(instance: &ash::Instance) -> Result<Self> {
        // SAFETY: a live instance, here and below.
        let all = unsafe { instance.enumerate_physical_devices() }.unwrap_or_default();
        let &physical =
            all.first().ok_or("the driver has no device: is VK_DRIVER_FILES Mesa's driver for AMD?")?;
        let mut driver = vk::PhysicalDeviceDriverProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut driver);
        // SAFETY: the device is one of the instance's, here and below.
        unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
        let properties = properties.properties;
        let text = |name: std::result::Result<&CStr, _>| {
            name.map(|name: &CStr| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let name =
            format!("{}, {}", text(properties.device_name_as_c_str()), text(driver.driver_info_as_c_str()));
        if driver.driver_id != vk::DriverId::MESA_RADV || properties.api_version < vk::API_VERSION_1_3 {
            return Err(format!(
                "{name}: this isn't Mesa's driver for AMD with Vulkan 1.3; name its file in VK_DRIVER_FILES"
            )
            .into());
        }
        let extensions = Self::extensions(instance, physical)?;
        let robustness = extensions.contains(&ash::ext::robustness2::NAME);
        let mut supported = vk::PhysicalDeviceRobustness2FeaturesEXT::default();
        let mut features = vk::PhysicalDeviceFeatures2::default();
        if robustness {
            features = features.push_next(&mut supported);
        }
        // SAFETY: the structure chained is of an extension that the device has.
        unsafe { instance.get_physical_device_features2(physical, &mut features) };
        let core = vk::PhysicalDeviceFeatures::default()
            .robust_buffer_access(features.features.robust_buffer_access == vk::TRUE);
        let robust = supported.robust_buffer_access2 == vk::TRUE;
        let queue = [vk::DeviceQueueCreateInfo::default().queue_family_index(0).queue_priorities(&[1.0])];
        let names: Vec<_> = extensions.iter().map(|name| name.as_ptr()).collect();
        let mut statistics = vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default()
            .pipeline_executable_info(true);
        let mut sizes = vk::PhysicalDeviceSubgroupSizeControlFeatures::default().subgroup_size_control(true);
        let mut robustness2 = vk::PhysicalDeviceRobustness2FeaturesEXT::default()
            .robust_buffer_access2(robust)
            .robust_image_access2(supported.robust_image_access2 == vk::TRUE);
        let mut create = vk::DeviceCreateInfo::default()
            .queue_create_infos(&queue)
            .enabled_extension_names(&names)
            .enabled_features(&core)
            .push_next(&mut statistics)
            .push_next(&mut sizes);
        if robustness {
            create = create.push_next(&mut robustness2);
        }
        // SAFETY: extensions and features are the device's own; those that aren't asked for above are RADV's on all chips.
        let device = unsafe { instance.create_device(physical, &create, None)? };
        Ok(Self { device, name, robust })
    }

    /// The extensions to turn on.
    fn extensions(instance: &ash::Instance, physical: vk::PhysicalDevice) -> Result<Vec<&'static CStr>> {
        // SAFETY: the device is one of the instance's.
        let there = unsafe { instance.enumerate_device_extension_properties(physical)? };
        let has = |name: &CStr| there.iter().any(|e| e.extension_name_as_c_str() == Ok(name));
        let statistics = ash::khr::pipeline_executable_properties::NAME;
        if !has(statistics) {
            return Err(
                format!("the driver lacks {}: take a newer Mesa", statistics.to_string_lossy()).into()
            );
        }
        let robustness = ash::ext::robustness2::NAME;
        Ok([statistics].into_iter().chain(has(robustness).then_some(robustness)).collect())
    }
}
