//! Convolutions that are fused with the average pooling behind them: see [`Pooled`].

use crate::kernel::conv::Pooled;
use crate::model::{Conv, Model, NodeId, Op, Pool};

/// How much larger than W the fused kernel may be: all of it has to be stored.
const GROWTH: usize = 4;

/// The fused convolutions of a model.
pub(super) struct Fused {
    /// Of each node: the convolution that stands for this pooling and the convolution before it.
    convs: Vec<Option<(Pooled, Conv)>>,
    /// Of each node: whether another one does its work.
    superfluous: Vec<bool>,
}

impl Fused {
    /// Fuses each average pooling with the convolution that it reads, if nothing else reads that one and it saves
    /// products.
    pub fn new(model: &Model) -> Self {
        let nodes = model.nodes();
        let mut readers = vec![0; nodes.len()];
        nodes.iter().flat_map(|node| &node.inputs).for_each(|input| readers[input.index()] += 1);
        readers[model.output().index()] += 1;
        let mut fused = Self { convs: vec![None; nodes.len()], superfluous: vec![false; nodes.len()] };
        for (index, node) in nodes.iter().enumerate() {
            let Op::AveragePool(pool) = &node.op else { continue };
            let input = node.inputs[0];
            let Op::Conv(conv) = &model.node(input).op else { continue };
            if readers[input.index()] == 1 {
                fused.convs[index] = fuse(conv, pool);
                fused.superfluous[input.index()] = fused.convs[index].is_some();
            }
        }
        fused
    }

    /// The convolution that stands for a node and the one before it.
    pub fn conv(&self, id: NodeId) -> Option<&Conv> {
        self.convs[id.index()].as_ref().map(|(_, conv)| conv)
    }

    /// How a node is fused with the one before it.
    pub fn pooled(&self, id: NodeId) -> Option<Pooled> {
        self.convs[id.index()].as_ref().map(|(pooled, _)| *pooled)
    }

    /// Whether another node does this one's work.
    pub fn skips(&self, id: NodeId) -> bool {
        self.superfluous[id.index()]
    }
}

/// The convolution that does a convolution's and a pooling's work, if that saves products.
fn fuse(conv: &Conv, pool: &Pool) -> Option<(Pooled, Conv)> {
    let pooled = Pooled::new(&conv.window, pool).filter(|pooled| pooled.saving() > 0)?;
    if pooled.window.kernel_size() > GROWTH * conv.window.kernel_size() {
        return None;
    }
    let cells = pooled.cells() as f64;
    let weight: Vec<f64> = pooled.spread(&conv.weight).iter().map(|w| w / cells).collect();
    Some((pooled, Conv { weight: weight.into(), window: pooled.window, ..conv.clone() }))
}
