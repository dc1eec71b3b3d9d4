//! Constant tensors: weights, and what the shape arithmetic computes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use super::proto::{EXTERNAL, StringStringEntryProto, TensorProto};
use super::shape::{MAX_RANK, count};
use super::shown;
use crate::model::Weights;

/// A constant tensor.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// Row-major elements, as many as the shape says.
    pub data: Data,
}

/// Elements of a constant tensor.
#[derive(Clone, Debug)]
pub enum Data {
    /// Of any floating-point type.
    Float(Weights),
    /// Of any integer type; booleans are 0 and 1.
    Int(Arc<[i64]>),
}

impl Tensor {
    pub fn floats(shape: Vec<usize>, values: impl Into<Weights>) -> Self {
        Self { shape, data: Data::Float(values.into()) }
    }

    pub fn ints(shape: Vec<usize>, values: impl Into<Arc<[i64]>>) -> Self {
        Self { shape, data: Data::Int(values.into()) }
    }

    pub fn scalar(value: f64) -> Self {
        Self::floats(Vec::new(), [value])
    }

    pub fn len(&self) -> usize {
        match &self.data {
            Data::Float(values) => values.len(),
            Data::Int(values) => values.len(),
        }
    }

    /// The elements as numbers.
    pub fn values(&self) -> Weights {
        match &self.data {
            Data::Float(values) => values.clone(),
            Data::Int(values) => values.iter().map(|&v| v as f64).collect(),
        }
    }

    /// The element that all elements equal.
    pub fn uniform(&self) -> Option<f64> {
        match &self.data {
            Data::Float(values) => values.first().copied().filter(|&v| values.iter().all(|&w| w == v)),
            Data::Int(values) => {
                values.first().copied().filter(|&v| values.iter().all(|&w| w == v)).map(|v| v as f64)
            }
        }
    }
}

/// ONNX's numbers of the element types.
mod element {
    pub const FLOAT: i32 = 1;
    pub const UINT8: i32 = 2;
    pub const INT8: i32 = 3;
    pub const UINT16: i32 = 4;
    pub const INT16: i32 = 5;
    pub const INT32: i32 = 6;
    pub const INT64: i32 = 7;
    pub const BOOL: i32 = 9;
    pub const FLOAT16: i32 = 10;
    pub const DOUBLE: i32 = 11;
    pub const UINT32: i32 = 12;
    pub const UINT64: i32 = 13;
    pub const BFLOAT16: i32 = 16;
}

/// Kinds of element types that the import tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Float,
    Int,
    Bool,
}

/// Kind of an element type, by ONNX's number.
pub fn kind(data_type: i32) -> Result<Kind, String> {
    use element::*;
    let other = match data_type {
        FLOAT | FLOAT16 | DOUBLE | BFLOAT16 => return Ok(Kind::Float),
        UINT8 | INT8 | UINT16 | INT16 | INT32 | INT64 | UINT32 | UINT64 => return Ok(Kind::Int),
        BOOL => return Ok(Kind::Bool),
        0 => return Err("its type is not given: the file is damaged".into()),
        8 => "string",
        14 => "complex64",
        15 => "complex128",
        17..=20 | 24 => "float8",
        21 => "uint4",
        22 => "int4",
        23 => "float4",
        _ => return Err(format!("its type has the unknown number {data_type}")),
    };
    Err(format!("its type is {other}, which is not supported: store floats or integers"))
}

/// Where weights outside the model's file may be: in files in its folder.
#[derive(Debug, Default)]
pub struct External {
    folder: Option<PathBuf>,
    /// Bytes read so far of each file: no file is read many times over.
    read: HashMap<PathBuf, u64>,
}

impl External {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, read: HashMap::new() }
    }

    fn load(&mut self, tensor: &TensorProto) -> Result<Bytes, String> {
        let (mut location, mut offset, mut length) = (None, 0u64, None);
        for entry in &tensor.external_data {
            let entry = StringStringEntryProto::decode(entry.clone()).map_err(|e| e.to_string())?;
            let number = || entry.value.trim().parse::<u64>().map_err(|_| bad_number(&entry));
            match entry.key.as_str() {
                "location" => location = Some(entry.value),
                "offset" => offset = number()?,
                "length" => length = Some(number()?),
                _ => {} // a checksum, or what later versions may add
            }
        }
        let Some(location) = location else {
            return Err("its weights are in another file, but none is named".into());
        };
        let name = shown(&location);
        let path = self.inside(&location)?;
        let failed = |e: std::io::Error| format!("its weights are in '{name}', which cannot be read: {e}");
        let mut file = File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(format!("its weights are in '{name}', which is not a file"));
        }
        let size = metadata.len();
        let length = length.unwrap_or(size.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(format!(
                "its weights are {length} bytes from byte {offset} of '{name}', which has only {size}: the file is cut off or another one"
            ));
        }
        let read = self.read.entry(path).or_default();
        *read = read.saturating_add(length);
        if *read > size.saturating_mul(4) {
            return Err(format!("the tensors read '{name}' more than four times over"));
        }
        let too_large = |_| format!("its weights of {length} bytes are too large");
        let mut bytes = vec![0; usize::try_from(length).map_err(too_large)?];
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(failed)?;
        Ok(bytes.into())
    }

    /// The path of a file inside the model's folder, symbolic links resolved.
    fn inside(&self, location: &str) -> Result<PathBuf, String> {
        let name = shown(location);
        let Some(folder) = &self.folder else {
            return Err(format!(
                "its weights are in the file '{name}', but the model was given as bytes in memory: load it from its file"
            ));
        };
        let outside = || {
            format!(
                "its weights are in '{name}', outside the model's folder, where nothing is read: move the file there"
            )
        };
        let relative = Path::new(location);
        let plain = |c: Component| matches!(c, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || !relative.components().all(plain) {
            return Err(outside());
        }
        let missing = |e: std::io::Error| format!("its weights are in '{name}', which cannot be read: {e}");
        let folder = folder.canonicalize().map_err(missing)?;
        let path = folder.join(relative).canonicalize().map_err(missing)?;
        if path.starts_with(&folder) { Ok(path) } else { Err(outside()) }
    }
}

