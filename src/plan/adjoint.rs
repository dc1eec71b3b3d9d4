//! The adjoint of the exact method: gradients along rays.
//!
//! For an output y and a ray v let `g(t) = ∇y(x0 + t v) = Σ g_k t^k`, a vector over all inputs. The forward pass takes series of order n - 1 along
//! the ray and keeps them; then one backward pass carries the adjoint of each value, `z̄(t) = ∂y/∂z (t)`, a series too, from the output to the
//! input (reverse mode, Griewank and Walther, *Evaluating Derivatives*, chapter 13: adjoints of Taylor series). Linear operators are transposed,
//! on each coefficient alike; z = σ(x) passes on σ'(x(t)) z̄(t), a product the other factor times z̄(t), and so on.
//!
//! Nothing is left out: `v · g_k = (k + 1) c_{k+1}`. The cost is that of a few forward passes, however many inputs there are.
//!
//! A lane is an output along a ray. Block k of an adjoint is the coefficient of t^(k-1): unlike block 0 of a value it is another one for each lane,
//! as outputs differ, and as each ray takes its own branch at a kink. Of a smooth network all rays of one output share that of t^0, the plain gradient: where a
//! chunk has those alone, it is block 0 of adjoints, as of values, and computed once.

use super::backward::Backward;
use super::{Builder, Kernels, Method, Plan, Rays, ValueId};
use crate::kernel::arithmetic::{Copy, DivideAdjoint, MultiplyAdjoint};
use crate::kernel::elementwise::ComposeAdjoint;
use crate::kernel::matmul::{Factor, MatMulAdjoint};
use crate::kernel::reduction::{ReduceAdjoint, Reduction};
use crate::kernel::{Exponent, Kernel};
use crate::model::{Model, NodeId, Op};

/// Whether all rays of an output have the same gradient at t^0, and all kernels that they need know of it.
pub(super) fn may_share(model: &Model) -> bool {
    model.nodes().iter().all(|node| match &node.op {
        Op::Elementwise(function) => function.is_smooth(),
        op => op.is_affine(),
    })
}

pub(super) fn plan(model: &Model, order: usize, kernels: Kernels, shared: bool) -> Plan {
    let mut builder = Builder::new(model, Method::Exact, order, kernels);
    builder.forward(order - 1, Rays::Any);
    let first = usize::from(!shared);
    let degrees = builder.adjoint_degrees(first);
    let mut backward = Backward::new(&mut builder, Exponent::One, degrees, shared);
    for index in (1..model.nodes().len()).rev() {
        let id = NodeId(index);
        if let Some(adjoint) = backward.adjoints[index]
            && !backward.fused_convolution(id, adjoint)
            && !backward.linear(id, adjoint)
        {
            backward.through(id, adjoint);
        }
    }
    backward.finish(&[NodeId(0)]);
    builder.finish()
}

impl Builder<'_> {
    /// Highest block of each node's adjoint, of which `first` is that of t^0; none where the pass doesn't come or the input doesn't lead.
    fn adjoint_degrees(&self, first: usize) -> Vec<Option<usize>> {
        let (model, last) = (self.model, self.plan.order - 1 + first);
        let mut needed = vec![false; model.nodes().len()];
        needed[0] = true;
        for (index, node) in model.nodes().iter().enumerate().skip(1) {
            needed[index] = node.inputs.iter().any(|input| needed[input.0]);
        }
        let mut degrees: Vec<Option<usize>> = vec![None; model.nodes().len()];
        degrees[model.output().0] = Some(first);
        for index in (1..model.nodes().len()).rev() {
            let Some(degree) = degrees[index] else { continue };
            let node = model.node(NodeId(index));
            for (position, input) in node.inputs.iter().enumerate().filter(|(_, input)| needed[input.0]) {
                let below = degree.saturating_add(self.slope_degree(NodeId(index), position)).min(last);
                degrees[input.0] = degrees[input.0].max(Some(below));
            }
        }
        degrees
    }

    /// Degree in t of the derivative of a node with respect to one of its inputs, along a ray.
    fn slope_degree(&self, id: NodeId, position: usize) -> usize {
        let node = self.model.node(id);
        // Nodes that are fused away are linear, and so is what they are fused with.
        let of = |position: usize| self.node_values[node.inputs[position].0].map_or(0, |x| self.degree(x));
        let any = |moving: bool| if moving { self.plan.order - 1 } else { 0 };
        match &node.op {
            Op::Elementwise(function) => match function.polynomial_degree() {
                Some(degree) => of(0).saturating_mul(degree.max(1) - 1),
                None => any(of(0) > 0),
            },
            Op::Multiply | Op::MatMul(_) => of(1 - position),
            Op::Divide => any(of(0) > 0 || of(1) > 0),
            Op::Softmax { .. } | Op::Normalize { .. } => any(of(0) > 0),
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
            | Op::Concat(_) => 0,
        }
    }
}

