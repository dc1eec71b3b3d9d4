//! A network as a graph of few primitive operators, with inferred shapes.
//!
//! Shapes are those of one sample: the batch dimension is left out everywhere. Nodes are in topological
//! order, every node has one output, and all weights are constants in `f64`.

mod builder;
mod curve;
mod front;
mod op;
mod origin;
mod smooth;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use crate::geometry::{Pool, Strided, StridedDim, Window};
pub use builder::{Constant, Geometry, ModelBuilder};
pub(crate) use curve::Aside;
pub use op::{Affine, Conv, Linear, Op, PerUnit};
pub use origin::{FixedInput, InputPart, Origin};
pub use smooth::Smoothing;

use crate::activation::Activation;
use crate::error::{Error, Result};

/// Index of a node in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// Position among the model's nodes.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Weights: shared, immutable.
pub type Weights = Arc<[f64]>;

/// One operator of a network.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name for people: of the ONNX node that it comes from, or given to the builder.
    pub name: String,
    /// The ONNX operator that it comes from, or the primitive's own name.
    pub kind: String,
    /// What it computes.
    pub op: Op,
    /// Where its inputs come from: earlier nodes.
    pub inputs: Vec<NodeId>,
    /// Shape of its output for one sample.
    pub shape: Vec<usize>,
}

impl Node {
    /// What its operator does to smoothness, in a word: "input", "linear", "smooth", "kinks", "steps" of quantised values, or "constant" between
    /// whole numbers.
    pub fn character(&self) -> &'static str {
        match &self.op {
            Op::Input => "input",
            Op::MaxPool(_) | Op::Select { .. } => "kinks",
            Op::Elementwise(f) if !f.kinks().is_empty() => "kinks",
            Op::Elementwise(Activation::Quantize(_)) => "steps",
            Op::Elementwise(f) if f.polynomial_degree() == Some(0) => "constant",
            op if op.is_affine() => "linear",
            _ => "smooth",
        }
    }

    /// Number of units in the output for one sample.
    pub fn units(&self) -> usize {
        // Only a builder's input may have more than can be counted, until the model is built.
        self.shape.iter().fold(1, |units: usize, &size| units.saturating_mul(size))
    }
}

/// A trained network with one input and one output.
///
/// ```
/// use hope::activation::Tanh;
/// use hope::model::Model;
///
/// let mut b = Model::builder(&[2]);
/// let x = b.input();
/// let h = b.linear(x, &[3, 2], vec![1.0, 0.5, -1.0, 0.25, 0.0, 2.0], Some(vec![0.0; 3]))?;
/// let h = b.activation(h, Tanh)?;
/// let y = b.linear(h, &[1, 3], vec![1.0, -1.0, 0.5], None)?;
/// let model = b.build(y)?;
/// assert_eq!(model.output_shape(), [1]);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    nodes: Vec<Node>,
    output: NodeId,
    output_name: String,
    origin: Arc<Origin>,
}

impl Model {
    /// Starts a model whose input has this shape for one sample.
    pub fn builder(input_shape: &[usize]) -> ModelBuilder {
        ModelBuilder::new(input_shape)
    }

    /// All nodes in topological order; the first is the input.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Shape of the input for one sample.
    pub fn input_shape(&self) -> &[usize] {
        &self.nodes[0].shape
    }

    /// Number of input units, flattened.
    pub fn inputs(&self) -> usize {
        self.nodes[0].units()
    }

    /// The node whose value is the result.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// The output's name.
    pub fn output_name(&self) -> &str {
        &self.output_name
    }

    /// What of its file it is a function of.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Shape of the output for one sample.
    pub fn output_shape(&self) -> &[usize] {
        &self.node(self.output).shape
    }

    /// Number of output units, flattened.
    pub fn outputs(&self) -> usize {
        self.node(self.output).units()
    }

    /// Number of weights, biases included.
    pub fn parameters(&self) -> usize {
        self.nodes.iter().map(|node| node.op.parameters()).sum()
    }

    /// Whether it has quotients or roots: at single points, 0/0 or the root of 0, series know fewer orders than those they are made of, and gradients may be
    /// finite where what passes through isn't.
    pub(crate) fn may_lose_orders(&self) -> bool {
        self.nodes.iter().any(|node| match &node.op {
            Op::Divide => true,
            Op::Elementwise(function) => function.root().is_some(),
            _ => false,
        })
    }

