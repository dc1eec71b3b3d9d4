//! Which first layers go through [windows](crate::kernel::windows): a chain from the input on, up to the layer whose
//! input's window covers more than half of its map.

use super::{Builder, fuse::Fused};
use crate::kernel::conv::ConvShape;
use crate::kernel::windows::{Patch, WindowLayer, WindowOp, Windowed, Windows, begins_before};
use crate::model::{Conv, Model, Node, NodeId, Op, PerUnit, Weights};

/// Most inputs: the order of their rays is a list in the plan.
const MAX_RAYS: usize = 1 << 22;

/// A chain of layers, each read by the next one only.
pub(super) struct Chain {
    /// The layers.
    windows: Windows,
    /// The node that the last layer is.
    pub end: NodeId,
    /// Nodes whose primal values the layers read, and the last layer's own.
    primals: Vec<NodeId>,
    /// Weights of the layers.
    weights: Vec<Weights>,
}

/// The chain of a model; none if it doesn't begin with a convolution of small windows.
pub(super) fn chain(model: &Model, fused: &Fused, order: usize) -> Option<Chain> {
    if model.inputs() > MAX_RAYS {
        return None;
    }
    let only_reader = only_readers(model);
    let mut at = NodeId(0);
    let mut chain: Option<Chain> = None;
    let mut patch = Patch::default();
    while let Some(next) = only_reader[at.index()] {
        let before = std::mem::replace(&mut at, next);
        let node = model.node(next);
        if fused.skips(next) || (chain.is_none() && matches!(node.op, Op::Reshape)) {
            continue;
        }
        let conv = fused.conv(next).or(match &node.op {
            Op::Conv(conv) => Some(conv),
            _ => None,
        });
        if chain.is_none() {
            let Some(conv) = conv else { break };
            let image = [conv.in_channels, conv.window.input[0], conv.window.input[1]];
            let windows = Windows { image, layers: Vec::new() };
            patch = windows.patches().remove(0);
            chain = Some(Chain { windows, end: next, primals: Vec::new(), weights: Vec::new() });
        }
        let Some(chain) = &mut chain else { break };
        let [_, height, width] = chain.windows.layers.last().map_or(chain.windows.image, |layer| layer.shape);
        if 2 * patch.area() > height * width {
            break;
        }
        let Some(layer) = chain.layer(node, conv, before, order) else { break };
        patch = layer.reached(&patch);
        chain.windows.layers.push(layer);
        chain.end = next;
    }
    let mut chain = chain.filter(|chain| !chain.windows.layers.is_empty())?;
    chain.primals.push(chain.end);
    Some(chain)
}

/// For each node the one that reads it and nothing else, if there is no second one and it isn't the network's output.
fn only_readers(model: &Model) -> Vec<Option<NodeId>> {
    let readers = model.consumers().into_iter().enumerate();
    let only = |(index, readers): (usize, Vec<NodeId>)| match readers[..] {
        [reader] if index != model.output().index() && model.node(reader).inputs.len() == 1 => Some(reader),
        _ => None,
    };
    readers.map(only).collect()
}

impl Chain {
    /// A node as a layer behind the ones there are; none if windows can't go through it.
    fn layer(
        &mut self,
        node: &Node,
        conv: Option<&Conv>,
        before: NodeId,
        order: usize,
    ) -> Option<WindowLayer> {
        let (map, degree) = match self.windows.layers.last() {
            Some(layer) => (layer.shape, layer.degree),
            None => (self.windows.image, 1),
        };
        let [channels, height, width] = map;
        let pooled = |output: [usize; 2]| [channels, output[0], output[1]];
        let (op, shape, degree) = match (conv, &node.op) {
            (Some(conv), _) if begins_before(&conv.window) => {
                let [height, width] = conv.window.output;
                let op = WindowOp::Conv { shape: ConvShape::of(conv), weight: self.weight(&conv.weight) };
                (op, [conv.out_channels, height, width], degree)
            }
            (None, Op::AveragePool(pool))
                if begins_before(&pool.window) && !pool.window.reaches_outside() =>
            {
                (WindowOp::AveragePool(pool.clone()), pooled(pool.window.output), degree)
            }
            (None, Op::MaxPool(pool)) => {
                let op = WindowOp::MaxPool { pool: pool.clone(), primal: self.primal(before) };
                (op, pooled(pool.window.output), degree)
            }
            (None, Op::Elementwise(function)) => {
                let op = WindowOp::Compose { function: *function, primal: self.primal(before) };
                (op, map, function.degree(degree, order))
            }
            (None, Op::Affine(affine)) => {
                let constants = affine.scale.as_ref()?;
                let per_channel = |c: &PerUnit| c.values.len() == channels && c.inner == height * width;
                let weight = per_channel(constants).then(|| self.weight(&constants.values))?;
                (WindowOp::Scale { weight }, map, degree)
            }
            _ => return None,
        };
        Some(WindowLayer { op, shape, degree })
    }

    fn weight(&mut self, weights: &Weights) -> usize {
        self.weights.push(weights.clone());
        self.weights.len() - 1
    }

    fn primal(&mut self, id: NodeId) -> usize {
        self.primals.push(id);
        self.primals.len() - 1
    }
}

impl Builder<'_> {
    /// The chain's step; the primal values of its nodes have been planned. From here on its end has all orders.
    pub(super) fn through_windows(&mut self, chain: Chain) {
        let Chain { windows, end, primals, weights } = chain;
        self.plan.unit_rays = Some(windows.rays().into());
        let degree = windows.layers.last().map_or(1, |layer| layer.degree);
        let weights = weights.iter().map(|weight| self.constant(weight)).collect();
        let inputs = primals.into_iter().map(|id| self.of(id)).collect();
        let output = self.value(self.model.node(end).units(), degree, true);
        self.step(end, Windowed { windows, weights }, inputs, output, false);
        self.node_values[end.0] = Some(output);
    }
}
