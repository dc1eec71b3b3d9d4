//! The shaders' sources, put together by inclusion.

use super::Tiling;
use super::dispatch::{Known, Shader};
use super::tiling::Tile;
use super::unroll::{UnrollError, unroll};
use crate::activation::Activation;

/// A file of `shaders/` with what it includes and the entry points it has: the one place that states them.
struct File {
    name: &'static str,
    source: &'static str,
    includes: &'static [&'static str],
    entries: &'static [&'static str],
    known: Constants,
    variants: Variants,
}

/// The constants [`Shader::known`] of a file, for the loops that it marks to be unrolled.
struct Constants {
    names: &'static [&'static str],
    /// Some values, to validate the file with.
    examples: &'static [Known],
}

const NONE: Constants = Constants { names: &[], examples: &[[0; 6]] };

/// What else a file includes.
#[derive(Clone, Copy, PartialEq)]
enum Variants {
    /// Nothing.
    One,
    /// The file of an activation.
    PerActivation,
    /// A matrix product.
    PerTiling,
}

/// No orders, one, an odd number of them and all, from lines and of series; without and with kinks.
const ORDERS: &[Known] = &[
    [0; 6],
    [1, 1, 1, 1, 0, 1],
    [2, 2, 1, 2, 2, 0],
    [5, 1, 5, 5, 0, 1],
    [5, 5, 5, 5, 1, 0],
    [16, 16, 1, 16, 0, 0],
    [16, 16, 16, 16, 0, 0],
];

macro_rules! shader {
    ($name:literal) => {
        concat!(
            "// file: shaders/",
            $name,
            ".wgsl\n",
            include_str!(concat!("../../shaders/", $name, ".wgsl"))
        )
    };
}

const COMMON: &str = shader!("common");
const POWERS: &str = shader!("powers");
const FUNCTIONS: &str = shader!("functions");
const SERIES: &str = shader!("series");

const FILES: &[File] = &[
    File {
        name: "linear",
        source: shader!("linear"),
        includes: &[COMMON, POWERS],
        entries: &["linear", "linear_adjoint", "linear_of_unit_rays"],
        known: NONE,
        variants: Variants::PerTiling,
    },
    File {
        name: "unit_rays",
        source: shader!("unit_rays"),
        includes: &[COMMON],
        entries: &["unit_rays"],
        known: NONE,
        variants: Variants::One,
    },
    File {
        name: "conv",
        source: shader!("conv"),
        includes: &[COMMON, POWERS],
        entries: &["conv", "conv_adjoint"],
        known: NONE,
        variants: Variants::PerTiling,
    },
    File {
        name: "elementwise",
        source: shader!("elementwise"),
        includes: &[COMMON, FUNCTIONS, SERIES],
        entries: &["compose", "bell"],
        known: Constants {
            names: &["ORDER", "OUTER", "INNER", "TERMS", "KINKS", "ACCUMULATE"],
            examples: ORDERS,
        },
        variants: Variants::PerActivation,
    },
    File {
        name: "combine",
        source: shader!("combine"),
        includes: &[COMMON],
        entries: &["combine"],
        known: NONE,
        variants: Variants::One,
    },
    File {
        name: "polynomial",
        source: shader!("polynomial"),
        includes: &[COMMON],
        entries: &["evaluate"],
        known: NONE,
        variants: Variants::One,
    },
    File {
        name: "pool",
        source: shader!("pool"),
        includes: &[COMMON],
        entries: &["average_pool", "average_pool_adjoint", "max_pool", "max_pool_adjoint"],
        known: Constants {
            names: &["STRIDE_Y", "STRIDE_X", "DILATION_Y", "DILATION_X"],
            examples: &[[1, 1, 1, 1, 0, 0], [2, 3, 1, 2, 0, 0]],
        },
        variants: Variants::One,
    },
    File {
        name: "strided",
        source: shader!("strided"),
        includes: &[COMMON],
        entries: &["fill", "strided", "strided_adjoint"],
        known: NONE,
        variants: Variants::One,
    },
    File {
        name: "arithmetic",
        source: shader!("arithmetic"),
        includes: &[COMMON],
        entries: &["affine", "affine_adjoint", "copy", "multiply", "divide"],
        known: Constants { names: &["ORDER", "X_ORDER", "Y_ORDER"], examples: ORDERS },
        variants: Variants::One,
    },
    File {
        name: "reduction",
        source: shader!("reduction"),
        includes: &[COMMON, FUNCTIONS],
        entries: &["softmax", "log_softmax", "layer_norm"],
        known: Constants { names: &["ORDER", "X_ORDER"], examples: ORDERS },
        variants: Variants::One,
    },
    #[cfg(feature = "bench")]
    File {
        name: "bench",
        source: shader!("bench"),
        includes: &[COMMON],
        entries: &["fused", "separate", "triad"],
        known: Constants { names: &["EACH"], examples: &[[1, 0, 0, 0, 0, 0], [16, 0, 0, 0, 0, 0]] },
        variants: Variants::One,
    },
];

