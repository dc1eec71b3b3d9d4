//! Convolutions and the average pooling behind them, as one convolution.
//!
//! The mean over windows of a sliding window is a sliding window: its kernel is W, spread over the cells of a
//! pooling window, and its stride the product of the strides. A 5 x 5 convolution with 2 x 2 pooling becomes
//! 6 x 6 with stride 2: 36 products per pooled pixel instead of 100.

use crate::model::{Conv, Model, NodeId, Op, Pool, Window};

/// How much larger than W the fused kernel may be: all of it has to be stored.
const GROWTH: usize = 4;

/// The fused convolutions of a model.
pub(super) struct Fused {
    /// Of each node: the convolution that stands for this pooling and the convolution before it.
    convs: Vec<Option<Conv>>,
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
        self.convs[id.index()].as_ref()
    }

    /// Whether another node does this one's work.
    pub fn skips(&self, id: NodeId) -> bool {
        self.superfluous[id.index()]
    }
}

/// The convolution that does a convolution's and a pooling's work.
fn fuse(conv: &Conv, pool: &Pool) -> Option<Conv> {
    let window = fused_window(&conv.window, pool)?;
    let (kernel, cells) = (conv.window.kernel_size(), pool.window.kernel_size());
    let apart = conv.window.output_size() * kernel + window.output_size() * cells;
    if window.output_size() * window.kernel_size() >= apart || window.kernel_size() > GROWTH * kernel {
        return None;
    }
    let images = conv.weight.len() / kernel;
    let mut weight = vec![0.0; images * window.kernel_size()];
    for_each_pair(&conv.window, pool, &window, |from, to| {
        for image in 0..images {
            weight[image * window.kernel_size() + to] += conv.weight[image * kernel + from] / cells as f64;
        }
    });
    Some(Conv { weight: weight.into(), window, ..conv.clone() })
}

/// Where the fused kernel goes; none if the pooling's means have different counts, or something is dilated.
fn fused_window(conv: &Window, pool: &Pool) -> Option<Window> {
    let same_counts = !pool.window.reaches_outside();
    if !same_counts || conv.dilation != [1, 1] || pool.window.dilation != [1, 1] {
        return None;
    }
    let of = |f: fn(usize, usize, usize, usize) -> usize| {
        [0, 1].map(|axis| {
            f(conv.kernel[axis], conv.stride[axis], pool.window.kernel[axis], pool.window.stride[axis])
        })
    };
    Some(Window {
        output: pool.window.output,
        kernel: of(|kernel, stride, cells, _| (cells - 1) * stride + kernel),
        stride: of(|_, stride, _, steps| stride * steps),
        ..*conv
    })
}

/// Calls `visit(cell of W, cell of the fused kernel)` for each cell of W in each cell of the pooling.
fn for_each_pair(conv: &Window, pool: &Pool, fused: &Window, mut visit: impl FnMut(usize, usize)) {
    for py in 0..pool.window.kernel[0] {
        for px in 0..pool.window.kernel[1] {
            for ky in 0..conv.kernel[0] {
                for kx in 0..conv.kernel[1] {
                    let (y, x) = (py * conv.stride[0] + ky, px * conv.stride[1] + kx);
                    visit(ky * conv.kernel[1] + kx, y * fused.kernel[1] + x);
                }
            }
        }
    }
}
