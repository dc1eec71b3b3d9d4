//! The shaders' sources, put together by inclusion.

use super::Tiling;
use super::dispatch::{Degrees, Shader};
use super::tiling::Tile;
use super::unroll::unroll;
use crate::activation::Activation;

/// A file of `shaders/` with what it includes and the entry points it has: the one place that states them.
struct File {
    name: &'static str,
    source: &'static str,
    includes: &'static [&'static str],
    entries: &'static [&'static str],
    /// Names of the constants that hold [`Shader::degrees`]; where there are any, loops over them are unrolled.
    degrees: &'static [&'static str],
    variants: Variants,
}

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

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!("../../shaders/", $name, ".wgsl"))
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
        degrees: &[],
        variants: Variants::PerTiling,
    },
    File {
        name: "unit_rays",
        source: shader!("unit_rays"),
        includes: &[COMMON],
        entries: &["unit_rays"],
        degrees: &[],
        variants: Variants::One,
    },
    File {
        name: "conv",
        source: shader!("conv"),
        includes: &[COMMON, POWERS],
        entries: &["conv", "conv_adjoint"],
        degrees: &[],
        variants: Variants::PerTiling,
    },
    File {
        name: "elementwise",
        source: shader!("elementwise"),
        includes: &[COMMON, FUNCTIONS, SERIES],
        entries: &["compose", "bell"],
        degrees: &["ORDER", "OUTER", "INNER", "TERMS"],
        variants: Variants::PerActivation,
    },
    File {
        name: "combine",
        source: shader!("combine"),
        includes: &[COMMON],
        entries: &["combine"],
        degrees: &[],
        variants: Variants::One,
    },
    File {
        name: "polynomial",
        source: shader!("polynomial"),
        includes: &[COMMON],
        entries: &["evaluate"],
        degrees: &[],
        variants: Variants::One,
    },
    File {
        name: "pool",
        source: shader!("pool"),
        includes: &[COMMON],
        entries: &["average_pool", "average_pool_adjoint", "max_pool", "max_pool_adjoint"],
        degrees: &[],
        variants: Variants::One,
    },
    File {
        name: "strided",
        source: shader!("strided"),
        includes: &[COMMON],
        entries: &["fill", "strided", "strided_adjoint"],
        degrees: &[],
        variants: Variants::One,
    },
    File {
        name: "arithmetic",
        source: shader!("arithmetic"),
        includes: &[COMMON],
        entries: &["affine", "affine_adjoint", "copy", "multiply", "divide"],
        degrees: &["ORDER", "X_ORDER", "Y_ORDER"],
        variants: Variants::One,
    },
    File {
        name: "reduction",
        source: shader!("reduction"),
        includes: &[COMMON, FUNCTIONS],
        entries: &["softmax", "log_softmax", "layer_norm"],
        degrees: &["ORDER", "X_ORDER"],
        variants: Variants::One,
    },
    #[cfg(feature = "bench")]
    File {
        name: "bench",
        source: shader!("bench"),
        includes: &[COMMON],
        entries: &["fused", "separate", "triad"],
        degrees: &[],
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

/// Every shader that the engine can put together, for validation without a GPU; of those that know degrees, some.
pub fn variants() -> Vec<Variant> {
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
        let degrees: &[Degrees] = if file.degrees.is_empty() { &[[0; 4]] } else { SOME_DEGREES };
        let shaders = shaders.into_iter().flat_map(|(name, shader)| {
            degrees.iter().map(move |&degrees| (name.clone(), Shader { degrees, ..shader }))
        });
        for (name, shader) in shaders {
            let subgroups = shader.tile.is_some_and(|tile| tile.tiling == Tiling::Subgroup);
            let source = source(&shader).unwrap_or_default();
            all.push(Variant { name, source, entries: file.entries, subgroups });
        }
    }
    all
}

/// No orders, one, an odd number of them and all, from lines and of series.
const SOME_DEGREES: &[Degrees] =
    &[[0; 4], [1; 4], [2, 2, 1, 2], [5, 1, 5, 5], [5; 4], [16, 16, 1, 16], [16; 4]];

/// The complete WGSL of a shader.
pub(super) fn source(shader: &Shader) -> Option<String> {
    let file = FILES.iter().find(|file| file.name == shader.file)?;
    let mut parts: Vec<&str> = file.includes.to_vec();
    if let Some(name) = shader.activation {
        parts.push(Activation::shader(name)?);
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
    if file.degrees.is_empty() {
        return Some(source);
    }
    let constants = file.degrees.iter().zip(shader.degrees);
    let constants: String =
        constants.map(|(name, degree)| format!("const {name}: u32 = {degree}u;\n")).collect();
    Some(unroll(&(constants + &source)))
}
