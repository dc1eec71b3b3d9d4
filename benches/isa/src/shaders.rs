//! The shaders, and the SPIR-V that wgpu makes of them.

use std::path::PathBuf;

use hope::gpu::{Tiling, variants};
use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{AddressSpace, Module, Scalar, ShaderStage, TypeInner};

use crate::Result;

/// Which shaders to compile.
pub enum Set {
    /// Those that run on GPUs.
    ForGpus,
    /// Those for drivers on processors, too.
    All,
    /// The entry points of a file of one's own.
    File(PathBuf),
}

/// An entry point with its constants.
pub struct Shader {
    /// File and, where it includes one, activation or tile.
    pub name: String,
    pub entry: String,
    /// Constants in front of the source.
    pub constants: Vec<(String, u32)>,
    /// Pipeline constants.
    pub overrides: Vec<(String, bool)>,
    module: Module,
    info: ModuleInfo,
}

/// SPIR-V with what a pipeline's layout needs.
pub struct Spirv {
    pub words: Vec<u32>,
    pub entry: String,
    /// Number of each buffer in set 0, and whether it is uniform.
    pub bindings: Vec<(u32, bool)>,
}

/// All shaders of a set whose name contains the filter, each entry point with every combination of its pipeline constants that are
/// flags.
pub fn shaders(set: &Set, filter: &str) -> Result<Vec<Shader>> {
    let sources: Vec<(String, String)> = match set {
        Set::File(path) => {
            let source = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            vec![(path.display().to_string(), source)]
        }
        _ => {
            let variants = variants().map_err(|e| e.to_string())?;
            let mut all: Vec<_> =
                variants.into_iter().map(|variant| (variant.name, variant.source)).collect();
            all.dedup(); // files with fewer constants have some of the examples twice
            all.retain(|(name, _)| matches!(set, Set::All) || !is_for_processors(name));
            all
        }
    };
    let chosen = sources.into_iter().filter(|(name, _)| name.contains(filter));
    let entries = chosen.map(|(name, source)| entries(&name, &source)).collect::<Result<Vec<_>>>()?;
    Ok(entries.into_iter().flatten().collect())
}

/// Whether it is a matrix product in the large tiles that suit processors: GPUs have no room for them, and never run them.
fn is_for_processors(name: &str) -> bool {
    [Tiling::Subgroup, Tiling::Registers].iter().any(|tiling| name.ends_with(&format!(" {tiling:?}")))
}

fn entries(name: &str, source: &str) -> Result<Vec<Shader>> {
    let module =
        naga::front::wgsl::parse_str(source).map_err(|e| format!("{name}: {}", e.emit_to_string(source)))?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::all())
        .subgroup_stages(ShaderStages::COMPUTE)
        .subgroup_operations(SubgroupOperationSet::all())
        .validate(&module)
        .map_err(|e| format!("{name}: {}", e.emit_to_string(source)))?;
    let flags: Vec<&String> = module
        .overrides
        .iter()
        .filter(|(_, o)| matches!(module.types[o.ty].inner, TypeInner::Scalar(Scalar::BOOL)))
        .filter_map(|(_, o)| o.name.as_ref())
        .collect();
    let mut all = Vec::new();
    for entry in &module.entry_points {
        for choice in 0..1u32 << flags.len() {
            let chosen = (0..).zip(&flags).map(|(i, &flag)| (flag.clone(), choice >> i & 1 == 1));
            let overrides: Vec<(String, bool)> = chosen.collect();
            // This flag isn't free: a matrix product is an adjoint's if the entry point is.
            let adjoint = ("ADJOINT".to_string(), !entry.name.ends_with("_adjoint"));
            if overrides.contains(&adjoint) {
                continue;
            }
            all.push(Shader {
                name: name.into(),
                entry: entry.name.clone(),
                constants: constants(source),
                overrides,
                module: module.clone(),
                info: info.clone(),
            });
        }
    }
    Ok(all)
}

/// The constants that the library puts in front of a file, but for those that are the same for all.
fn constants(source: &str) -> Vec<(String, u32)> {
    let same = ["MAX_ORDER", "WORKGROUP"];
    let constant = |line: &str| {
        let (name, value) = line.strip_prefix("const ")?.split_once(": u32 = ")?;
        Some((name.to_string(), value.trim_end_matches(['u', ';']).parse().ok()?))
    };
    source.lines().map_while(constant).filter(|(name, _)| !same.contains(&name.as_str())).collect()
}

impl Shader {
    /// Name, entry point and constants, for people.
    pub fn title(&self) -> String {
        [self.name.clone(), self.entry.clone(), self.settings()].join(" ").trim_end().into()
    }

    /// Constants and flags.
    pub fn settings(&self) -> String {
        let constants = self.constants.iter().map(|(name, value)| format!("{name}={value}"));
        let overrides = self.overrides.iter().map(|(name, value)| format!("{name}={}", u8::from(*value)));
        constants.chain(overrides).collect::<Vec<_>>().join(",")
    }

    /// As wgpu's Vulkan backend makes it in an optimised build: the `naga_options` of `wgpu_hal::vulkan::Adapter`, and what
    /// `compile_stage` changes for a pipeline that doesn't ask for zeros in workgroup memory.
    pub fn spirv(&self, robust: bool) -> Result<Spirv> {
        let failed = |e: &dyn std::error::Error| format!("{}: {e}", self.title());
        let overrides =
            self.overrides.iter().map(|(name, value)| (name.clone(), f64::from(u8::from(*value))));
        let (module, info) = naga::back::pipeline_constants::process_overrides(
            &self.module,
            &self.info,
            Some((ShaderStage::Compute, &self.entry)),
            &overrides.collect(),
        )
        .map_err(|e| failed(&e))?;
        let bindings = bindings(&self.module).map_err(|e| format!("{}: {e}", self.title()))?;
        let options = spv::Options {
            binding_map: bindings.iter().map(|&(binding, _)| in_place(binding)).collect(),
            lang_version: (1, 6),
            flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
            bounds_check_policies: BoundsCheckPolicies {
                index: BoundsCheckPolicy::Restrict,
                buffer: if robust { BoundsCheckPolicy::Unchecked } else { BoundsCheckPolicy::Restrict },
                image_load: BoundsCheckPolicy::Restrict, // there are none
                binding_array: BoundsCheckPolicy::Unchecked,
            },
            zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
            force_loop_bounding: true,
            emit_int_div_checks: true,
            fake_missing_bindings: false,
            ..Default::default()
        };
        let pipeline =
            spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: self.entry.clone() };
        let words = spv::write_vec(&module, &info, &options, Some(&pipeline)).map_err(|e| failed(&e))?;
        Ok(Spirv { words, entry: self.entry.clone(), bindings })
    }
}

/// The buffers of the bind group, of which the library's shaders have one.
fn bindings(module: &Module) -> Result<Vec<(u32, bool)>> {
    let bound = module
        .global_variables
        .iter()
        .filter_map(|(_, variable)| variable.binding.map(|at| (at, variable.space == AddressSpace::Uniform)));
    bound
        .map(|(at, uniform)| match at.group {
            0 => Ok((at.binding, uniform)),
            group => Err(format!("@group({group}): all bindings have to be in group 0").into()),
        })
        .collect()
}

/// A binding that keeps its number.
fn in_place(binding: u32) -> (naga::ResourceBinding, spv::BindingInfo) {
    let to = spv::BindingInfo { descriptor_set: 0, binding, binding_array_size: None };
    (naga::ResourceBinding { group: 0, binding }, to)
}
