//! What the steps of a plan cost: names, operations, numbers moved.

use crate::plan::{Kernel, Plan, Step};

/// Name of a step's kernel, as timings of GPUs say it, too.
pub(super) fn name(step: &Step) -> String {
    let name = match &step.kernel {
        Kernel::Linear { .. } => "linear",
        Kernel::LinearOfUnitRays { .. } => "linear_of_unit_rays",
        Kernel::LinearAdjoint { .. } => "linear_adjoint",
        Kernel::Conv { .. } => "conv",
        Kernel::ConvAdjoint { .. } => "conv_adjoint",
        Kernel::PooledConvAdjoint { .. } => "pooled_conv_adjoint",
        Kernel::Windows { .. } => "windows",
        Kernel::AveragePool(_) => "average_pool",
        Kernel::AveragePoolAdjoint(_) => "average_pool_adjoint",
        Kernel::MaxPool(_) => "max_pool",
        Kernel::MaxPoolAdjoint(_) => "max_pool_adjoint",
        Kernel::Compose(function) => return format!("compose {}", function.name()),
        Kernel::Bell(function) => return format!("bell {}", function.name()),
        Kernel::Affine { .. } => "affine",
        Kernel::AffineAdjoint { .. } => "affine_adjoint",
        Kernel::Copy => "copy",
        Kernel::Multiply => "multiply",
        Kernel::Divide => "divide",
        Kernel::Strided { .. } => "strided",
        Kernel::StridedAdjoint(_) => "strided_adjoint",
        Kernel::Reduce { .. } => "reduce",
    };
    name.into()
}

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
