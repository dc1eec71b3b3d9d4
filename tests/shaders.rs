//! Every shader that the engine can put together, checked by naga: no GPU is needed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use hope::activation::Activation;
use hope::gpu::variants;

#[test]
fn every_variant_is_valid_wgsl() {
    let mut flags = naga::valid::ValidationFlags::all();
    flags.insert(naga::valid::ValidationFlags::BINDINGS);
    for variant in variants().unwrap() {
        let name = &variant.name;
        let module = naga::front::wgsl::parse_str(&variant.source)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&variant.source)));
        // No capability beyond WebGPU's own, and where there is another variant its optional subgroups.
        let (capabilities, stages) = match variant.subgroups {
            false => (naga::valid::Capabilities::empty(), naga::valid::ShaderStages::empty()),
            true => (naga::valid::Capabilities::SUBGROUP, naga::valid::ShaderStages::COMPUTE),
        };
        let info = naga::valid::Validator::new(flags, capabilities)
            .subgroup_stages(stages)
            .subgroup_operations(naga::valid::SubgroupOperationSet::all())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&variant.source)));
        // The files that know the degrees of series.
        if ["elementwise", "arithmetic", "reduction"].iter().any(|file| name.starts_with(file)) {
            assert_eq!(indexed_memory(&module, &info), 0, "{name}: a loop over orders is not unrolled");
        }
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

/// Accesses to the invocation's own arrays by an index that isn't a constant: they keep series from being in registers.
fn indexed_memory(module: &naga::Module, info: &naga::valid::ModuleInfo) -> usize {
    let functions = module.functions.iter().map(|(handle, function)| (function, &info[handle]));
    let entries = module.entry_points.iter().enumerate();
    let entries = entries.map(|(i, entry)| (&entry.function, info.get_entry_point(i)));
    let own = |function: &naga::Function, info: &naga::valid::FunctionInfo| {
        let accesses = function.expressions.iter().filter(|(_, expression)| {
            let naga::Expression::Access { base, .. } = expression else { return false };
            let space = info[*base].ty.inner_with(&module.types).pointer_space();
            space.is_none_or(|s| matches!(s, naga::AddressSpace::Function | naga::AddressSpace::Private))
        });
        accesses.count()
    };
    functions.chain(entries).map(|(function, info)| own(function, info)).sum()
}

#[test]
fn a_loop_over_orders_would_be_seen() {
    let source = "const N: u32 = 3u;
        var<private> a: array<f32, 4>;
        fn f(x: f32) { for (var k = 0u; k <= N; k++) { a[k] = x; } }";
    let module = naga::front::wgsl::parse_str(source).unwrap();
    let all = (naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    let info = naga::valid::Validator::new(all.0, all.1).validate(&module).unwrap();
    assert_eq!(indexed_memory(&module, &info), 1);
}

#[test]
fn there_is_a_variant_for_every_activation() {
    let names: BTreeSet<String> = variants().unwrap().into_iter().map(|v| v.name).collect();
    for activation in Activation::NAMES {
        assert!(names.contains(&format!("elementwise {activation}")), "{activation}");
    }
}