fn bad_number(entry: &StringStringEntryProto) -> String {
    format!(
        "the {} of its weights in another file is '{}', which is not a number of bytes",
        entry.key,
        shown(&entry.value)
    )
}

impl Tensor {
    /// Decodes a stored tensor; the second value is the number of bytes that came from another file.
    pub fn decode(tensor: &TensorProto, external: &mut External) -> Result<(Self, u64), String> {
        let kind = kind(tensor.data_type)?;
        if tensor.dims.len() > MAX_RANK {
            return Err(format!("it has {} axes; up to {MAX_RANK} are supported", tensor.dims.len()));
        }
        let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        let count = shape.as_ref().and_then(|s| count(s));
        let (Some(shape), Some(count)) = (shape, count) else {
            return Err(format!("its shape {:?} is impossible", tensor.dims));
        };
        let (raw, outside) = if tensor.data_location == EXTERNAL {
            let raw = external.load(tensor)?;
            let length = raw.len() as u64;
            (Some(raw), length)
        } else {
            (tensor.raw_data.clone(), 0)
        };
        let data = match (&raw, kind) {
            (Some(raw), Kind::Float) => Data::Float(raw_floats(raw, tensor.data_type, count, &shape)?),
            (Some(raw), _) => Data::Int(raw_ints(raw, tensor.data_type, count, &shape)?),
            (None, Kind::Float) => Data::Float(typed_floats(tensor)),
            (None, _) => Data::Int(typed_ints(tensor)?),
        };
        let tensor = Self { shape, data };
        if tensor.len() != count {
            return Err(format!(
                "it has {} values for the shape {:?}: the file is damaged",
                tensor.len(),
                tensor.shape
            ));
        }
        Ok((tensor, outside))
    }
}

/// Little-endian elements of `N` bytes.
fn elements<const N: usize, T>(
    raw: &[u8],
    count: usize,
    shape: &[usize],
    read: fn([u8; N]) -> T,
) -> Result<Arc<[T]>, String> {
    if count.checked_mul(N) != Some(raw.len()) {
        return Err(format!(
            "it has {} bytes for the shape {shape:?} of {N} bytes each: the file is damaged",
            raw.len()
        ));
    }
    let (chunks, _) = raw.as_chunks::<N>();
    Ok(chunks.iter().map(|&chunk| read(chunk)).collect())
}

fn raw_floats(raw: &[u8], data_type: i32, count: usize, shape: &[usize]) -> Result<Weights, String> {
    match data_type {
        element::DOUBLE => elements(raw, count, shape, f64::from_le_bytes),
        element::FLOAT16 => elements(raw, count, shape, |b| half::f16::from_le_bytes(b).to_f64()),
        element::BFLOAT16 => elements(raw, count, shape, |b| half::bf16::from_le_bytes(b).to_f64()),
        _ => elements(raw, count, shape, |b| f32::from_le_bytes(b) as f64),
    }
}

fn raw_ints(raw: &[u8], data_type: i32, count: usize, shape: &[usize]) -> Result<Arc<[i64]>, String> {
    match data_type {
        element::UINT8 => elements(raw, count, shape, |b| u8::from_le_bytes(b) as i64),
        element::INT8 => elements(raw, count, shape, |b| i8::from_le_bytes(b) as i64),
        element::UINT16 => elements(raw, count, shape, |b| u16::from_le_bytes(b) as i64),
        element::INT16 => elements(raw, count, shape, |b| i16::from_le_bytes(b) as i64),
        element::INT32 => elements(raw, count, shape, |b| i32::from_le_bytes(b) as i64),
        element::UINT32 => elements(raw, count, shape, |b| u32::from_le_bytes(b) as i64),
        element::UINT64 => {
            let values = elements(raw, count, shape, u64::from_le_bytes)?;
            unsigned(&values)
        }
        element::BOOL => elements(raw, count, shape, |b: [u8; 1]| (b[0] != 0) as i64),
        _ => elements(raw, count, shape, i64::from_le_bytes),
    }
}

fn unsigned(values: &[u64]) -> Result<Arc<[i64]>, String> {
    let signed: Option<Arc<[i64]>> = values.iter().map(|&v| i64::try_from(v).ok()).collect();
    signed.ok_or_else(|| "an integer in it is beyond 2^63".into())
}

fn typed_floats(tensor: &TensorProto) -> Weights {
    match tensor.data_type {
        element::DOUBLE => tensor.double_data.as_slice().into(),
        element::FLOAT16 => {
            tensor.int32_data.iter().map(|&v| half::f16::from_bits(v as u16).to_f64()).collect()
        }
        element::BFLOAT16 => {
            tensor.int32_data.iter().map(|&v| half::bf16::from_bits(v as u16).to_f64()).collect()
        }
        _ => tensor.float_data.iter().map(|&v| v as f64).collect(),
    }
}

fn typed_ints(tensor: &TensorProto) -> Result<Arc<[i64]>, String> {
    match tensor.data_type {
        element::INT64 => Ok(tensor.int64_data.as_slice().into()),
        element::UINT32 | element::UINT64 => unsigned(&tensor.uint64_data),
        element::BOOL => Ok(tensor.int32_data.iter().map(|&v| (v != 0) as i64).collect()),
        _ => Ok(tensor.int32_data.iter().map(|&v| v as i64).collect()),
    }
}
