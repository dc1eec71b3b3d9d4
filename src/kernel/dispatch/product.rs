//! Dispatches of matrix products.

use super::tile::{ConvTile, Tile, Tiling};
use super::{Dispatch, Uniform};

/// A matrix product.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The shader's entry point.
    pub entry: &'static str,
    /// Whether it takes powers of the weights, a layer for each.
    pub adjoint: bool,
    /// Rows and columns.
    pub size: [usize; 2],
    /// Products of that size.
    pub layers: usize,
    /// Of a convolution.
    pub conv: Option<ConvTile>,
}

impl Product {
    /// Its dispatch.
    pub fn dispatch<P: Uniform>(self, tiling: Tiling, params: P) -> Dispatch {
        let [m, n] = self.size;
        let tile = Tile::new(tiling, m, self.adjoint, self.conv);
        let mut dispatch = Dispatch::new(self.entry, params, tile.grid(m, n, self.layers));
        dispatch.shader.tile = Some(tile);
        dispatch
    }
}

/// Turns of the loops of a product of some depth: one by one, and in strips of 16; its numbers in eighths.
pub(crate) fn turns(depth: usize) -> usize {
    depth + depth.div_ceil(16) + 8
}
