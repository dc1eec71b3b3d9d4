//! Building a model node by node, with every shape checked.

mod layout;
mod windows;

pub use windows::Geometry;

use std::sync::Arc;

use super::{Affine, Linear, Model, Node, NodeId, Op, Origin, PerUnit, Weights};
use crate::activation::{Activation, Pow, Reciprocal};
use crate::error::{Error, Result};
use crate::geometry::MatMulShape;

/// Largest number of units of one value: beyond it no machine computes a series.
const MAX_UNITS: usize = 1 << 31;

/// Largest number of values that a broadcast constant may be expanded to.
const MAX_EXPANDED: usize = 1 << 24;

/// Builds a [`Model`]; each method adds a node and returns it.
///
/// Shapes and axes are those of one sample, without the batch dimension. Used by the ONNX import, too, so
/// that every model passes the same checks.
#[derive(Debug)]
pub struct ModelBuilder {
    pub(super) nodes: Vec<Node>,
    name: Option<String>,
    kind: Option<String>,
    origin: Arc<Origin>,
}

/// A constant tensor with its shape, to be broadcast.
#[derive(Clone, Copy, Debug)]
pub struct Constant<'a> {
    /// Sizes of the axes; empty for a scalar.
    pub shape: &'a [usize],
    /// Row-major values.
    pub values: &'a [f64],
}

impl ModelBuilder {
    pub(super) fn new(input_shape: &[usize]) -> Self {
        let input = Node {
            name: "input".into(),
            kind: "Input".into(),
            op: Op::Input,
            inputs: Vec::new(),
            shape: input_shape.to_vec(),
        };
        Self { nodes: vec![input], name: None, kind: None, origin: Arc::default() }
    }

    /// Goes on from nodes that are there, the input first.
    pub(super) fn of(nodes: Vec<Node>) -> Self {
        Self { nodes, name: None, kind: None, origin: Arc::default() }
    }

    /// The input node.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// Names the nodes that follow: errors and reports use the name.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Says which operator of the source format the nodes that follow come from.
    pub fn kind(&mut self, kind: impl Into<String>) -> &mut Self {
        self.kind = Some(kind.into());
        self
    }

    /// Says what of its file the model is a function of.
    pub(crate) fn origin(&mut self, origin: Arc<Origin>) -> &mut Self {
        self.origin = origin;
        self
    }

    /// A node that was added.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Shape of a node's value.
    pub fn shape(&self, id: NodeId) -> &[usize] {
        &self.nodes[id.0].shape
    }

    /// Finishes: the model that computes this node, without what it doesn't need.
    ///
    /// # Errors
    /// If input or output are empty.
    pub fn build(self, output: NodeId) -> Result<Model> {
        let name = self.nodes[output.0].name.clone();
        self.build_named(output, name)
    }

    /// Leaves out the first axis, of size 1, of all nodes but the input and those it keeps, and then whatever no longer changes a shape.
    /// Operators hold their own geometry: shapes are for whoever reads them. Returns what the output has become.
    pub(crate) fn without_first_axes(&mut self, output: NodeId, keeps: impl Fn(NodeId) -> bool) -> NodeId {
        let mut became: Vec<NodeId> = Vec::with_capacity(self.nodes.len());
        for index in 0..self.nodes.len() {
            let id = NodeId(index);
            let node = &mut self.nodes[index];
            if index > 0 && !keeps(id) && node.shape.first() == Some(&1) {
                node.shape.remove(0);
            }
            for input in &mut node.inputs {
                *input = became[input.0]; // nodes are in topological order
            }
            let node = &self.nodes[index];
            became.push(match node.inputs[..] {
                [x] if matches!(node.op, Op::Reshape) && self.nodes[x.0].shape == node.shape => x,
                _ => id,
            });
        }
        became[output.0]
    }

