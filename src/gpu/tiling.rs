//! How matrix products are cut into tiles: the best way differs between GPUs and drivers that compute on a processor.

use crate::error::{Error, Result};

use super::Engine;

/// How matrix products are computed.
///
/// An engine takes what suits its device; see [`Engine::with_tiling`].
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

impl Tiling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Workgroup, Self::Subgroup, Self::Registers];

    /// What suits a device.
    pub(super) fn of(info: &wgpu::AdapterInfo, features: wgpu::Features) -> Self {
        match info.device_type {
            wgpu::DeviceType::Cpu if Self::Subgroup.works(info, features) => Self::Subgroup,
            wgpu::DeviceType::Cpu => Self::Registers,
            _ => Self::Workgroup,
        }
    }

    /// Whether a device can.
    fn works(self, info: &wgpu::AdapterInfo, features: wgpu::Features) -> bool {
        self != Self::Subgroup || features.contains(wgpu::Features::SUBGROUP) && info.subgroup_min_size >= 8
    }
}

impl Engine {
    /// Computes matrix products in another way than the one chosen for the device, to compare them.
    ///
    /// # Errors
    /// If the device has no subgroups of at least 8 invocations and these are asked for.
    pub fn with_tiling(mut self, tiling: Tiling) -> Result<Self> {
        if !tiling.works(self.info(), self.device().features()) {
            let cause = "it has no subgroups of 8 invocations, or they were not asked for";
            return Err(Error::Device { device: self.info().name.clone(), cause: cause.into() });
        }
        self.tiling = tiling;
        Ok(self)
    }

    /// How it computes matrix products.
    pub fn tiling(&self) -> Tiling {
        self.tiling
    }
}

/// The variant of a shader with a matrix product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Tile {
    pub tiling: Tiling,
    /// Rows of a tile, in eights: of the tilings in registers.
    blocks: u32,
    /// Whether it is the product of the published rule's adjoint.
    adjoint: bool,
    /// Constants of a convolution: see `shaders/conv.wgsl`.
    window: Option<Window>,
}

/// What a convolution's window needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Window {
    pub strided: bool,
    pub edges: bool,
}

impl Tile {
    /// The tile for products of `m` rows.
    pub fn new(tiling: Tiling, m: usize, adjoint: bool, window: Option<Window>) -> Self {
        let blocks = match tiling {
            Tiling::Workgroup => WORKGROUP_ROWS / 8,
            // Four at most, and no more than it takes.
            Tiling::Subgroup | Tiling::Registers => {
                let eights = m.div_ceil(8).max(1);
                eights.div_ceil(eights.div_ceil(4))
            }
        };
        Self { tiling, blocks: blocks as u32, adjoint, window }
    }

    /// Workgroups of a product of `m` rows and `n` columns.
    pub fn grid(&self, m: usize, n: usize, layers: usize) -> [u32; 3] {
        let columns = match self.tiling {
            Tiling::Workgroup => WORKGROUP_COLUMNS,
            Tiling::Subgroup | Tiling::Registers => REGISTER_COLUMNS,
        };
        let tiles = |size: usize, tile: usize| size.div_ceil(tile).max(1) as u32;
        [tiles(n, columns), tiles(m, 8 * self.blocks as usize), layers.max(1) as u32]
    }

    /// Pipeline constants of the shader.
    pub fn constants(&self) -> Vec<(&'static str, f64)> {
        let flag = |name, flag: bool| (name, f64::from(u8::from(flag)));
        let mut constants = vec![flag("ADJOINT", self.adjoint)];
        if self.tiling != Tiling::Workgroup {
            constants.push(("BLOCKS", f64::from(self.blocks)));
        }
        if let Some(Window { strided, edges }) = self.window {
            constants.extend([flag("STRIDED", strided), flag("EDGES", edges)]);
        }
        constants
    }
}

/// Size of a tile in `shaders/tile.wgsl`.
const WORKGROUP_ROWS: usize = 64;
const WORKGROUP_COLUMNS: usize = 128;

/// Columns of a workgroup in `shaders/tile_registers.wgsl`.
const REGISTER_COLUMNS: usize = 4 * 64;
