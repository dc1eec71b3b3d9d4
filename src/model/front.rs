//! The affine layers at the beginning of a network: what they do to the scales of inputs.

use super::{Model, ModelBuilder, Node, NodeId, Op};
use crate::activation::{Activation, Pow};
use crate::error::Result;

impl Model {
    /// Two sums of squares of the units that the network's affine layers make of its input before anything else reads them, biases left out: of
    /// those that a function with a scale of its own reads, as tanh, and of those where only ratios count, as in a quotient or a layer
    /// normalisation. Along an input their second coefficients are squares of the norm of what that input does to them.
    ///
    /// # Errors
    /// If the sizes can't be counted.
    pub(crate) fn squared_front(&self) -> Result<Self> {
        let mut place: Vec<Option<NodeId>> = vec![None; self.nodes.len()];
        let mut nodes = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let inputs: Option<Vec<NodeId>> = node.inputs.iter().map(|input| place[input.0]).collect();
            if let Some(inputs) = inputs.filter(|_| node.op.is_affine()) {
                place[index] = Some(NodeId(nodes.len()));
                nodes.push(Node { op: without_constants(&node.op), inputs, ..node.clone() });
            }
        }
        // Of each node, whether it is read with a scale, and whether without.
        let mut read = vec![[false; 2]; nodes.len()];
        if let Some(output) = place[self.output.0] {
            read[output.0][0] = true;
        }
        for (_, node) in self.nodes.iter().enumerate().filter(|(index, _)| place[*index].is_none()) {
            for id in node.inputs.iter().filter_map(|input| place[input.0]) {
                read[id.0][usize::from(!has_scale(&node.op))] = true;
            }
        }
        let mut b = ModelBuilder::of(nodes);
        let mut sums = [None; 2];
        for (index, read) in read.into_iter().enumerate().filter(|(_, read)| read.contains(&true)) {
            let units = b.node(NodeId(index)).units();
            let flat = b.reshape(NodeId(index), &[units])?;
            let square = b.activation(flat, Pow { exponent: 2.0 })?;
            let squares = b.reduce(square, &[0], true, false)?;
            for (sum, _) in sums.iter_mut().zip(read).filter(|(_, read)| *read) {
                *sum = Some(match *sum {
                    None => squares,
                    Some(sum) => b.add(sum, squares)?,
                });
            }
        }
        let [with, without] = match sums {
            [Some(with), Some(without)] => [with, without],
            [Some(with), None] => [with, b.scale(with, 0.0)?],
            [None, Some(without)] => [b.scale(without, 0.0)?, without],
            [None, None] => [b.input(), b.input()], // not so: the output is read
        };
        let both = b.concat(&[with, without], 0)?;
        b.build(both)
    }
}

/// Whether an operator that isn't affine does something else to numbers that are all some times as large.
fn has_scale(op: &Op) -> bool {
    match op {
        Op::Elementwise(f) => !matches!(
            f,
            Activation::Log(_) | Activation::Pow(_) | Activation::Reciprocal(_) | Activation::Sqrt(_)
        ),
        Op::Multiply | Op::Divide | Op::Normalize { .. } => false,
        _ => true,
    }
}

/// The linear part of an affine operator.
fn without_constants(op: &Op) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Linear(linear) => linear.bias = None,
        Op::Conv(conv) => conv.bias = None,
        Op::Affine(affine) => affine.shift = None,
        Op::Strided(strided) => strided.fill = 0.0,
        Op::Concat(parts) => parts.iter_mut().for_each(|part| part.fill = 0.0),
        _ => {}
    }
    op
}
