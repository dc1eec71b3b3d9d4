//! A shader's source, put together by inclusion.

use super::unroll::unroll;
use crate::activation::Activation;
use crate::kernel::dispatch::{MAX_ORDER, Shader, WORKGROUP, wgsl};

/// The complete WGSL of a shader.
///
/// # Errors
/// If its constants aren't those that the file takes, or there is no such activation.
pub(super) fn source(shader: &Shader) -> Result<String, String> {
    let file = shader.file;
    let mut constants = vec![("MAX_ORDER", MAX_ORDER as u32), ("WORKGROUP", WORKGROUP)];
    for &name in file.constants {
        match shader.constants.iter().find(|(given, _)| *given == name) {
            Some(&constant) => constants.push(constant),
            None => return Err(format!("'{}' has no value for its constant {name}", file.name)),
        }
    }
    if let Some((name, _)) = shader.constants.iter().find(|(name, _)| !file.constants.contains(name)) {
        return Err(format!("'{}' has no constant {name}", file.name));
    }
    let mut parts: Vec<&str> = vec![wgsl!("common")];
    parts.extend(file.includes);
    if let Some(name) = shader.activation {
        let function = Activation::shader(name);
        parts.push(function.ok_or_else(|| format!("there is no shader of the function '{name}'"))?);
    }
    if let Some(tile) = shader.tile {
        constants.extend(tile.tiling.constants());
        parts.extend(tile.tiling.includes());
    }
    parts.push(file.source);
    let front: String =
        constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    let source = front + &parts.join("\n");
    Ok(if file.constants.is_empty() { source } else { unroll(&source) })
}