    /// [`Self::build`] with a name for the output.
    pub fn build_named(self, output: NodeId, name: String) -> Result<Model> {
        for (end, id) in [("input", NodeId(0)), ("output", output)] {
            let units = checked_units(&self.nodes[id.0].shape);
            if !units.is_some_and(|n| (1..=MAX_UNITS).contains(&n)) {
                return Err(Error::Shape { end, shape: self.nodes[id.0].shape.clone() });
            }
        }
        Ok(Model::pruned(self.nodes, output, name, self.origin))
    }

    /// Matrix product over the last axis with `weight` of shape `[outputs, inputs]`.
    pub fn linear(
        &mut self,
        x: NodeId,
        shape: &[usize; 2],
        weight: impl Into<Weights>,
        bias: Option<Vec<f64>>,
    ) -> Result<NodeId> {
        let (weight, bias) = (weight.into(), bias.map(Weights::from));
        let [outputs, inputs] = *shape;
        let mut y = self.shape(x).to_vec();
        let Some(last) = y.last_mut() else {
            return self.fail("Linear", "a matrix product needs an input with at least one axis".into());
        };
        if *last != inputs || Some(weight.len()) != outputs.checked_mul(inputs) {
            let cause = format!(
                "the weight is {outputs} x {inputs} with {} values, the input's last axis has size {last}",
                weight.len()
            );
            return self.fail("Linear", cause);
        }
        *last = outputs;
        self.check_bias("Linear", &bias, outputs)?;
        self.finite("Linear", &weight)?;
        self.push("Linear", Op::Linear(Linear { weight, bias, inputs, outputs }), vec![x], y)
    }

    /// An elementwise function.
    pub fn activation(&mut self, x: NodeId, function: impl Into<Activation>) -> Result<NodeId> {
        let function = function.into();
        if function.parameters().iter().any(|p| p.is_nan()) {
            return self.fail(function.name(), format!("the parameters {function} are not numbers"));
        }
        let shape = self.shape(x).to_vec();
        self.push(function.name(), Op::Elementwise(function), vec![x], shape)
    }

    /// `x ∘ scale + shift` with constants broadcast as in numpy.
    pub fn affine(&mut self, x: NodeId, scale: Option<Constant>, shift: Option<Constant>) -> Result<NodeId> {
        let mut shape = self.shape(x).to_vec();
        for constant in [scale, shift].into_iter().flatten() {
            shape = self.broadcast_shape("Affine", &shape, constant.shape)?;
        }
        let x = self.broadcast(x, &shape)?;
        let scale = scale.map(|c| self.per_unit(c, &shape)).transpose()?;
        let shift = shift.map(|c| self.per_unit(c, &shape)).transpose()?;
        self.push("Affine", Op::Affine(Affine { scale, shift }), vec![x], shape)
    }

    /// `x · factor` for one number.
    pub fn scale(&mut self, x: NodeId, factor: f64) -> Result<NodeId> {
        self.affine(x, Some(Constant { shape: &[], values: &[factor] }), None)
    }

