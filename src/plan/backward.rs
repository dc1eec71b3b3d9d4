//! Backward passes: from the output to the ends, each node once, in reverse topological order; where branches meet, adjoints add up. So the
//! cost is linear in depth, with residual blocks too.
//!
//! What a linear operator passes on is the same for both methods, but for the powers of its weights: see [`Exponent`].

use super::{Builder, ValueId};
use crate::activation::Activation;
use crate::geometry::{Pool, Strided};
use crate::kernel::arithmetic::{AffineAdjoint, Copy};
use crate::kernel::conv::{ConvAdjoint, ConvShape};
use crate::kernel::linear::{LinearAdjoint, LinearShape};
use crate::kernel::pool::{AveragePoolAdjoint, MaxPoolAdjoint};
use crate::kernel::select::{Choice, SelectAdjoint};
use crate::kernel::strided::StridedAdjoint;
use crate::kernel::{Exponent, Kernel};
use crate::model::{Conv, NodeId, Op};

/// A backward pass under construction.
pub(super) struct Backward<'b, 'a> {
    pub builder: &'b mut Builder<'a>,
    /// Of the weights of linear operators.
    pub exponent: Exponent,
    /// Highest block of each node's adjoint; none where the pass doesn't come or isn't needed.
    pub degrees: Vec<Option<usize>>,
    pub adjoints: Vec<Option<ValueId>>,
    /// Whether all lanes share the coefficient of t^0, which is block 0 then.
    shared: bool,
}

impl<'b, 'a> Backward<'b, 'a> {
    /// Begins at the output, with a seed for its adjoint: in block 1, or in the block 0 that all lanes share.
    pub fn new(
        builder: &'b mut Builder<'a>,
        exponent: Exponent,
        degrees: Vec<Option<usize>>,
        shared: bool,
    ) -> Self {
        let model = builder.model;
        let seed = builder.value(model.outputs(), usize::from(!shared), shared);
        builder.plan.seed = Some(seed);
        let mut adjoints = vec![None; model.nodes().len()];
        adjoints[model.output().0] = Some(seed);
        Self { builder, exponent, degrees, adjoints, shared }
    }

    /// What the pass has found for its ends.
    pub fn finish(self, ends: &[NodeId]) {
        for end in ends {
            // An output that doesn't depend on this node: all coefficients are zero, degree 0.
            let units = self.builder.model.node(*end).units();
            let adjoint = self.adjoints[end.0].unwrap_or_else(|| self.builder.value(units, 0, false));
            self.builder.plan.adjoints.push(adjoint);
        }
    }

    /// What a linear operator passes on; false if the node is none.
    pub fn linear(&mut self, id: NodeId, z: ValueId) -> bool {
        let exponent = self.exponent;
        let model = self.builder.model;
        let node = model.node(id);
        let kernel: Kernel = match &node.op {
            Op::Linear(linear) => LinearAdjoint {
                shape: LinearShape { inputs: linear.inputs, outputs: linear.outputs },
                weight: self.builder.constant(&linear.weight),
                exponent,
            }
            .into(),
            Op::Conv(conv) => self.convolution(conv),
            Op::AveragePool(pool) => AveragePoolAdjoint { pool: pool.clone(), exponent }.into(),
            Op::Affine(affine) => {
                let scale = affine.scale.as_ref().map(|c| self.builder.per_unit(c));
                AffineAdjoint { scale, exponent }.into()
            }
            Op::Strided(copy) => self.copied(copy),
            Op::Reshape => {
                let source = node.inputs[0];
                // The same units: the buffer becomes the input's adjoint, unless that already has one.
                if self.adjoints[source.0].is_none() && self.degrees[source.0] == self.degrees[id.0] {
                    self.adjoints[source.0] = Some(z);
                    return true;
                }
                Copy.into()
            }
            Op::Add => {
                for &input in &node.inputs {
                    self.pass(id, Copy, vec![z], input);
                }
                return true;
            }
            Op::Concat(copies) => {
                for (copy, &input) in copies.iter().zip(&node.inputs) {
                    let kernel = self.copied(copy);
                    self.pass(id, kernel, vec![z], input);
                }
                return true;
            }
            Op::Input
            | Op::MaxPool(_)
            | Op::Elementwise(_)
            | Op::Multiply
            | Op::Divide
            | Op::Select { .. }
            | Op::MatMul(_)
            | Op::Softmax { .. }
            | Op::Normalize { .. } => return false,
        };
        self.pass(id, kernel, vec![z], node.inputs[0]);
        true
    }

    /// Adjoint of a convolution.
    pub fn convolution(&mut self, conv: &Conv) -> Kernel {
        let weight = self.builder.constant(&conv.weight);
        ConvAdjoint { shape: ConvShape::of(conv), weight, exponent: self.exponent }.into()
    }

    fn copied(&self, copy: &Strided) -> Kernel {
        StridedAdjoint { copy: copy.clone(), exponent: self.exponent }.into()
    }

    /// What a choice passes on: the adjoint, to the value that was chosen.
    pub fn chosen(&mut self, id: NodeId, at_zero: bool, z: ValueId) {
        let inputs = &self.builder.model.node(id).inputs;
        let selector = self.builder.of(inputs[0]);
        for (above, value) in [(true, inputs[1]), (false, inputs[2])] {
            self.pass(id, SelectAdjoint(Choice { above, at_zero }), vec![selector, z], value);
        }
    }

    /// What a maximum passes on: the adjoint, to the input that is the largest.
    pub fn largest(&mut self, id: NodeId, pool: &Pool, z: ValueId) {
        let source = self.builder.model.node(id).inputs[0];
        let x = self.compared(source);
        self.pass(id, MaxPoolAdjoint(pool.clone()), vec![x, z], source);
    }

    /// The value that tells which inputs of a maximum are the largest. Of inputs that were clamped it is that before: `max σ(u_i) = σ(max u_i)` where σ doesn't
    /// fall, and among equal ones, such as the zeros behind a ReLU, the largest u has the branch of all; behind it σ itself passes what there is.
    fn compared(&self, id: NodeId) -> ValueId {
        let node = self.builder.model.node(id);
        match node.op {
            Op::Elementwise(Activation::Relu(_)) => self.builder.of(node.inputs[0]),
            Op::Elementwise(Activation::Clip(clip)) if clip.min <= clip.max => {
                self.builder.of(node.inputs[0])
            }
            _ => self.builder.of(id),
        }
    }

    /// Adds what a kernel makes of a node's adjoint to the adjoint of `to`.
    pub fn pass(&mut self, id: NodeId, kernel: impl Into<Kernel>, inputs: Vec<ValueId>, to: NodeId) {
        let Some(degree) = self.degrees[to.0] else { return };
        let known = self.adjoints[to.0];
        let units = self.builder.model.node(to).units();
        let output = known.unwrap_or_else(|| self.builder.value(units, degree, self.shared));
        self.adjoints[to.0] = Some(output);
        self.builder.step(id, kernel, inputs, output, known.is_some());
    }
}
