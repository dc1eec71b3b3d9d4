//! A shader's source, put together by inclusion.

use super::unroll::{UnrollError, unroll};
use crate::activation::Activation;
use crate::kernel::dispatch::{MAX_ORDER, Shader, WORKGROUP, wgsl};

/// Why there is no source of a shader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A constant has no value.
    #[error("'{file}' has no value for its constant {constant}")]
    NoValue {
        /// The shader's file.
        file: &'static str,
        /// Its constant.
        constant: &'static str,
    },
    /// A constant that the file doesn't take has a value.
    #[error("'{file}' has no constant {constant}")]
    NoConstant {
        /// The shader's file.
        file: &'static str,
        /// The constant.
        constant: &'static str,
    },
    /// No function has this name.
    #[error("there is no shader of the function '{0}'")]
    NoFunction(&'static str),
    /// A loop that is marked as one to unroll can't be.
    #[error(transparent)]
    Unroll(#[from] UnrollError),
}

/// The complete WGSL of a shader.
///
/// # Errors
/// If its constants aren't those that the file takes, there is no such activation, or a marked loop can't be unrolled.
pub(super) fn source(shader: &Shader) -> Result<String, SourceError> {
    let file = shader.file;
    let mut constants = vec![("MAX_ORDER", MAX_ORDER as u32), ("WORKGROUP", WORKGROUP)];
    for &constant in file.constants {
        let given = shader.constants.iter().find(|(given, _)| *given == constant);
        constants.push(*given.ok_or(SourceError::NoValue { file: file.name, constant })?);
    }
    if let Some(&(constant, _)) = shader.constants.iter().find(|(name, _)| !file.constants.contains(name)) {
        return Err(SourceError::NoConstant { file: file.name, constant });
    }
    let mut parts: Vec<&str> = vec![wgsl!("common")];
    parts.extend(file.includes);
    if let Some(name) = shader.activation {
        parts.push(Activation::shader(name).ok_or(SourceError::NoFunction(name))?);
    }
    if let Some(tile) = shader.tile {
        constants.extend(tile.tiling.constants());
        parts.extend(tile.tiling.includes());
    }
    parts.push(file.source);
    let front: String =
        constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    Ok(unroll(&(front + &parts.join("\n")))?)
}
