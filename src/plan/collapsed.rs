//! The exact method along rays of which only a weighted sum is asked for at the highest order: collapsed Taylor mode, see [`crate::kernel::collapsed`].
//!
//! With n orders along R rays a point has 1 + (n - 1) R + 1 rows in place of 1 + n R: a Laplacian of p variables p + 2 in place of 2 p + 1.

use super::{Builder, Kernels, Method, Plan, Rays, ValueId, windows};
use crate::kernel::Kernel;
use crate::kernel::collapsed::Collapsed;
use crate::model::{Model, Op};

pub(super) fn plan(model: &Model, order: usize, rays: Rays, kernels: Kernels) -> Option<Plan> {
    let mut builder = Builder::new(model, Method::Exact, order, kernels);
    // Below order 2 rays have nothing but the sum, and one ray would do. Windows leave out more than sums do.
    let in_windows = || rays == Rays::Unit && windows::chain(model, &builder.fused, order).is_some();
    let possible = || model.nodes().iter().all(|node| through(&node.op) != Through::Not);
    if kernels != Kernels::Cpu || order < 2 || !possible() || in_windows() {
        return None;
    }
    let weights = builder.value(1, 1, false);
    builder.plan.weights = Some(weights);
    builder.forward(order, rays);
    Some(builder.finish())
}

/// How a sum over rays goes through an operator.
#[derive(Clone, Copy, PartialEq)]
enum Through {
    /// As each of them.
    Linear,
    /// With what the lower orders of each ray add.
    Nonlinear,
    /// Not at all: each ray may take a branch of its own, which its highest order may decide.
    Not,
}

fn through(op: &Op) -> Through {
    match op {
        Op::Input
        | Op::Linear(_)
        | Op::Conv(_)
        | Op::AveragePool(_)
        | Op::Affine(_)
        | Op::Add
        | Op::Reshape
        | Op::Strided(_)
        | Op::Concat(_) => Through::Linear,
        Op::Elementwise(function) if !function.is_smooth() => Through::Not,
        Op::Elementwise(_) | Op::Multiply | Op::MatMul(_) | Op::Softmax { .. } | Op::Normalize { .. } => {
            Through::Nonlinear
        }
        // Where the denominator is 0 a quotient has a limit of its own along each ray.
        Op::MaxPool(_) | Op::Select { .. } | Op::Divide => Through::Not,
    }
}

impl Builder<'_> {
    /// A kernel with its inputs, on sums over rays if its output has them.
    pub(super) fn with_weights(
        &self,
        op: &Op,
        kernel: Kernel,
        mut inputs: Vec<ValueId>,
        output: ValueId,
    ) -> (Kernel, Vec<ValueId>) {
        match (self.plan.weights, through(op)) {
            (Some(weights), Through::Nonlinear) if self.plan.values[output.0].collapsed => {
                inputs.push(weights);
                (Collapsed(Box::new(kernel)).into(), inputs)
            }
            _ => (kernel, inputs),
        }
    }
}