/// A shader that the engine may compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// File and, where it includes one, activation.
    pub name: String,
    /// The complete WGSL.
    pub source: String,
    /// Entry points.
    pub entries: &'static [&'static str],
    /// Whether it needs subgroups, which are optional in WebGPU.
    pub subgroups: bool,
}

/// Why there is no source of a shader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing has this name.
    #[error("there is no such shader: '{0}'")]
    Unknown(String),
    /// A loop that is marked as one to unroll can't be.
    #[error(transparent)]
    Unroll(#[from] UnrollError),
}

/// Every shader that the engine can put together, for validation without a GPU; of those with constants, some.
///
/// # Errors
/// Where one can't be put together, a mistake in `shaders/`.
pub fn variants() -> Result<Vec<Variant>, SourceError> {
    let mut all = Vec::new();
    for file in FILES {
        let shader = Shader::plain(file.name, "");
        let shaders: Vec<(String, Shader)> = match file.variants {
            Variants::One => vec![(file.name.into(), shader)],
            Variants::PerActivation => Activation::NAMES
                .iter()
                .map(|name| (format!("{} {name}", file.name), Shader { activation: Some(name), ..shader }))
                .collect(),
            Variants::PerTiling => Tiling::ALL
                .iter()
                .map(|&tiling| {
                    let tile = Some(Tile::new(tiling, 1, false, None));
                    (format!("{} {tiling:?}", file.name), Shader { tile, ..shader })
                })
                .collect(),
        };
        let shaders = shaders.into_iter().flat_map(|(name, shader)| {
            file.known.examples.iter().map(move |&known| (name.clone(), Shader { known, ..shader }))
        });
        for (name, shader) in shaders {
            let subgroups = shader.tile.is_some_and(|tile| tile.tiling == Tiling::Subgroup);
            let source = source(&shader)?;
            all.push(Variant { name, source, entries: file.entries, subgroups });
        }
    }
    Ok(all)
}

/// The complete WGSL of a shader.
pub(super) fn source(shader: &Shader) -> Result<String, SourceError> {
    let unknown = |name: &str| SourceError::Unknown(name.into());
    let file = FILES.iter().find(|file| file.name == shader.file).ok_or_else(|| unknown(shader.file))?;
    let mut parts: Vec<&str> = file.includes.to_vec();
    if let Some(name) = shader.activation {
        parts.push(Activation::shader(name).ok_or_else(|| unknown(name))?);
    }
    if let Some(tile) = shader.tile {
        parts.extend(match tile.tiling {
            Tiling::Workgroup => &[shader!("tile")][..],
            Tiling::Subgroup => &[shader!("rows_subgroup"), shader!("tile_registers")],
            Tiling::Registers => &[shader!("rows_direct"), shader!("tile_registers")],
        });
    }
    parts.push(file.source);
    let source = parts.join("\n");
    let constants = file.known.names.iter().zip(shader.known);
    let constants: String =
        constants.map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    Ok(unroll(&(constants + &source))?)
}
