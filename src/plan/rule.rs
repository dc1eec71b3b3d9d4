//! The published rule (HOPE, arXiv 2307.08192): one backward pass for all outputs.
//!
//! After the forward pass each value of the graph gets an adjoint: the unmixed coefficients of every output
//! with respect to its units, orders 1 to n.

use super::backward::Backward;
use super::{Builder, Kernels, Method, Plan, Rays, ValueId};
use crate::error::{Error, Result};
use crate::kernel::conv::{ConvShape, PooledConvAdjoint};
use crate::kernel::elementwise::Bell;
use crate::kernel::{Exponent, Kernel};
use crate::model::{Model, NodeId, Op};

/// Where the backward pass ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// At the input: unmixed coefficients.
    Input,
    /// At the outputs of the first linear layers: what mixed coefficients are made from.
    Nodes(Vec<NodeId>),
}

pub(super) fn plan(model: &Model, order: usize, target: &Target, kernels: Kernels) -> Result<Plan> {
    check_operators(model)?;
    let mut builder = Builder::new(model, Method::Hope, order, kernels);
    builder.forward(0, Rays::Any);
    builder.backward(order, target);
    Ok(builder.finish())
}

/// The first operator that the rule has no answer for is an error.
fn check_operators(model: &Model) -> Result<()> {
    for node in model.nodes() {
        let what = match node.op {
            Op::Multiply => "multiplies two branches",
            Op::Divide => "divides two branches",
            Op::MatMul(_) => "multiplies two branches",
            Op::Softmax { .. } => "normalises over units",
            Op::Normalize { .. } => "normalises over units",
            Op::Input
            | Op::Linear(_)
            | Op::Conv(_)
            | Op::AveragePool(_)
            | Op::MaxPool(_)
            | Op::Elementwise(_)
            | Op::Select { .. }
            | Op::Affine(_)
            | Op::Add
            | Op::Reshape
            | Op::Strided(_)
            | Op::Concat(_) => continue,
        };
        let hint = if matches!(node.op, Op::Softmax { .. }) {
            ", or --logits to leave out a softmax at the very end"
        } else {
            ""
        };
        return Err(Error::Method {
            layer: node.name.clone(),
            op: node.kind.clone(),
            cause: format!("it {what}, for which the published rule has no answer: use --method exact{hint}"),
        });
    }
    Ok(())
}

impl Builder<'_> {
    fn backward(&mut self, order: usize, target: &Target) {
        let model = self.model;
        let ends: &[NodeId] = match target {
            Target::Input => &[NodeId(0)],
            Target::Nodes(nodes) => nodes,
        };
        let mut is_end = vec![false; model.nodes().len()];
        ends.iter().for_each(|end| is_end[end.0] = true);
        let degrees = adjoint_degrees(model, order, &is_end);
        let mut backward = Backward::new(self, Exponent::Order, degrees, false);
        for index in (0..model.nodes().len()).rev() {
            let id = NodeId(index);
            if let Some(adjoint) = backward.adjoints[index].filter(|_| !is_end[index])
                && !backward.pooled_convolution(id, adjoint, &is_end)
                && !backward.linear(id, adjoint)
            {
                backward.nonlinear(id, adjoint);
            }
        }
        backward.finish(ends);
    }
}

impl Backward<'_, '_> {
    /// An average pooling and the convolution before it in one step; false if `id` isn't fused so.
    fn pooled_convolution(&mut self, id: NodeId, z: ValueId, is_end: &[bool]) -> bool {
        let model = self.builder.model;
        let Some(pooled) = self.builder.fused.pooled(id).filter(|_| self.builder.kernels == Kernels::Cpu)
        else {
            return false;
        };
        let before = model.node(id).inputs[0];
        let Op::Conv(conv) = &model.node(before).op else { return false };
        if is_end[before.0] {
            return false;
        }
        let weight = self.builder.constant(&conv.weight);
        let kernel = PooledConvAdjoint { shape: ConvShape::of(conv), pooled: Box::new(pooled), weight };
        self.pass(id, kernel, vec![z], model.node(before).inputs[0]);
        true
    }

