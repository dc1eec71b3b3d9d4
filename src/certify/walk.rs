//! The network, node by node, in Taylor models.

use std::borrow::Cow;
use std::sync::Arc;

use super::domain::Domain;
use super::functions::Outside;
use super::models::{Models, Space};
use super::{Undecided, affine, choice, elementwise, product, reduction};
use crate::activation::{Activation, Reciprocal};
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::model::{Model, Node, NodeId, Op, Weights};

/// Symbols at the most, and numbers of the symbols of all values that are there at once.
const MOST_SYMBOLS: usize = 2048;
const MOST_NUMBERS: usize = 1 << 23;

/// A model with what all regions have in common.
#[derive(Debug)]
pub(super) struct Network {
    model: Model,
    /// The sizes of the weights, of nodes that have some.
    sizes: Vec<Option<Weights>>,
    /// The last node that reads each node's value.
    last: Vec<usize>,
    /// Whether a node's value is read as something to choose, and as nothing else.
    only_chosen: Vec<bool>,
}

/// The output's Taylor models, and the layers with kinks that were not decided.
pub(super) type Found = (Arc<Models>, Vec<Undecided>);

impl Network {
    pub fn new(model: &Model) -> Self {
        let nodes = model.nodes();
        let sizes = |node: &Node| match &node.op {
            Op::Linear(layer) => Some(affine::sizes(&layer.weight)),
            Op::Conv(layer) => Some(affine::sizes(&layer.weight)),
            _ => None,
        };
        let mut last: Vec<usize> = (0..nodes.len()).collect();
        for (index, node) in nodes.iter().enumerate() {
            node.inputs.iter().for_each(|input| last[input.index()] = index);
        }
        last[model.output().index()] = usize::MAX;
        let mut only_chosen = vec![true; nodes.len()];
        only_chosen[model.output().index()] = false;
        for node in nodes {
            let chosen = matches!(node.op, Op::Select { .. });
            for (place, input) in node.inputs.iter().enumerate() {
                only_chosen[input.index()] &= chosen && place > 0;
            }
        }
        Self { model: model.clone(), sizes: nodes.iter().map(sizes).collect(), last, only_chosen }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Units of all values that are there at once, at the most.
    pub fn peak(&self) -> usize {
        let nodes = self.model.nodes();
        let (mut open, mut peak) = (0usize, 0);
        for (index, node) in nodes.iter().enumerate() {
            open = open.saturating_add(node.units());
            peak = peak.max(open);
            let done = |input: &NodeId| self.last[input.index()] == index;
            let mut read: Vec<NodeId> = node.inputs.iter().copied().filter(done).collect();
            read.dedup();
            open -= read.iter().map(|&input| self.model.node(input).units()).sum::<usize>().min(open);
        }
        peak
    }

    /// Symbols that there may be: what they take is bounded as the polynomials' coefficients are.
    pub fn most_symbols(&self) -> usize {
        (MOST_NUMBERS / self.peak().max(1)).min(MOST_SYMBOLS)
    }

    /// All nodes up to one, over a region.
    ///
    /// # Errors
    /// If a function isn't defined in all of the region, or nothing is known of a value.
    pub fn run(&self, space: &Space, domain: &Domain, until: NodeId) -> Result<Found> {
        let mut values: Vec<Option<Arc<Models>>> = vec![None; self.model.nodes().len()];
        let mut undecided = Vec::new();
        // Why nothing is known of some units, which may not be chosen anywhere in the region: log(x) where x > 0.
        let mut unknown: Vec<Option<Error>> = Vec::new();
        unknown.resize_with(self.model.nodes().len(), || None);
        let mut symbols = 0;
        let most = self.most_symbols();
        for (index, node) in self.model.nodes().iter().enumerate().take(until.index() + 1) {
            // Nodes are in topological order, and each is kept until it is read for the last time.
            let inputs: Vec<Arc<Models>> =
                node.inputs.iter().filter_map(|input| values[input.index()].clone()).collect();
            let value = match node.op {
                Op::Input => Arc::new(domain.models()),
                Op::Reshape => inputs[0].clone(),
                _ => {
                    let outside = |outside| self.outside(node, &inputs, space, domain, outside);
                    let (mut value, open) = match &node.op {
                        Op::Elementwise(function) if self.only_chosen[index] && index != until.index() => {
                            let (value, outcome, undefined) = elementwise::apply_where_defined(
                                space,
                                function,
                                &inputs[0],
                                Interval::WHOLE,
                            );
                            unknown[index] = undefined.map(outside);
                            (value, outcome.undecided)
                        }
                        _ => self.node(index, space, &inputs).map_err(outside)?,
                    };
                    if open > 0 {
                        undecided.push(Undecided { layer: node.name.clone(), units: open, of: value.units });
                    }
                    if !node.op.is_affine() {
                        value.name_remainders(&mut symbols, most);
                    }
                    Arc::new(value)
                }
            };
            let known = |models: &Models| {
                models.radius.iter().chain(&models.coefficients).chain(&models.noise).all(|x| x.is_finite())
            };
            if unknown[index].is_none() && !known(&value) {
                if let Some(why) = node.inputs.iter().find_map(|input| unknown[input.index()].take()) {
                    return Err(why);
                }
                let cause = "its bounds are not finite".into();
                return Err(unproved(node, domain, cause));
            }
            for input in node.inputs.iter().filter(|input| self.last[input.index()] == index) {
                if *input != until {
                    values[input.index()] = None;
                }
            }
            values[index] = Some(value);
        }
        match values[until.index()].take() {
            Some(found) => Ok((found, undecided)),
            None => Err(Error::NoLayer { wanted: "output", cause: "the model has no such node".into() }),
        }
    }

    /// One node, with how many of its choices are undecided.
    fn node(&self, index: usize, space: &Space, inputs: &[Arc<Models>]) -> Result<(Models, usize), Outside> {
        let node = &self.model.nodes()[index];
        let x = &*inputs[0];
        let sizes = self.sizes[index].as_deref().unwrap_or(&[]);
        let axis = node.shape.last().copied().unwrap_or(1);
        let value = match &node.op {
            // `run` has them.
            Op::Input | Op::Reshape => x.clone(),
            Op::Linear(layer) => affine::of_linear(layer, sizes, 0, x),
            Op::Conv(layer) => affine::of_conv(layer, sizes, x),
            Op::AveragePool(pool) => affine::of_average_pool(pool, x),
            Op::Affine(by) => affine::of_affine(by, x),
            Op::Strided(copy) => affine::of_strided(copy, node.units(), x),
            Op::Concat(copies) => {
                let parts: Vec<Cow<Models>> = inputs.iter().map(|part| Cow::Borrowed(&**part)).collect();
                affine::of_concat(copies, node.units(), &parts)
            }
            Op::Add => x.plus(&inputs[1], 1.0),
            Op::Elementwise(function) => {
                let (value, outcome) = elementwise::apply(space, function, x, Interval::WHOLE)?;
                return Ok((value, outcome.undecided));
            }
            Op::MaxPool(pool) => return choice::max_pool(space, pool, x),
            Op::Select { at_zero } => {
                return Ok(choice::select(space, *at_zero, x, &inputs[1], &inputs[2]));
            }
            Op::Multiply => product::multiply(space, x, &inputs[1]),
            Op::Divide => {
                let reciprocal = Activation::from(Reciprocal);
                let (inverse, _) = elementwise::apply(space, &reciprocal, &inputs[1], Interval::WHOLE)?;
                product::multiply(space, x, &inverse)
            }
            Op::MatMul(shape) => product::matmul(space, *shape, x, &inputs[1]),
            Op::Softmax { log } => reduction::softmax(space, axis, *log, x)?,
            Op::Normalize { epsilon } => reduction::normalize(space, axis, *epsilon, x)?,
        };
        Ok((value, 0))
    }

    /// A function that isn't defined in all of a region.
    fn outside(
        &self,
        node: &Node,
        inputs: &[Arc<Models>],
        space: &Space,
        domain: &Domain,
        Outside { domain: where_defined }: Outside,
    ) -> Error {
        // Of a quotient the divisor is the argument.
        let argument = inputs.last().map(|argument| argument.ranges(space)).unwrap_or_default();
        let range = argument.into_iter().reduce(Interval::hull).unwrap_or(Interval::ZERO);
        let cause = format!(
            "its argument may be anything from {:.6e} to {:.6e} there, and it is enclosed {where_defined} only",
            range.lo, range.hi
        );
        unproved(node, domain, cause)
    }
}

fn unproved(node: &Node, domain: &Domain, cause: String) -> Error {
    Error::Unproved { layer: node.name.clone(), op: node.kind.clone(), region: domain.to_string(), cause }
}
