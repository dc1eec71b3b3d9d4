//! A network along curves.

use super::{Model, Node, NodeId};
use crate::activation::Pow;
use crate::error::Result;

impl Model {
    /// The network at `x + τ^power w`, of the inputs `(x, τ)`: along a ray of x on which τ grows as t its series to `t^(power - 1)` are those of the
    /// network, and the curve leaves the ray on the side of w.
    ///
    /// # Errors
    /// If the sizes can't be counted.
    pub(crate) fn beside_rays(&self, w: &[f64], power: usize) -> Result<Self> {
        let inputs = self.inputs();
        let mut b = Self::builder(&[inputs + 1]);
        b.name("input");
        let x = b.slice(b.input(), 0, 0, 1, inputs)?;
        let t = b.slice(b.input(), 0, inputs, 1, 1)?;
        let t = b.activation(t, Pow { exponent: power as f64 })?;
        let aside = b.linear(t, &[inputs, 1], w.to_vec(), None)?;
        let x = b.add(x, aside)?;
        let x = b.reshape(x, self.input_shape())?;
        let mut renamed = vec![x];
        for node in &self.nodes[1..] {
            let inputs = node.inputs.iter().map(|input| renamed[input.0]).collect();
            renamed.push(b.add_node(Node { inputs, ..node.clone() }));
        }
        let output: NodeId = renamed[self.output.0];
        b.build_named(output, self.output_name.clone())
    }
}
