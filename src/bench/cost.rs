//! What the steps of a plan cost: operations, numbers moved.

use crate::plan::{Kernel, Plan};

/// Multiplications and additions of a plan's last step, about.
pub(super) fn last_flops(plan: &Plan, samples: usize, lanes: usize) -> f64 {
    plan.steps.last().map_or(0.0, |step| step.kernel.flops(plan, step, samples, lanes))
}

/// Numbers that a plan's last step has to read and write: its inputs, its output, its weights, each once.
pub(super) fn last_numbers(plan: &Plan, samples: usize, lanes: usize) -> f64 {
    let Some(step) = plan.steps.last() else { return 0.0 };
    let length = |id| plan.layout(id, samples, lanes).len();
    let weights = |id: &crate::plan::ConstantId| plan.constants[id.0].len();
    let inputs: usize = match &step.kernel {
        // Of the primal values only block 0.
        Kernel::Bell(_) => samples * plan.values[step.inputs[0].0].units + length(step.inputs[1]),
        _ => step.inputs.iter().map(|&id| length(id)).sum(),
    };
    let constants = match &step.kernel {
        Kernel::Linear { weight, .. }
        | Kernel::LinearOfUnitRays { weight, .. }
        | Kernel::LinearAdjoint { weight, .. }
        | Kernel::Conv { weight, .. }
        | Kernel::ConvAdjoint { weight, .. }
        | Kernel::PooledConvAdjoint { weight, .. } => weights(weight),
        Kernel::Windows { weights: all, .. } => all.iter().map(weights).sum(),
        _ => 0,
    };
    (inputs + constants + length(step.output)) as f64
}
