//! Every shader that the engine can put together: what is validated and tested without a GPU.

use super::shader::{SourceError, source};
use super::{combine, polynomial};
use crate::activation::Activation;
use crate::kernel::Kernel;
use crate::kernel::dispatch::{File, Member, Shader, Tile, Tiling, Variants};

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
    /// The members of its `Params` behind the layouts, as the host fills them.
    pub params: &'static [Member],
}

/// All files with entry points, each once.
fn files() -> Vec<&'static File> {
    let others = [
        &combine::FILE,
        &polynomial::FILE,
        #[cfg(feature = "bench")]
        &super::bench::FILE,
    ];
    let mut files: Vec<&File> = Vec::new();
    for file in Kernel::FILES.iter().copied().flatten().copied().chain(others) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// Every shader that the engine can put together, for validation without a GPU; of those with constants, some.
///
/// # Errors
/// Where one can't be put together, a mistake in `shaders/`.
pub fn variants() -> Result<Vec<Variant>, SourceError> {
    let mut all = Vec::new();
    for file in files() {
        let shader = Shader::new(file, "");
        let shaders: Vec<(String, Shader)> = match file.variants {
            Variants::One => vec![(file.name.into(), shader)],
            Variants::PerActivation => Activation::NAMES
                .iter()
                .map(|name| {
                    let activation = Some(*name);
                    (format!("{} {name}", file.name), Shader { activation, ..shader.clone() })
                })
                .collect(),
            Variants::PerTiling => Tiling::ALL
                .iter()
                .map(|&tiling| {
                    let tile = Some(Tile::new(tiling, 1, false, None));
                    (format!("{} {tiling:?}", file.name), Shader { tile, ..shader.clone() })
                })
                .collect(),
        };
        for (name, shader) in shaders {
            for values in file.examples {
                let constants = file.constants.iter().copied().zip(values.iter().copied()).collect();
                let source = source(&Shader { constants, ..shader.clone() })?;
                let (name, entries, params) = (name.clone(), file.entries, file.params);
                let subgroups = shader.tile.is_some_and(|tile| tile.tiling == Tiling::Subgroup);
                all.push(Variant { name, source, entries, subgroups, params });
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_asked_for_and_known() {
        let file = files().into_iter().find(|file| file.name == "reduction").unwrap();
        let shader = Shader::new(file, "softmax").constant("ORDER", 2);
        assert!(source(&shader).unwrap_err().to_string().contains("X_ORDER"));
        let shader = shader.constant("X_ORDER", 1).constant("GIVEN", 0);
        assert!(source(&shader).unwrap().contains("const X_ORDER: u32 = 1u;"));
        assert!(source(&shader.constant("TERMS", 1)).unwrap_err().to_string().contains("TERMS"));
    }
}