impl Backward<'_, '_> {
    /// An average pooling and the convolution before it, which the forward pass takes as one convolution; false if `id` isn't fused so.
    fn fused_convolution(&mut self, id: NodeId, z: ValueId) -> bool {
        let model = self.builder.model;
        let Some(conv) = self.builder.fused.conv(id).cloned() else { return false };
        let kernel = self.convolution(&conv);
        self.pass(id, kernel, vec![z], model.node(model.node(id).inputs[0]).inputs[0]);
        true
    }

    /// What a nonlinear operator passes on.
    fn through(&mut self, id: NodeId, z: ValueId) {
        let node = self.builder.model.node(id);
        let value = |position: usize| self.builder.of(node.inputs[position]);
        let axis = node.shape.last().copied().unwrap_or(1);
        let kernel: Kernel = match &node.op {
            Op::Elementwise(function) => ComposeAdjoint(*function).into(),
            Op::MaxPool(pool) => {
                self.largest(id, pool, z);
                return;
            }
            Op::Softmax { log: false } => ReduceAdjoint { reduction: Reduction::Softmax, axis }.into(),
            Op::Softmax { log: true } => ReduceAdjoint { reduction: Reduction::LogSoftmax, axis }.into(),
            Op::Normalize { epsilon } => {
                ReduceAdjoint { reduction: Reduction::Normalize { epsilon: *epsilon }, axis }.into()
            }
            Op::Multiply => {
                for (position, other) in [(0, value(1)), (1, value(0))] {
                    let kernel = MultiplyAdjoint { negative: false };
                    self.pass(id, kernel, vec![other, z], node.inputs[position]);
                }
                return;
            }
            // y = a / b: ā = z̄ / b, b̄ = -y ā.
            Op::Divide => {
                let (b, y) = (value(1), self.builder.of(id));
                let of_z = self.builder.plan.values[z.0].degree;
                let degree = (of_z + self.builder.slope_degree(id, 0)).min(self.builder.plan.order);
                let quotient = self.builder.value(node.units(), degree, false);
                self.builder.step(id, DivideAdjoint, vec![b, z], quotient, false);
                self.pass(id, Copy, vec![quotient], node.inputs[0]);
                let kernel = MultiplyAdjoint { negative: true };
                self.pass(id, kernel, vec![y, quotient], node.inputs[1]);
                return;
            }
            Op::Select { at_zero } => {
                self.chosen(id, *at_zero, z);
                return;
            }
            Op::MatMul(shape) => {
                for (factor, position) in [(Factor::Left, 0), (Factor::Right, 1)] {
                    let other = self.builder.of(node.inputs[1 - position]);
                    let kernel = MatMulAdjoint { shape: *shape, factor };
                    self.pass(id, kernel, vec![other, z], node.inputs[position]);
                }
                return;
            }
            // Linear ones pass on by themselves, and the input is the end.
            Op::Input
            | Op::Linear(_)
            | Op::Conv(_)
            | Op::AveragePool(_)
            | Op::Affine(_)
            | Op::Add
            | Op::Reshape
            | Op::Strided(_)
            | Op::Concat(_) => return,
        };
        let x = value(0);
        self.pass(id, kernel, vec![x, z], node.inputs[0]);
    }
}
