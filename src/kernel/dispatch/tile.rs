//! How matrix products are cut into tiles: the best way differs between GPUs and drivers that compute on a processor.

use super::WORKGROUP;
use super::source::wgsl;

/// How matrix products are computed.
///
/// An engine takes what suits its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tiling {
    /// Strips of both matrices in workgroup memory: for GPUs. See `shaders/tile.wgsl`.
    Workgroup,
    /// Large tiles in registers, loads shared within subgroups of 8 or more: for processors. See
    /// `shaders/tile_registers.wgsl`.
    Subgroup,
    /// The same without subgroups.
    Registers,
}

/// Rows and columns of a tile in `shaders/tile.wgsl`.
const WORKGROUP_TILE: [u32; 2] = [64, 128];

/// Invocations of a workgroup in `shaders/tile_registers.wgsl`, and columns that each computes.
const REGISTER_INVOCATIONS: u32 = 32;
const REGISTER_COLUMNS: u32 = 8;

impl Tiling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Workgroup, Self::Subgroup, Self::Registers];

    /// What a file with a matrix product includes.
    pub fn includes(self) -> &'static [&'static str] {
        match self {
            Self::Workgroup => &[wgsl!("tile")],
            Self::Subgroup => &[wgsl!("rows_subgroup"), wgsl!("tile_registers")],
            Self::Registers => &[wgsl!("rows_direct"), wgsl!("tile_registers")],
        }
    }

    /// Constants of what it includes.
    pub fn constants(self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Workgroup => vec![
                ("TILE_X", WORKGROUP),
                ("TILE_ROWS", WORKGROUP_TILE[0]),
                ("TILE_COLUMNS", WORKGROUP_TILE[1]),
            ],
            Self::Subgroup | Self::Registers => vec![("TILE_X", REGISTER_INVOCATIONS)],
        }
    }
}

/// The variant of a shader with a matrix product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// How it is computed.
    pub tiling: Tiling,
    /// Rows of a tile, in eights: of the tilings in registers.
    blocks: u32,
    /// Whether it is the product of the published rule's adjoint.
    adjoint: bool,
    /// Of a convolution.
    conv: Option<ConvTile>,
}

/// What the product of a convolution knows of its window: see `shaders/conv.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvTile {
    /// Of the adjoint: whether windows move by more than a pixel.
    pub strided: bool,
    /// Whether cells may lie outside the image.
    pub edges: bool,
}

impl Tile {
    /// The tile for products of `m` rows.
    pub fn new(tiling: Tiling, m: usize, adjoint: bool, conv: Option<ConvTile>) -> Self {
        let blocks = match tiling {
            Tiling::Workgroup => WORKGROUP_TILE[0] / 8,
            // Four at most, and no more than it takes.
            Tiling::Subgroup | Tiling::Registers => {
                let eights = m.div_ceil(8).max(1);
                eights.div_ceil(eights.div_ceil(4)) as u32
            }
        };
        Self { tiling, blocks, adjoint, conv }
    }

    /// Workgroups of a product of `m` rows and `n` columns.
    pub fn grid(&self, m: usize, n: usize, layers: usize) -> [u32; 3] {
        let columns = match self.tiling {
            Tiling::Workgroup => WORKGROUP_TILE[1],
            Tiling::Subgroup | Tiling::Registers => REGISTER_INVOCATIONS * REGISTER_COLUMNS,
        };
        let tiles = |size: usize, tile: u32| size.div_ceil(tile as usize).max(1) as u32;
        [tiles(n, columns), tiles(m, 8 * self.blocks), layers.max(1) as u32]
    }

    /// Constants of the pipeline, the shader's `override`s.
    pub fn overrides(&self) -> Vec<(&'static str, f64)> {
        let flag = |name, flag: bool| (name, f64::from(u8::from(flag)));
        let mut overrides = vec![flag("ADJOINT", self.adjoint)];
        if self.tiling != Tiling::Workgroup {
            overrides.push(("BLOCKS", f64::from(self.blocks)));
        }
        if let Some(ConvTile { strided, edges }) = self.conv {
            overrides.extend([flag("STRIDED", strided), flag("EDGES", edges)]);
        }
        overrides
    }
}
