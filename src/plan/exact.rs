//! The exact method: series forward through the graph. With order 0 it is the plain forward pass.

use super::mixed::Mixed;
use super::{Builder, Kernels, Method, Plan, Rays, ValueId, windows};
use crate::kernel::arithmetic::{Affine, Copy, Divide, Multiply};
use crate::kernel::conv::{self, ConvShape};
use crate::kernel::elementwise::Compose;
use crate::kernel::linear::{Linear, LinearOfUnitRays, LinearShape};
use crate::kernel::matmul::MatMul;
use crate::kernel::multivariate::{ComposeMixed, DivideMixed, MaxPoolMixed, MultiplyMixed};
use crate::kernel::pool::{AveragePool, MaxPool};
use crate::kernel::reduction::{Reduce, Reduction};
use crate::kernel::select::{Choice, Select};
use crate::kernel::strided::StridedCopy;
use crate::kernel::{Kernel, PerUnitId};
use crate::model::{Conv, Model, NodeId, Op, PerUnit};

pub(super) fn plan(model: &Model, order: usize, rays: Rays, kernels: Kernels) -> Plan {
    let mut builder = Builder::new(model, Method::Exact, order, kernels);
    builder.forward(order, rays);
    builder.finish()
}

impl Builder<'_> {
    /// Plans the forward pass of all nodes.
    pub(super) fn forward(&mut self, order: usize, rays: Rays) {
        let model = self.model;
        let unit = order > 0 && rays == Rays::Unit;
        let mut chain = match self.kernels {
            Kernels::Cpu if unit => windows::chain(model, &self.fused, order),
            _ => None,
        };
        let columns = unit && enters_through_linear(model);
        let degree = if columns || chain.is_some() { 0 } else { order.min(1) };
        self.plan.input = self.value(model.inputs(), self.blocks(degree), true);
        for id in (0..model.nodes().len()).map(NodeId) {
            if self.fused.skips(id) {
                continue;
            }
            self.node_values[id.0] = Some(self.forward_node(id, order, columns));
            if let Some(chain) = chain.take_if(|chain| chain.end == id) {
                self.through_windows(chain);
            }
        }
        self.plan.output = self.of(model.output());
    }

    fn convolution(&mut self, conv: &Conv) -> conv::Conv {
        let weight = self.constant(&conv.weight);
        let bias = conv.bias.as_ref().map(|bias| self.constant(bias));
        conv::Conv { shape: ConvShape::of(conv), weight, bias }
    }

    fn forward_node(&mut self, id: NodeId, order: usize, columns: bool) -> ValueId {
        let model = self.model;
        let node = model.node(id);
        if let Some(conv) = self.fused.conv(id).cloned() {
            let input = self.of(model.node(node.inputs[0]).inputs[0]);
            let output = self.value(node.units(), self.plan.values[input.0].degree, true);
            let kernel = self.convolution(&conv);
            self.step(id, kernel, vec![input], output, false);
            return output;
        }
        let inputs: Vec<ValueId> = node.inputs.iter().map(|&input| self.of(input)).collect();
        let highest = inputs.iter().map(|&input| self.degree(input)).max().unwrap_or(0);
        let variables = self.variables();
        if let (Some(variables), Op::Softmax { .. } | Op::Normalize { .. }) = (&variables, &node.op) {
            let (variables, axis) = (variables.clone(), last_axis(&node.shape));
            let mut mixed = Mixed { builder: self, node: id, variables, axis };
            return match node.op {
                Op::Normalize { epsilon } => mixed.normalize(inputs[0], epsilon),
                _ => mixed.softmax(inputs[0], matches!(node.op, Op::Softmax { log: true })),
            };
        }
        let nonlinear = if highest > 0 { order } else { 0 };
        let (degree, kernel): (usize, Kernel) = match &node.op {
            Op::Input => return self.plan.input,
            Op::Reshape => return inputs[0],
            Op::Linear(linear) => {
                let shape = LinearShape { inputs: linear.inputs, outputs: linear.outputs };
                let weight = self.constant(&linear.weight);
                let bias = linear.bias.as_ref().map(|bias| self.constant(bias));
                if columns && inputs[0] == self.plan.input {
                    (1, LinearOfUnitRays { shape, weight, bias }.into())
                } else {
                    (highest, Linear { shape, weight, bias }.into())
                }
            }
            Op::Conv(conv) => (highest, self.convolution(conv).into()),
            Op::AveragePool(pool) => (highest, AveragePool(pool.clone()).into()),
            Op::MaxPool(pool) => {
                let pool = pool.clone();
                let kernel = match variables {
                    None => MaxPool(pool).into(),
                    Some(variables) => MaxPoolMixed { pool, variables }.into(),
                };
                (highest, kernel)
            }
            Op::Elementwise(function) => {
                let function = *function;
                let kernel = match variables {
                    None => Compose(function).into(),
                    Some(variables) => ComposeMixed { function, variables }.into(),
                };
                (function.degree(highest, order), kernel)
            }
            Op::Affine(affine) => {
                let scale = affine.scale.as_ref().map(|c| self.per_unit(c));
                let shift = affine.shift.as_ref().map(|c| self.per_unit(c));
                (highest, Affine { scale, shift }.into())
            }
            Op::Multiply => {
                let sum = self.degree(inputs[0]) + self.degree(inputs[1]);
                (
                    sum.min(order),
                    variables.map_or(Multiply.into(), |variables| MultiplyMixed(variables).into()),
                )
            }
            Op::MatMul(shape) => {
                let sum = self.degree(inputs[0]) + self.degree(inputs[1]);
                (sum.min(order), MatMul { shape: *shape, variables }.into())
            }
            Op::Divide => {
                (nonlinear, variables.map_or(Divide.into(), |variables| DivideMixed(variables).into()))
            }
            Op::Strided(copy) => (highest, StridedCopy { copy: copy.clone(), fill: true }.into()),
            Op::Softmax { log } => {
                let reduction = if *log { Reduction::LogSoftmax } else { Reduction::Softmax };
                (nonlinear, Reduce { reduction, axis: last_axis(&node.shape) }.into())
            }
            Op::Normalize { epsilon } => {
                let reduction = Reduction::Normalize { epsilon: *epsilon };
                (nonlinear, Reduce { reduction, axis: last_axis(&node.shape) }.into())
            }
            // Several steps, one per part: the first prepares the output, the others add to it.
            Op::Add => {
                // The part of the higher degree comes first, as it sets all orders.
                let mut parts = inputs;
                parts.sort_by_key(|part| std::cmp::Reverse(self.plan.values[part.0].degree));
                let output = self.value(node.units(), self.blocks(highest), true);
                for (i, part) in parts.into_iter().enumerate() {
                    self.step(id, Copy, vec![part], output, i > 0);
                }
                return output;
            }
            // Two steps, one for each side. Where the function jumps its first coefficient says so, be it constant on both sides.
            Op::Select { at_zero } => {
                let moves = self.degree(inputs[0]).min(1);
                let highest = self.degree(inputs[1]).max(self.degree(inputs[2])).max(moves);
                let output = self.value(node.units(), self.blocks(highest), true);
                for above in [*at_zero, !at_zero] {
                    let choice = Choice { above, at_zero: *at_zero };
                    let kernel = Select { choice, monomials: self.plan.monomials.clone() };
                    let value = inputs[if above { 1 } else { 2 }];
                    self.step(id, kernel, vec![inputs[0], value], output, !choice.holds_at_zero());
                }
                return output;
            }
            Op::Concat(copies) => {
                let output = self.value(node.units(), self.blocks(highest), true);
                for (i, (copy, &part)) in copies.iter().zip(&inputs).enumerate() {
                    let kernel = StridedCopy { copy: copy.clone(), fill: i == 0 };
                    self.step(id, kernel, vec![part], output, i > 0);
                }
                return output;
            }
        };
        let output = self.value(node.units(), self.blocks(degree), true);
        let (kernel, inputs) = self.with_weights(&node.op, kernel, inputs, output);
        self.step(id, kernel, inputs, output, false);
        output
    }

    pub(super) fn per_unit(&mut self, constant: &PerUnit) -> PerUnitId {
        PerUnitId { values: self.constant(&constant.values), inner: constant.inner }
    }
}

/// Whether the input is read by linear layers only, with a single position each.
fn enters_through_linear(model: &Model) -> bool {
    let mut is_input = vec![false; model.nodes().len()];
    is_input[0] = true;
    let mut entered = false;
    for (index, node) in model.nodes().iter().enumerate().skip(1) {
        if !node.inputs.iter().any(|input| is_input[input.index()]) {
            continue;
        }
        match &node.op {
            Op::Reshape => is_input[index] = true,
            Op::Linear(linear) if linear.inputs == model.inputs() => entered = true,
            _ => return false,
        }
    }
    entered && !is_input[model.output().index()]
}

fn last_axis(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(1)
}

impl ConvShape {
    pub(super) fn of(conv: &Conv) -> Self {
        Self {
            in_channels: conv.in_channels,
            out_channels: conv.out_channels,
            groups: conv.groups,
            window: conv.window,
        }
    }
}
