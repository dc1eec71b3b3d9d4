//! Every shader that the engine can put together, checked by naga: no GPU is needed.

use std::collections::BTreeSet;

use hope::activation::Activation;
use hope::gpu::{Tiling, variants};
use hope::kernel::dispatch::{GpuCall, Layouts, Machine, Member, layout_members};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::plan::{Kernels, Plan};

use crate::common::fixtures;

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

/// Name, offset and size of each member of a struct, and the size of all.
fn members(module: &naga::Module, handle: naga::Handle<naga::Type>) -> (Vec<(String, usize, usize)>, usize) {
    let naga::TypeInner::Struct { members, span } = &module.types[handle].inner else { panic!("no struct") };
    let size = |ty: naga::Handle<naga::Type>| module.types[ty].inner.size(module.to_ctx()) as usize;
    let each = members.iter().map(|m| (m.name.clone().unwrap(), m.offset as usize, size(m.ty)));
    (each.collect(), *span as usize)
}

/// Every `Params` and `Layout` of a shader is what the host takes it for: the same names in the same places.
#[test]
fn uniforms_are_what_the_host_fills() {
    let host = |members: &[Member]| -> Vec<(String, usize, usize)> {
        members.iter().map(|m| (m.name.to_owned(), m.offset, m.size)).collect()
    };
    let (layout, layout_size) = layout_members();
    for variant in variants().unwrap() {
        let name = &variant.name;
        let module = naga::front::wgsl::parse_str(&variant.source).unwrap();
        let mut uniforms = module.global_variables.iter().map(|(_, v)| v);
        let uniform = uniforms.find(|v| v.space == naga::AddressSpace::Uniform).unwrap();
        let (found, size) = members(&module, uniform.ty);
        let expected = [host(&Layouts::MEMBERS), host(variant.params)].concat();
        assert_eq!(found, expected, "{name}: Params");
        let (_, offset, bytes) = expected.last().unwrap();
        // Uniforms are bound in whole vectors of four words.
        assert_eq!(
            size.next_multiple_of(16),
            (offset + bytes).next_multiple_of(16),
            "{name}: size of Params"
        );
        let (handle, _) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Layout")).unwrap();
        assert_eq!(members(&module, handle), (host(&layout), layout_size), "{name}: Layout");
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

/// Dispatches of each layer of a gradient's plan, in the order of the steps.
fn dispatches(
    model: &Model,
    order: usize,
    samples: usize,
    lanes: usize,
    tiling: Tiling,
) -> Vec<(usize, usize)> {
    let plan = Plan::gradient(model, order, Kernels::Portable).unwrap();
    let machine = Machine { room: 1 << 25, tiling };
    let of =
        |step| GpuCall { shapes: plan.shapes(step, samples, lanes), constants: &plan.constants, machine };
    plan.steps.iter().map(|step| (step.layer, step.kernel.dispatches(&of(step)).len())).collect()
}

#[test]
fn a_backward_pass_takes_as_many_dispatches_for_every_order_and_batch() {
    for file in fixtures("operators", "onnx") {
        let model = Model::from_onnx(&file, &ImportOptions::default()).unwrap();
        for tiling in Tiling::ALL {
            // Order 1 takes values alone, for which some kernels need less.
            let one = dispatches(&model, 2, 1, 1, tiling);
            assert!(one.iter().all(|&(_, count)| count > 0), "{}", file.display());
            for (order, samples, lanes) in [(2, 64, 1), (3, 1, 40), (8, 5, 7), (16, 64, 10)] {
                let many = dispatches(&model, order, samples, lanes, tiling);
                assert_eq!(one, many, "{}, order {order}", file.display());
            }
        }
    }
}