    /// The number of outputs that a selection names, all of them by default.
    ///
    /// # Errors
    /// If it names none, or one that the model doesn't have.
    pub(crate) fn count_outputs(&self, selection: Option<&[usize]>) -> Result<usize> {
        let Some(outputs) = selection else { return Ok(self.outputs()) };
        if let Some(output) = outputs.iter().find(|&&o| o >= self.outputs()) {
            return Err(Error::NoOutput { output: *output, outputs: self.outputs() });
        }
        if outputs.is_empty() {
            return Err(Error::TooFew { given: 0, least: 1, cause: "no outputs are selected".into() });
        }
        Ok(outputs.len())
    }

    /// The outputs that a selection names: there may be very many, so that they are counted before.
    pub(crate) fn list_outputs(&self, selection: Option<&[usize]>) -> Vec<usize> {
        selection.map_or_else(|| (0..self.outputs()).collect(), <[usize]>::to_vec)
    }

    /// The number of points that some numbers make.
    ///
    /// # Errors
    /// If they make none, or one isn't finite.
    pub(crate) fn count_points(&self, points: &[f64]) -> Result<usize> {
        let inputs = self.inputs();
        if points.is_empty() || !points.len().is_multiple_of(inputs) {
            return Err(Error::PointSize { shape: self.input_shape().to_vec(), given: points.len() });
        }
        if let Some(i) = points.iter().position(|x| !x.is_finite()) {
            let cause = format!("point {} has a coordinate that is not finite", i / inputs);
            return Err(Error::NotFinite { index: i, cause });
        }
        Ok(points.len() / inputs)
    }

    /// The model cut off at an inner node.
    pub fn truncated(&self, output: NodeId) -> Self {
        let needed = needed(&self.nodes, output);
        let nodes = needed.iter().map(|&id| self.node(id).clone());
        Self::cut(&needed, nodes, self.node(output).name.clone(), self.origin.clone())
    }

    /// The model without a softmax or log-softmax at its very end.
    ///
    /// # Errors
    /// If it doesn't end in one.
    pub fn logits(&self) -> Result<Self> {
        let mut last = self.node(self.output);
        while let Op::Reshape | Op::Strided(_) = last.op {
            last = self.node(last.inputs[0]);
        }
        match last.op {
            Op::Softmax { .. } => Ok(self.truncated(last.inputs[0])),
            _ => Err(Error::NoLayer {
                wanted: "softmax",
                cause: format!(
                    "--logits leaves out a softmax or log-softmax at the end, but this model ends in '{}' ({}): drop --logits",
                    last.name, last.kind
                ),
            }),
        }
    }

    /// Keeps only the nodes that the output depends on.
    fn pruned(nodes: Vec<Node>, output: NodeId, output_name: String, origin: Arc<Origin>) -> Self {
        let needed = needed(&nodes, output);
        let nodes = nodes.into_iter().enumerate();
        let kept = nodes.filter(|(index, _)| needed.binary_search(&NodeId(*index)).is_ok());
        Self::cut(&needed, kept.map(|(_, node)| node), output_name, origin)
    }

    /// The model of these nodes, ascending, whose last one is the output.
    fn cut(
        needed: &[NodeId],
        nodes: impl Iterator<Item = Node>,
        output_name: String,
        origin: Arc<Origin>,
    ) -> Self {
        let renamed = |id: NodeId| NodeId(needed.binary_search(&id).unwrap_or_default());
        let nodes: Vec<Node> = nodes
            .map(|node| Node { inputs: node.inputs.iter().map(|&input| renamed(input)).collect(), ..node })
            .collect();
        let output = NodeId(nodes.len() - 1);
        Self { nodes, output, output_name, origin }
    }

    /// For each node, the nodes that read it, once per edge.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                consumers[input.0].push(NodeId(index));
            }
        }
        consumers
    }
}

/// The nodes that one depends on, and itself, ascending; the input always, even of a model that ignores it. Nothing else is looked
/// at: a network may be cut off at each of its nodes in turn.
fn needed(nodes: &[Node], output: NodeId) -> Vec<NodeId> {
    let mut needed = BTreeSet::from([NodeId(0), output]);
    let mut open = vec![output];
    while let Some(id) = open.pop() {
        open.extend(nodes[id.0].inputs.iter().copied().filter(|&input| needed.insert(input)));
    }
    needed.into_iter().collect()
}
