//! A network along curves.

use super::{Model, ModelBuilder, Node, NodeId};
use crate::activation::Pow;
use crate::error::Result;

/// A curve beside a ray.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aside<'a> {
    /// To which side.
    pub w: &'a [f64],
    /// The power of t with which it leaves the ray.
    pub power: usize,
}

impl Model {
    /// The network at `x + τ^power w`, of the inputs `(x, τ)`: along a ray of x on which τ grows as t its series to `t^(power - 1)` are those of the
    /// network, and the curve leaves the ray on the side of w.
    ///
    /// # Errors
    /// If the sizes can't be counted.
    pub(crate) fn beside_rays(&self, aside: Aside) -> Result<Self> {
        let mut b = Self::builder(&[self.inputs() + 1]);
        let y = self.along_curve(&mut b, Some(aside))?;
        b.build_named(y, self.output_name.clone())
    }

    /// The outputs y of the network, and behind them `τ^pole y`, of the inputs `(x, τ)`, at x or beside it as in [`Self::beside_rays`]: where a gradient
    /// has a pole, that of the second ones has none.
    ///
    /// # Errors
    /// If the sizes can't be counted.
    pub(crate) fn without_pole(&self, aside: Option<Aside>, pole: usize) -> Result<Self> {
        let mut b = Self::builder(&[self.inputs() + 1]);
        let y = self.along_curve(&mut b, aside)?;
        let y = b.reshape(y, &[self.outputs()])?;
        let mut product = y;
        if pole > 0 {
            let t = self.power_of_t(&mut b, pole)?;
            let t = b.broadcast(t, &[self.outputs()])?;
            product = b.mul(t, y)?;
        }
        let both = b.concat(&[y, product], 0)?;
        b.build_named(both, self.output_name.clone())
    }

    fn power_of_t(&self, b: &mut ModelBuilder, power: usize) -> Result<NodeId> {
        let t = b.slice(b.input(), 0, self.inputs(), 1, 1)?;
        b.activation(t, Pow { exponent: power as f64 })
    }

    /// The network's output on a curve.
    fn along_curve(&self, b: &mut ModelBuilder, aside: Option<Aside>) -> Result<NodeId> {
        let inputs = self.inputs();
        let mut x = b.slice(b.input(), 0, 0, 1, inputs)?;
        if let Some(Aside { w, power }) = aside {
            let t = self.power_of_t(b, power)?;
            let w = b.linear(t, &[inputs, 1], w.to_vec(), None)?;
            x = b.add(x, w)?;
        }
        let mut renamed = vec![b.reshape(x, self.input_shape())?];
        for node in &self.nodes[1..] {
            let inputs = node.inputs.iter().map(|input| renamed[input.0]).collect();
            renamed.push(b.add_node(Node { inputs, ..node.clone() }));
        }
        Ok(renamed[self.output.0])
    }
}