    /// Sum, with broadcasting.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.binary("Add", Op::Add, a, b)
    }

    /// Difference, with broadcasting.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        let b = self.scale(b, -1.0)?;
        self.add(a, b)
    }

    /// Elementwise product, with broadcasting.
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        if a == b {
            return self.activation(a, Pow { exponent: 2.0 });
        }
        self.binary("Multiply", Op::Multiply, a, b)
    }

    /// Elementwise quotient, with broadcasting.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.binary("Divide", Op::Divide, a, b)
    }

    /// `a` where `u` is positive, `b` where it is negative, elementwise, with broadcasting; `at_zero` says whether 0 counts as positive.
    pub fn select(&mut self, u: NodeId, a: NodeId, b: NodeId, at_zero: bool) -> Result<NodeId> {
        let shape = self.broadcast_shape("Select", self.shape(a), self.shape(b))?;
        let shape = self.broadcast_shape("Select", &shape, self.shape(u))?;
        let inputs = [u, a, b].map(|x| self.broadcast(x, &shape));
        let inputs = inputs.into_iter().collect::<Result<_>>()?;
        self.push("Select", Op::Select { at_zero }, inputs, shape)
    }

    /// Matrix products over the last two axes, `[…, rows, inner]` times `[…, inner, columns]`; the axes before them agree.
    pub fn matmul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        let (left, right) = (self.shape(a), self.shape(b));
        let fits = || {
            let (groups, &[rows, inner]) = left.split_last_chunk()?;
            let (others, &[depth, columns]) = right.split_last_chunk()?;
            if groups != others || inner != depth {
                return None;
            }
            let count = checked_units(groups)?;
            let shape = groups.iter().copied().chain([rows, columns]).collect::<Vec<_>>();
            Some((MatMulShape { groups: count, rows, inner, columns }, shape))
        };
        let Some((product, shape)) = fits() else {
            let cause = format!("matrices of shapes {left:?} and {right:?} have no product");
            return self.fail("MatMul", cause);
        };
        self.push("MatMul", Op::MatMul(product), vec![a, b], shape)
    }

    /// A constant divided by a value.
    pub fn constant_over(&mut self, constant: Constant, x: NodeId) -> Result<NodeId> {
        let inverse = self.activation(x, Reciprocal)?;
        self.affine(inverse, Some(constant), None)
    }

    /// Softmax over an axis, or its logarithm.
    pub fn softmax(&mut self, x: NodeId, axis: usize, log: bool) -> Result<NodeId> {
        let kind = if log { "LogSoftmax" } else { "Softmax" };
        self.over_last_axis(kind, x, axis, Op::Softmax { log })
    }

    /// Layer normalisation over the last `axes` axes, without scale and shift.
    pub fn normalize(&mut self, x: NodeId, axes: usize, epsilon: f64) -> Result<NodeId> {
        let shape = self.shape(x).to_vec();
        if axes == 0 || axes > shape.len() || !epsilon.is_finite() || epsilon < 0.0 {
            let cause = format!("{axes} normalised axes of {shape:?} with epsilon {epsilon}");
            return self.fail("LayerNormalization", cause);
        }
        let mut flat = shape[..shape.len() - axes].to_vec();
        flat.push(shape[shape.len() - axes..].iter().product());
        let x = self.reshape(x, &flat)?;
        let y = self.push("LayerNormalization", Op::Normalize { epsilon }, vec![x], flat)?;
        self.reshape(y, &shape)
    }

    fn over_last_axis(&mut self, kind: &str, x: NodeId, axis: usize, op: Op) -> Result<NodeId> {
        let rank = self.shape(x).len();
        if axis >= rank {
            return self.fail(kind, format!("axis {axis} is not an axis of {:?}", self.shape(x)));
        }
        // Moving the axis to the end is its own inverse only for the last two axes.
        let mut to_last: Vec<usize> = (0..rank).filter(|&i| i != axis).collect();
        to_last.push(axis);
        let mut back: Vec<usize> = (0..rank - 1).collect();
        back.insert(axis, rank - 1);
        let x = self.transpose(x, &to_last)?;
        let shape = self.shape(x).to_vec();
        let y = self.push(kind, op, vec![x], shape)?;
        self.transpose(y, &back)
    }

    fn binary(&mut self, kind: &str, op: Op, a: NodeId, b: NodeId) -> Result<NodeId> {
        let shape = self.broadcast_shape(kind, self.shape(a), self.shape(b))?;
        let (a, b) = (self.broadcast(a, &shape)?, self.broadcast(b, &shape)?);
        self.push(kind, op, vec![a, b], shape)
    }

    fn check_bias(&self, kind: &str, bias: &Option<Weights>, outputs: usize) -> Result<()> {
        let Some(bias) = bias else { return Ok(()) };
        if bias.len() != outputs {
            return self.fail(kind, format!("the bias has {} values for {outputs} outputs", bias.len()));
        }
        self.finite(kind, bias)
    }

    fn finite(&self, kind: &str, values: &[f64]) -> Result<()> {
        match values.iter().position(|v| !v.is_finite()) {
            Some(index) => self.fail(
                kind,
                format!("weight number {index} is {}: retrain or repair the model", values[index]),
            ),
            None => Ok(()),
        }
    }

    pub(super) fn broadcast_shape(&self, kind: &str, a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
        let rank = a.len().max(b.len());
        let size = |shape: &[usize], i: usize| {
            if i + shape.len() < rank { 1 } else { shape[i + shape.len() - rank] }
        };
        let joint: Option<Vec<usize>> = (0..rank)
            .map(|i| match (size(a, i), size(b, i)) {
                (m, n) if m == n => Some(m),
                (1, n) => Some(n),
                (m, 1) => Some(m),
                _ => None,
            })
            .collect();
        match joint.filter(|y| checked_units(y).is_some_and(|n| n <= MAX_UNITS)) {
            Some(shape) => Ok(shape),
            None => self.fail(kind, format!("shapes {a:?} and {b:?} (per sample) do not broadcast")),
        }
    }

    /// Stores a constant that broadcasts to `shape` once where it repeats.
    fn per_unit(&self, constant: Constant, shape: &[usize]) -> Result<PerUnit> {
        self.finite("Affine", constant.values)?;
        let missing = shape.len() - constant.shape.len();
        let varies = |i: usize| i >= missing && constant.shape[i - missing] > 1;
        let Some(first) = (0..shape.len()).find(|&i| varies(i)) else {
            let value = constant.values.first().copied().unwrap_or(0.0);
            return Ok(PerUnit::scalar(value));
        };
        let last = (first..shape.len()).rfind(|&i| varies(i)).unwrap_or(first);
        let range = &shape[first..=last];
        let count = checked_units(range).filter(|&n| n <= MAX_EXPANDED.max(constant.values.len()));
        let Some(count) = count else {
            return self.fail(
                "Affine",
                format!("a constant of shape {:?} broadcast to {shape:?} is too large", constant.shape),
            );
        };
        let stride = layout::strides(constant.shape);
        let values = (0..count).map(|index| {
            let (mut rest, mut source) = (index, 0);
            for i in (first..=last).rev() {
                if varies(i) {
                    source += (rest % shape[i]) * stride[i - missing] as usize;
                }
                rest /= shape[i];
            }
            constant.values[source]
        });
        Ok(PerUnit { values: values.collect(), inner: shape[last + 1..].iter().product() })
    }

    /// Adds a node of another model, which has passed the checks there; its inputs are nodes of this one.
    pub(super) fn add_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    /// An error at the node being built.
    pub(super) fn reject<T>(&self, kind: &str, cause: &str) -> Result<T> {
        self.fail(kind, cause.into())
    }

    fn push(&mut self, kind: &str, op: Op, inputs: Vec<NodeId>, shape: Vec<usize>) -> Result<NodeId> {
        if !checked_units(&shape).is_some_and(|n| (1..=MAX_UNITS).contains(&n)) {
            return self
                .fail(kind, format!("its output of shape {shape:?} per sample is empty or too large"));
        }
        let kind = self.kind.clone().unwrap_or_else(|| kind.to_string());
        let name =
            self.name.clone().unwrap_or_else(|| format!("{}_{}", kind.to_lowercase(), self.nodes.len()));
        self.nodes.push(Node { name, kind, op, inputs, shape });
        Ok(NodeId(self.nodes.len() - 1))
    }

    fn fail<T>(&self, kind: &str, cause: String) -> Result<T> {
        Err(Error::Node {
            node: self.name.clone().unwrap_or_else(|| format!("number {}", self.nodes.len())),
            op: self.kind.clone().unwrap_or_else(|| kind.to_string()),
            cause,
        })
    }
}

/// Number of elements, unless it overflows.
fn checked_units(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size))
}
