//! Each kernel alone, on awkward shapes: the CPU's in both precisions, and the shaders on every adapter.
//!
//! The truth comes from [`naive`]: what a kernel means, as plain loops in f64. What a kernel is given is rounded to f32
//! first, so that all executors compute the same numbers; what it has to overwrite holds NaN before.

mod case;
mod cpu;
mod dispatches;
mod gpu;
mod naive;
mod nan;
mod table;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use case::{Case, Outcome};
use hope::gpu::{Engine, Tiling};
use hope::kernel::{Kernel, Layout};

use crate::common::relative_error;
use crate::gpus::{self, Adapter};
use crate::trials::Trials;

/// Where a kernel runs.
#[derive(Clone)]
enum Executor {
    CpuF64,
    CpuF32,
    Gpu(Arc<Engine>),
    /// A GPU whose matrix products are computed in another way than is best for it.
    Tiled(Arc<Engine>),
}

impl Executor {
    fn run(&self, case: &Case) -> Outcome {
        match self {
            Self::CpuF64 => cpu::run::<f64>(case),
            Self::CpuF32 => cpu::run::<f32>(case),
            Self::Gpu(engine) | Self::Tiled(engine) => gpu::run(engine, case),
        }
    }

    /// Whether the case has something to test here.
    fn takes(&self, case: &Case) -> bool {
        match self {
            Self::CpuF64 | Self::CpuF32 => true,
            Self::Gpu(_) | Self::Tiled(_) if case.is_collapsed() => false,
            Self::Gpu(_) => case.kernel.is_portable(),
            Self::Tiled(_) => dispatches::of(case, Tiling::Workgroup).iter().any(|d| d.shader.tile.is_some()),
        }
    }

    fn tolerance(&self, case: &Case) -> f64 {
        match self {
            Self::CpuF64 => case.tolerance.f64,
            Self::CpuF32 | Self::Gpu(_) | Self::Tiled(_) => case.tolerance.f32,
        }
    }
}

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    let mut executors = vec![("cpu-f64".to_string(), Executor::CpuF64), ("cpu-f32".into(), Executor::CpuF32)];
    for (name, engine) in adapters {
        let others = gpus::other_tilings(engine).into_iter();
        executors
            .extend(others.map(|(tiling, engine)| (format!("{name}-{tiling:?}"), Executor::Tiled(engine))));
        executors.push((name.clone(), Executor::Gpu(engine.clone())));
    }
    nan::add(&executors, table::all().into_iter(), trials);
    let cases: Vec<Arc<(Case, OnceLock<Outcome>)>> =
        table::all().into_iter().map(|case| Arc::new((case, OnceLock::new()))).collect();
    for (name, executor) in executors {
        for case in cases.iter().filter(|case| executor.takes(&case.0)) {
            let (executor, case) = (executor.clone(), case.clone());
            trials.add(format!("{}::{name}", case.0.name), move || {
                let (case, truth) = &*case;
                let found = executor.run(case);
                compare(case, &found, truth.get_or_init(|| naive::truth(case)), executor.tolerance(case))
                    .map_err(Into::into)
            });
        }
    }
    let all = cases.clone();
    trials.add("every_kernel_has_a_case", move || {
        let tested: BTreeSet<&str> = all.iter().map(|case| case.0.kernel.kind()).collect();
        match Kernel::NAMES.iter().find(|name| !tested.contains(*name)) {
            Some(name) => {
                Err(format!("no case of '{name}': see its cases.rs and tests/devices/kernels/table.rs")
                    .into())
            }
            None => Ok(()),
        }
    });
    let all = cases.clone();
    trials.add("dispatches_fill_the_params_of_their_shaders", move || {
        dispatches::fill_params(all.iter().map(|case| &case.0));
        Ok(())
    });
    for (single, precision) in [(false, "f64"), (true, "f32")] {
        let cases = cases.clone();
        trials.add(format!("comparator::one_wrong_coefficient_is_seen::{precision}"), move || {
            for (c, truth) in cases.iter().map(|c| (&c.0, c.1.get_or_init(|| naive::truth(&c.0)))) {
                one_wrong_coefficient_is_seen(
                    c,
                    truth,
                    if single { c.tolerance.f32 } else { c.tolerance.f64 },
                );
            }
            Ok(())
        });
    }
}

/// The orders that a layout stores.
fn orders(layout: &Layout) -> std::ops::RangeInclusive<usize> {
    usize::from(!layout.primal)..=layout.degree
}

/// Norm-wise for each order of the output; one by one for the distances to kinks.
fn compare(case: &Case, found: &Outcome, truth: &Outcome, tolerance: f64) -> Result<(), String> {
    let layout = case.output.layout(case.samples, case.lanes);
    for order in orders(&layout) {
        let block = layout.block(order);
        if let Some(i) = found.output[block.clone()].iter().position(|c| !c.is_finite()) {
            return Err(format!("order {order}: number {i} is {}", found.output[block][i]));
        }
        let pick = |outcome: &Outcome| outcome.output[block.clone()].to_vec();
        let error = relative_error(pick(found), pick(truth));
        if error > tolerance {
            return Err(format!("order {order} is off by {error:.2e}, allowed {tolerance:.0e}"));
        }
    }
    for (i, (&found, &truth)) in found.kinks.iter().zip(&truth.kinks).enumerate() {
        let near = (found - truth).abs() <= tolerance * truth;
        if found != truth && !near {
            return Err(format!("series {i}: the nearest kink is at {truth}, found {found}"));
        }
    }
    Ok(())
}

/// Every order of every case: the truth passes, and fails when one coefficient is off by twice the tolerance.
fn one_wrong_coefficient_is_seen(case: &Case, truth: &Outcome, tolerance: f64) {
    let name = &case.name;
    compare(case, truth, truth, tolerance).unwrap_or_else(|e| panic!("{name}: the truth itself: {e}"));
    let layout = case.output.layout(case.samples, case.lanes);
    for order in orders(&layout) {
        let block = layout.block(order);
        let norm = truth.output[block.clone()].iter().fold(0.0, |n: f64, c| n.hypot(*c));
        let mut wrong = truth.clone();
        wrong.output[block.start + block.len() / 2] += 2.0 * tolerance * if norm > 0.0 { norm } else { 1.0 };
        assert!(compare(case, &wrong, truth, tolerance).is_err(), "{name}: order {order}");
    }
    if let Some(i) = truth.kinks.iter().position(|t| t.is_finite() && *t > 0.0) {
        let mut wrong = truth.clone();
        wrong.kinks[i] *= 1.0 + 2.0 * tolerance;
        assert!(compare(case, &wrong, truth, tolerance).is_err(), "{name}: kinks");
    }
}
