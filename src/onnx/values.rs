//! Values of the graph, and what can be done with them whether they are constant or not.
//!
//! Shapes are those of a sample with its batch of one: see [`super::batch`].

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::budget::{Budget, MAX_DEPTH};
use super::condition::Condition;
use super::external::External;
use super::patterns;
use super::shape::{Batch, MAX_RANK, count, joint};
use super::tensor::{Filled, Tensor};
use crate::error::{Error, Result};
use crate::model::{Constant, ModelBuilder, NodeId, Op, Weights};

/// What a tensor's name stands for.
#[derive(Clone, Debug)]
pub enum Value {
    /// It doesn't depend on the input.
    Constant(Rc<Tensor>),
    /// Neither, and it is made only where it is read.
    Filled(Rc<Filled>),
    /// It does.
    Node(NodeId),
    /// It does, and is of an integer type: see [`super::integer`].
    Integer(NodeId),
    /// Whether something holds, for each unit.
    Condition(Rc<Condition>),
    /// Several values, of which constants say which is taken.
    Sequence(Rc<Vec<Value>>),
    /// An output that no supported operator can read: what it is.
    Unusable(&'static str),
}

impl Value {
    /// The node that it is.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Node(id) | Self::Integer(id) => Some(*id),
            Self::Constant(_)
            | Self::Filled(_)
            | Self::Condition(_)
            | Self::Sequence(_)
            | Self::Unusable(_) => None,
        }
    }

    /// The nodes that it is or compares.
    pub fn nodes(&self) -> Vec<NodeId> {
        match self {
            Self::Condition(condition) => condition.nodes(),
            _ => self.node().into_iter().collect(),
        }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::Constant(Rc::new(tensor))
    }
}

impl From<NodeId> for Value {
    fn from(id: NodeId) -> Self {
        Self::Node(id)
    }
}

/// The model under construction.
#[derive(Debug)]
pub struct Importer {
    /// Takes the primitive operators.
    pub builder: ModelBuilder,
    /// Reads weights outside the file.
    pub external: External,
    /// The samples that axis 0 of the input is.
    pub batch: Batch,
    /// Nodes whose axis 0 isn't known to be the batch any more.
    pub(super) moved: HashSet<NodeId>,
    /// Scores of which a mask leaves some out: which stay. See [`super::mask`].
    pub(super) left_out: HashMap<NodeId, Rc<Tensor>>,
    pub(super) budget: Budget,
    node: (String, String),
}

impl Importer {
    pub fn new(builder: ModelBuilder, external: External, batch: Batch, budget: Budget) -> Self {
        Self {
            builder,
            external,
            batch,
            moved: HashSet::new(),
            left_out: HashMap::new(),
            budget,
            node: Default::default(),
        }
    }

    /// The node that follows: for names and errors.
    pub fn enter(&mut self, name: &str, op: &str) {
        self.builder.name(name).kind(op);
        self.node = (name.into(), op.into());
    }

    pub fn fail<T>(&self, cause: impl Into<String>) -> Result<T> {
        let (node, op) = self.node.clone();
        Err(Error::Node { node, op, cause: cause.into() })
    }

    /// Allows more elements, after reading weights of this many bytes from another file.
    pub fn grant(&mut self, bytes: u64) {
        self.budget.grant(bytes);
    }

    /// Counts elements before they are made.
    pub fn charge(&mut self, elements: usize) -> Result<()> {
        if self.budget.take(elements) {
            return Ok(());
        }
        self.fail(format!(
            "computing its constants takes {elements} more elements, out of proportion to the size of the file"
        ))
    }

    /// Counts nodes that are made again for each step or call.
    pub fn unroll(&mut self, nodes: usize) -> Result<()> {
        if self.budget.take_nodes(nodes) {
            return Ok(());
        }
        self.fail(format!(
            "its steps or calls, each with nodes of its own ({nodes} here), are out of proportion to the size of the file: make them fewer, \
             such as by a shorter sequence, with --shape or points of that size"
        ))
    }

    /// Counts the elements of a constant of this shape.
    pub fn charge_shape(&mut self, shape: &[usize]) -> Result<()> {
        match count(shape) {
            Some(elements) if shape.len() <= MAX_RANK => self.charge(elements),
            _ => self.fail(format!("a constant of shape {shape:?} is too large")),
        }
    }

    /// Lowers what is inside of a node, and comes back to it.
    pub fn inside<T>(&mut self, lower: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if !self.budget.descend() {
            return self.fail(format!("functions and graphs of nodes are nested more than {MAX_DEPTH} deep"));
        }
        let (name, op) = self.node.clone();
        let result = lower(self);
        self.budget.ascend();
        self.enter(&name, &op);
        result
    }

