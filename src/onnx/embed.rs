//! A file with all of its weights inside, also those that are in other files.
//!
//! Messages are copied field by field as they are, what the import doesn't read included; only tensors whose data are elsewhere are written anew.

use bytes::{Buf, Bytes};
use prost::Message as _;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

use super::external::External;
use super::proto::{EXTERNAL, TensorProto, decode};
use super::tensor::Tensor;
use super::{malformed, shown};
use crate::error::{Error, Result};

/// Messages inside messages: graphs inside nodes of graphs take four each.
const MAX_DEPTH: usize = 64;

/// Messages that have tensors inside.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Function,
    Node,
    Attribute,
    Tensor,
}

impl Message {
    /// What a field of it is, if it has tensors inside.
    fn field(self, tag: u32) -> Option<Self> {
        Some(match (self, tag) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) => Self::Tensor,
            _ => return None,
        })
    }
}

/// The bytes of a model's file, with weights inside that were in other files.
///
/// # Errors
/// If the file is damaged, or a weight can't be read.
pub fn embed(file: Bytes, external: &mut External) -> Result<Vec<u8>> {
    copy(Message::Model, file, 0, external)
}

fn copy(kind: Message, bytes: Bytes, depth: usize, external: &mut External) -> Result<Vec<u8>> {
    if depth > MAX_DEPTH {
        return Err(malformed("graphs inside nodes are nested too deep"));
    }
    if let Message::Tensor = kind {
        let tensor: TensorProto = decode(bytes.clone(), "a weight")?;
        return if tensor.data_location == EXTERNAL { inside(tensor, external) } else { Ok(bytes.into()) };
    }
    let mut into = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while rest.has_remaining() {
        let field = rest.clone();
        let (tag, wire) = decode_key(&mut rest).map_err(damaged)?;
        let length = match wire {
            WireType::Varint => decode_varint(&mut rest).map(|_| 0),
            WireType::LengthDelimited => decode_varint(&mut rest),
            WireType::ThirtyTwoBit => Ok(4),
            WireType::SixtyFourBit => Ok(8),
            // Long deprecated; no ONNX file has any.
            WireType::StartGroup | WireType::EndGroup => return Err(damaged("a group")),
        };
        let length = length.map_err(damaged)?;
        let length = usize::try_from(length).ok().filter(|&length| length <= rest.remaining());
        let content = rest.split_to(length.ok_or_else(|| damaged("a length"))?);
        match kind.field(tag).filter(|_| wire == WireType::LengthDelimited) {
            None => into.extend_from_slice(&field[..field.len() - rest.len()]),
            Some(inner) => {
                let content = copy(inner, content, depth + 1, external)?;
                encode_key(tag, wire, &mut into);
                encode_varint(content.len() as u64, &mut into);
                into.extend_from_slice(&content);
            }
        }
    }
    Ok(into)
}

/// A tensor with its data, which are in another file.
fn inside(tensor: TensorProto, external: &mut External) -> Result<Vec<u8>> {
    let data = Tensor::external(&tensor, external).map_err(|cause| Error::Node {
        node: shown(&tensor.name),
        op: "weight".into(),
        cause,
    })?;
    let tensor = TensorProto { raw_data: Some(data), external_data: Vec::new(), data_location: 0, ..tensor };
    Ok(tensor.encode_to_vec())
}

fn damaged(cause: impl std::fmt::Display) -> Error {
    malformed(format!("it cannot be copied ({cause}): the file is cut off or damaged"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::model::Model;
    use crate::onnx::{ImportOptions, with_weights_inside};

    const FILE: &str = "tests/fixtures/operators/gemm_external_data.onnx";

    #[test]
    fn weights_of_other_files_are_inside() -> crate::Result<()> {
        let options = ImportOptions::default();
        let bytes = with_weights_inside(FILE, &options)?;
        let (inside, beside) = (Model::from_onnx_bytes(bytes, &options)?, Model::from_onnx(FILE, &options)?);
        assert!(beside.parameters() > 0);
        assert_eq!(format!("{:?}", inside.nodes()), format!("{:?}", beside.nodes()));
        Ok(())
    }

    #[test]
    fn what_has_all_weights_inside_is_the_same_file() -> crate::Result<()> {
        for file in ["tests/fixtures/operators/gemm.onnx", "examples/mnist/mnist_cnn_tanh.onnx"] {
            let bytes = with_weights_inside(file, &ImportOptions::default())?;
            assert!(bytes == std::fs::read(file).unwrap_or_default(), "{file}");
        }
        Ok(())
    }

    #[test]
    fn damaged_files_and_missing_weights_are_errors() {
        let mut tried = 0;
        for entry in Path::new("tests/fixtures/broken").read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("external_")) {
                let copied = with_weights_inside(&path, &ImportOptions::default());
                assert!(copied.is_err(), "{}", path.display());
                tried += 1;
            }
        }
        assert!(tried > 5, "{tried}");
    }
}