    /// The rule's nonlinear operators read the primal; linear ones pass on by themselves, others have been refused before.
    fn nonlinear(&mut self, id: NodeId, z: ValueId) {
        let node = self.builder.model.node(id);
        let kernel: Kernel = match &node.op {
            Op::MaxPool(pool) => {
                self.largest(id, pool, z);
                return;
            }
            Op::Elementwise(function) => Bell(*function).into(),
            Op::Select { at_zero } => {
                self.chosen(id, *at_zero, z);
                return;
            }
            Op::Input
            | Op::Linear(_)
            | Op::Conv(_)
            | Op::AveragePool(_)
            | Op::Affine(_)
            | Op::Add
            | Op::Multiply
            | Op::Divide
            | Op::MatMul(_)
            | Op::Reshape
            | Op::Strided(_)
            | Op::Concat(_)
            | Op::Softmax { .. }
            | Op::Normalize { .. } => return,
        };
        let x = self.builder.of(node.inputs[0]);
        self.pass(id, kernel, vec![x, z], node.inputs[0]);
    }
}

/// Highest order of each node's adjoint; none where the backward pass doesn't come or isn't needed.
fn adjoint_degrees(model: &Model, order: usize, is_end: &[bool]) -> Vec<Option<usize>> {
    // Needed: what the ends lead to.
    let mut needed = vec![false; model.nodes().len()];
    for (index, node) in model.nodes().iter().enumerate() {
        needed[index] = is_end[index] || node.inputs.iter().any(|input| needed[input.0]);
    }
    let mut degrees: Vec<Option<usize>> = vec![None; model.nodes().len()];
    degrees[model.output().0] = Some(1);
    for index in (0..model.nodes().len()).rev() {
        let node = &model.nodes()[index];
        let Some(degree) = degrees[index].filter(|_| !is_end[index]) else { continue };
        let below = match &node.op {
            Op::Elementwise(function) => {
                function.polynomial_degree().map_or(order, |p| degree.saturating_mul(p).clamp(1, order))
            }
            Op::Input
            | Op::Linear(_)
            | Op::Conv(_)
            | Op::AveragePool(_)
            | Op::MaxPool(_)
            | Op::Select { .. }
            | Op::Affine(_)
            | Op::Add
            | Op::Reshape
            | Op::Strided(_)
            | Op::Concat(_) => degree,
            // Refused before.
            Op::Multiply | Op::Divide | Op::MatMul(_) | Op::Softmax { .. } | Op::Normalize { .. } => degree,
        };
        for input in &node.inputs {
            if needed[input.0] {
                degrees[input.0] = degrees[input.0].max(Some(below));
            }
        }
    }
    degrees
}

/// The first linear layers: nodes that read the input, re-indexed at most.
///
/// # Errors
/// If the input enters the network otherwise; then the rule has no mixed coefficients.
pub(crate) fn first_linear_layers(model: &Model) -> Result<Vec<NodeId>> {
    let mut is_input = vec![false; model.nodes().len()];
    is_input[0] = true;
    let mut layers = Vec::new();
    for (index, node) in model.nodes().iter().enumerate().skip(1) {
        let from_input = node.inputs.iter().filter(|input| is_input[input.0]).count();
        if from_input == 0 {
            continue;
        }
        if node.op.is_layout() {
            is_input[index] = true;
        } else if node.op.is_affine() && from_input == node.inputs.len() {
            layers.push(NodeId(index));
        } else {
            return Err(Error::Method {
                layer: node.name.clone(),
                op: node.kind.clone(),
                cause: "the published rule gives mixed coefficients only where the first layer is linear: use --method exact".into(),
            });
        }
    }
    Ok(layers)
}