    /// Sizes of all axes, as the file has them.
    pub fn shape(&self, value: &Value) -> Vec<usize> {
        match value {
            Value::Constant(tensor) => tensor.shape.clone(),
            Value::Filled(filled) => filled.shape.clone(),
            Value::Condition(condition) => self.shape_of_condition(condition),
            Value::Node(id) | Value::Integer(id) => {
                let mut shape = self.builder.shape(*id).to_vec();
                if let (Batch::Fixed(batch), Some(first)) = (self.batch, shape.first_mut()) {
                    *first = batch;
                }
                shape
            }
            Value::Sequence(_) | Value::Unusable(_) => Vec::new(),
        }
    }

    pub fn checked_rank(&self, rank: usize) -> Result<()> {
        if rank > MAX_RANK {
            return self.fail(format!("its result has {rank} axes; up to {MAX_RANK} are supported"));
        }
        Ok(())
    }

    /// The node that a value is; a constant becomes one that ignores the input.
    pub fn node(&mut self, value: &Value) -> Result<NodeId> {
        match value {
            Value::Node(id) => Ok(*id),
            Value::Constant(tensor) => {
                let per_sample = self.per_sample(tensor, tensor.shape.len())?;
                self.checked_rank(per_sample.shape.len())?;
                let first = self.builder.input();
                let flat = [self.builder.shape(first).iter().product()];
                let mut x = self.builder.reshape(first, &flat)?;
                x = self.builder.slice(x, 0, 0, 1, 1)?;
                x = self.builder.reshape(x, &vec![1; per_sample.shape.len()])?;
                x = self.builder.broadcast(x, &per_sample.shape)?;
                self.affine(x, Some(&Tensor::scalar(0.0)), Some(&per_sample))
            }
            Value::Integer(_) => self.fail(
                "one of its inputs is of an integer type and depends on the model's input, which this operator doesn't take: make it a real number before with Cast",
            ),
            Value::Filled(_) => {
                let made = self.made(value)?;
                self.node(&made)
            }
            Value::Condition(_) => self.fail(
                "one of its inputs says whether something holds, which is no number: choose by it with Where, or make it one with Cast",
            ),
            Value::Sequence(_) => self.fail("a sequence of values is no value"),
            Value::Unusable(what) => {
                self.fail(format!("one of its inputs is {what}, which is not supported"))
            }
        }
    }

    /// `x ∘ scale + shift` with constants as one sample sees them.
    pub fn affine(&mut self, x: NodeId, scale: Option<&Tensor>, shift: Option<&Tensor>) -> Result<NodeId> {
        let y = self.scaled(x, scale, shift)?;
        self.follow(y, &[x]);
        let (from, to) = (self.builder.shape(x), self.builder.shape(y));
        if (to.len() > from.len() || to.first() != from.first()) && self.is_batched(x) {
            self.moves(y, || "a constant has more axes than the value, or more samples".into())?;
        }
        Ok(y)
    }

    fn scaled(&mut self, x: NodeId, scale: Option<&Tensor>, shift: Option<&Tensor>) -> Result<NodeId> {
        let number =
            |t: Option<&Tensor>, default| t.map_or(Some(default), |t| t.uniform().filter(|_| t.len() == 1));
        let mut shape = self.builder.shape(x).to_vec();
        for constant in [scale, shift].into_iter().flatten() {
            if let Some(both) = joint(&shape, &constant.shape) {
                shape = both; // if they don't broadcast, the builder says so
            }
        }
        self.checked_rank(shape.len())?;
        if let (Some(a), Some(b)) = (number(scale, 1.0), number(shift, 0.0))
            && shape == self.builder.shape(x)
        {
            return patterns::affine(&mut self.builder, x, a, b);
        }
        for constant in [scale, shift].into_iter().flatten().filter(|c| c.shape.len() <= shape.len()) {
            // What the builder stores: the range of axes that the constant varies over.
            let missing = shape.len() - constant.shape.len();
            let varies = |&n: &usize| n > 1;
            let range = constant.shape.iter().position(varies).zip(constant.shape.iter().rposition(varies));
            if let Some((first, last)) = range {
                self.charge(constant.len())?;
                self.charge_shape(&shape[missing + first..=missing + last])?;
            }
        }
        if let Op::Linear(linear) = &self.builder.node(x).op
            && linear.bias.is_none()
        {
            self.charge(linear.weight.len())?; // checked once more with the bias
        }
        if scale.is_none()
            && let Some(shift) = shift
            && let Some(fused) = patterns::bias(&mut self.builder, x, shift)?
        {
            return Ok(fused);
        }
        let (a, b) = (scale.map(Tensor::values), shift.map(Tensor::values));
        fn constant<'a>(tensor: Option<&'a Tensor>, values: &'a Option<Weights>) -> Option<Constant<'a>> {
            Some(Constant { shape: &tensor?.shape, values: values.as_ref()? })
        }
        self.builder.affine(x, constant(scale, &a), constant(shift, &b))
    }
}
