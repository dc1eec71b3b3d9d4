//! Versions of ONNX's operators.

use bytes::Bytes;

use super::malformed;
use super::proto::{OperatorSetIdProto, decode};
use crate::error::Result;

/// Operator sets that are understood. Before 7, broadcasting was another.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=28;

/// The version of the standard operators.
pub fn opset(imports: &[Bytes]) -> Result<i64> {
    let mut opset = None;
    for bytes in imports {
        let import: OperatorSetIdProto = decode(bytes.clone(), "the list of operator sets")?;
        if matches!(import.domain.as_str(), "" | "ai.onnx") {
            opset = opset.max(Some(import.version));
        }
    }
    match opset {
        Some(version) if OPSETS.contains(&version) => Ok(version),
        Some(version) => Err(malformed(format!(
            "the model uses opset {version}; {} to {} are supported: export it with opset_version=18, or convert it with onnx.version_converter",
            OPSETS.start(),
            OPSETS.end()
        ))),
        None => Err(malformed("the model does not say which opset it uses: the file is damaged")),
    }
}
