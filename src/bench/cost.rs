//! What the steps of a plan cost: operations, numbers moved, as their kernels say.

use crate::plan::Plan;

/// Multiplications and additions of a plan's last step, about.
pub(super) fn last_flops(plan: &Plan, samples: usize, lanes: usize) -> f64 {
    plan.steps.last().map_or(0.0, |step| step.kernel.flops(&plan.shapes(step, samples, lanes)))
}

/// Numbers that a plan's last step has to read and write: its inputs, its output, its constants, each once.
pub(super) fn last_numbers(plan: &Plan, samples: usize, lanes: usize) -> f64 {
    let Some(step) = plan.steps.last() else { return 0.0 };
    let shapes = plan.shapes(step, samples, lanes);
    let inputs = shapes.inputs.iter().enumerate();
    let read: usize = inputs.map(|(i, layout)| step.kernel.reads(i).numbers(layout)).sum();
    let constants: usize = step.kernel.constants().iter().map(|c| plan.constants[c.id.0].len()).sum();
    (read + constants + shapes.output.len()) as f64
}
