//! Every shader that the engine can put together, checked by naga: no GPU is needed.

use std::collections::BTreeSet;

use hope::activation::Activation;
use hope::gpu::variants;

#[test]
fn every_variant_is_valid_wgsl() {
    let mut flags = naga::valid::ValidationFlags::all();
    flags.insert(naga::valid::ValidationFlags::BINDINGS);
    for variant in variants() {
        let name = &variant.name;
        let module = naga::front::wgsl::parse_str(&variant.source)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&variant.source)));
        // No capability beyond WebGPU's own, and where there is another variant its optional subgroups.
        let (capabilities, stages) = match variant.subgroups {
            false => (naga::valid::Capabilities::empty(), naga::valid::ShaderStages::empty()),
            true => (naga::valid::Capabilities::SUBGROUP, naga::valid::ShaderStages::COMPUTE),
        };
        naga::valid::Validator::new(flags, capabilities)
            .subgroup_stages(stages)
            .subgroup_operations(naga::valid::SubgroupOperationSet::all())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&variant.source)));
        let entries: BTreeSet<&str> = module.entry_points.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(entries, variant.entries.iter().copied().collect(), "{name}");
        for entry in &module.entry_points {
            let invocations: u32 = entry.workgroup_size.iter().product();
            let expected = if variant.name.ends_with("Registers") || variant.subgroups { 32 } else { 256 };
            assert_eq!(invocations, expected, "{name}: {}", entry.name);
        }
        let bindings: BTreeSet<u32> =
            module.global_variables.iter().filter_map(|(_, v)| v.binding.map(|b| b.binding)).collect();
        assert_eq!(bindings, (0..7).collect(), "{name}");
    }
}

#[test]
fn there_is_a_variant_for_every_activation() {
    let names: BTreeSet<String> = variants().into_iter().map(|v| v.name).collect();
    for activation in Activation::NAMES {
        assert!(names.contains(&format!("elementwise {activation}")), "{activation}");
    }
}
