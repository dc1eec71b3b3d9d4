//! The affine layers at the beginning of a network: what they do to the scales of inputs.

use super::{Model, ModelBuilder, Node, NodeId, Op};
use crate::activation::{Activation, Pow};
use crate::error::Result;

impl Model {
    /// Two sums of squares of the units that the network's affine layers make of its input before anything else reads them, biases left out: of
    /// those whose reader has a scale of its own, as tanh, and of those that are compared with each other, as in layer normalisation. Along
    /// an input their second coefficients are squares of the norm of what that input does to them.
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
        // Of each node, whether it is read in one way, and whether in the other.
        let mut read = vec![[false; 2]; nodes.len()];
        if let Some(output) = place[self.output.0] {
            read[output.0][0] = true;
        }
        for (_, node) in self.nodes.iter().enumerate().filter(|(index, _)| place[*index].is_none()) {
            for id in node.inputs.iter().filter_map(|input| place[input.0]) {
                if let Some(scale) = scale(&node.op) {
                    read[id.0][scale as usize] = true;
                }
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
            [None, None] => {
                let units = self.inputs();
                let flat = b.reshape(b.input(), &[units])?;
                let sum = b.reduce(flat, &[0], true, false)?;
                let nothing = b.scale(sum, 0.0)?;
                [nothing, nothing]
            }
        };
        let both = b.concat(&[with, without], 0)?;
        b.build(both)
    }
}

/// What an operator measures its input by.
#[derive(Clone, Copy)]
enum Scale {
    /// By numbers of its own.
    Own = 0,
    /// By its other units.
    Others = 1,
}

/// What an operator that isn't affine measures its input by; none if each unit by itself, as a power does: there a scale that helped one would be
/// wrong for another.
fn scale(op: &Op) -> Option<Scale> {
    match op {
        Op::Elementwise(
            Activation::Log(_) | Activation::Pow(_) | Activation::Reciprocal(_) | Activation::Sqrt(_),
        )
        | Op::Multiply
        | Op::Divide
        | Op::MatMul(_) => None,
        Op::Normalize { .. } => Some(Scale::Others),
        _ => Some(Scale::Own),
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
