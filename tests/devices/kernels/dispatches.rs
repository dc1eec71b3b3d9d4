//! What kernels dispatch, without a GPU: the words fill the `Params` of the shader, and every entry point is used.

use std::collections::BTreeSet;

use hope::gpu::Tiling;
use hope::gpu::variants;
use hope::kernel::dispatch::{Dispatch, GpuCall, Layouts, Machine};

use crate::kernels::case::Case;

/// The dispatches of a case in a device of some kind.
pub fn of(case: &Case, tiling: Tiling) -> Vec<Dispatch> {
    let plan = case.plan();
    let shapes = plan.shapes(&plan.steps[0], case.samples, case.lanes);
    let machine = Machine { room: 1 << 25, tiling };
    case.kernel.dispatches(&GpuCall { shapes, constants: &plan.constants, machine })
}

/// Every dispatch of every case; members' names and offsets are compared in `tests/suite/shaders.rs`.
pub fn fill_params<'a>(cases: impl Iterator<Item = &'a Case>) {
    let mut dispatched = BTreeSet::new();
    for case in cases {
        for tiling in Tiling::ALL {
            let dispatches = of(case, tiling);
            let name = &case.name;
            assert_eq!(
                !dispatches.is_empty(),
                case.kernel.is_portable(),
                "{name}: dispatches where portable"
            );
            for dispatch in dispatches {
                let end = |m: &hope::kernel::dispatch::Member| m.offset + m.size;
                let bytes = dispatch.shader.file.params.last().map_or(size_of::<Layouts>(), end);
                assert_eq!(
                    4 * dispatch.params.len(),
                    bytes.next_multiple_of(16),
                    "{name}: {:?}",
                    dispatch.shader
                );
                dispatched.insert((dispatch.shader.file.name, dispatch.shader.entry));
            }
        }
    }
    // Those that no kernel uses are recorded by the backend itself.
    let others = ["combine", "polynomial", "bench"];
    for variant in variants().unwrap() {
        let file = variant.name.split(' ').next().unwrap();
        for entry in variant.entries.iter().filter(|_| !others.contains(&file)) {
            assert!(dispatched.contains(&(file, *entry)), "no dispatch of {entry} in {file}");
        }
    }
}
