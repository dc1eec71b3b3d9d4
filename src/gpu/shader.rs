//! The shaders' sources, put together by inclusion.

use super::dispatch::Shader;
use crate::activation::Activation;

/// A file of `shaders/` with what it includes and the entry points it has: the one place that states them.
struct File {
    name: &'static str,
    source: &'static str,
    includes: &'static [&'static str],
    entries: &'static [&'static str],
    /// Whether it needs the file of an activation.
    per_activation: bool,
}

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!("../../shaders/", $name, ".wgsl"))
    };
}

const COMMON: &str = shader!("common");
const TILE: &str = shader!("tile");
const FUNCTIONS: &str = shader!("functions");
const SERIES: &str = shader!("series");

const FILES: &[File] = &[
    File {
        name: "linear",
        source: shader!("linear"),
        includes: &[COMMON, TILE],
        entries: &["linear", "linear_adjoint", "linear_of_unit_rays"],
        per_activation: false,
    },
    File {
        name: "unit_rays",
        source: shader!("unit_rays"),
        includes: &[COMMON],
        entries: &["unit_rays"],
        per_activation: false,
    },
    File {
        name: "conv",
        source: shader!("conv"),
        includes: &[COMMON, TILE],
        entries: &["conv", "conv_adjoint"],
        per_activation: false,
    },
    File {
        name: "elementwise",
        source: shader!("elementwise"),
        includes: &[COMMON, FUNCTIONS, SERIES],
        entries: &["compose", "bell"],
        per_activation: true,
    },
    File {
        name: "combine",
        source: shader!("combine"),
        includes: &[COMMON],
        entries: &["combine"],
        per_activation: false,
    },
    File {
        name: "polynomial",
        source: shader!("polynomial"),
        includes: &[COMMON],
        entries: &["evaluate"],
        per_activation: false,
    },
    File {
        name: "pool",
        source: shader!("pool"),
        includes: &[COMMON],
        entries: &["average_pool", "average_pool_adjoint", "max_pool", "max_pool_adjoint"],
        per_activation: false,
    },
    File {
        name: "strided",
        source: shader!("strided"),
        includes: &[COMMON],
        entries: &["fill", "strided", "strided_adjoint"],
        per_activation: false,
    },
    File {
        name: "arithmetic",
        source: shader!("arithmetic"),
        includes: &[COMMON],
        entries: &["affine", "affine_adjoint", "copy", "multiply", "divide"],
        per_activation: false,
    },
    File {
        name: "reduction",
        source: shader!("reduction"),
        includes: &[COMMON, FUNCTIONS],
        entries: &["softmax", "log_softmax", "layer_norm"],
        per_activation: false,
    },
    #[cfg(feature = "bench")]
    File {
        name: "bench",
        source: shader!("bench"),
        includes: &[COMMON],
        entries: &["fused", "separate", "triad"],
        per_activation: false,
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
}

/// Every shader that the engine can put together, for validation without a GPU.
pub fn variants() -> Vec<Variant> {
    let mut all = Vec::new();
    for file in FILES {
        let activations: Vec<Option<&'static str>> = match file.per_activation {
            true => Activation::NAMES.iter().copied().map(Some).collect(),
            false => vec![None],
        };
        for activation in activations {
            let name =
                activation.map_or(file.name.into(), |activation| format!("{} {activation}", file.name));
            let shader = Shader { file: file.name, entry: "", activation };
            all.push(Variant { name, source: source(&shader).unwrap_or_default(), entries: file.entries });
        }
    }
    all
}

/// The complete WGSL of a shader.
pub(super) fn source(shader: &Shader) -> Option<String> {
    let file = FILES.iter().find(|file| file.name == shader.file)?;
    let mut parts: Vec<&str> = file.includes.to_vec();
    if let Some(name) = shader.activation {
        parts.push(Activation::shader(name)?);
    }
    parts.push(file.source);
    Some(parts.join("\n"))
}
