//! Constant tensors: weights, and what the shape arithmetic computes.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::external::External;
use super::narrow::Narrow;
use super::proto::{EXTERNAL, TensorProto};
use super::shape::{MAX_RANK, count};
use crate::model::Weights;

/// A constant tensor.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// Row-major elements, as many as the shape says.
    pub data: Data,
    /// The least and the greatest number of its type, if that has up to 16 bits and the elements are as they are stored.
    pub range: Option<[i64; 2]>,
}

/// A large constant of one number, which isn't made yet: see [`super::filled`].
#[derive(Clone, Debug)]
pub struct Filled {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// The number, without axes.
    pub number: Tensor,
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
        Self { shape, data: Data::Float(values.into()), range: None }
    }

    pub fn ints(shape: Vec<usize>, values: impl Into<Arc<[i64]>>) -> Self {
        Self { shape, data: Data::Int(values.into()), range: None }
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

/// Bytes of an element.
fn size(data_type: i32) -> usize {
    use element::*;
    match data_type {
        DOUBLE | INT64 | UINT64 => 8,
        UINT16 | INT16 | FLOAT16 | BFLOAT16 => 2,
        UINT8 | INT8 | BOOL => 1,
        _ => 4,
    }
}

/// The least and the greatest number of an integer type of up to 16 bits, by ONNX's number.
pub fn range(data_type: i32) -> Option<[i64; 2]> {
    match data_type {
        element::UINT8 => Some([0, u8::MAX.into()]),
        element::INT8 => Some([i8::MIN.into(), i8::MAX.into()]),
        element::UINT16 => Some([0, u16::MAX.into()]),
        element::INT16 => Some([i16::MIN.into(), i16::MAX.into()]),
        _ => Narrow::of(data_type)?.range(),
    }
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

impl Tensor {
    /// Decodes a stored tensor; the second value is the number of bytes that came from another file.
    pub fn decode(tensor: &TensorProto, external: &mut External) -> Result<(Self, u64), String> {
        let narrow = Narrow::of(tensor.data_type);
        let kind = narrow.map_or_else(|| kind(tensor.data_type), |_| Ok(Kind::Float))?;
        let (shape, count) = sizes(tensor)?;
        let (raw, outside) = if tensor.data_location == EXTERNAL {
            let raw = Self::external(tensor, external)?;
            let length = raw.len() as u64;
            (Some(raw), length)
        } else {
            (tensor.raw_data.clone(), 0)
        };
        let data = match (&raw, kind) {
            _ if let Some(narrow) = narrow => packed(tensor, raw.as_deref(), narrow, count, &shape)?,
            (Some(raw), Kind::Float) => Data::Float(raw_floats(raw, tensor.data_type, count, &shape)?),
            (Some(raw), _) => Data::Int(raw_ints(raw, tensor.data_type, count, &shape)?),
            (None, Kind::Float) => Data::Float(typed_floats(tensor)),
            (None, _) => Data::Int(typed_ints(tensor)?),
        };
        let tensor = Self { shape, data, range: range(tensor.data_type) };
        if tensor.len() != count {
            return Err(format!(
                "it has {} values for the shape {:?}: the file is damaged",
                tensor.len(),
                tensor.shape
            ));
        }
        Ok((tensor, outside))
    }

    /// The bytes of a tensor that are in another file.
    pub fn external(tensor: &TensorProto, external: &mut External) -> Result<Bytes, String> {
        let narrow = Narrow::of(tensor.data_type);
        narrow.map_or_else(|| kind(tensor.data_type).map(drop), |_| Ok(()))?;
        let (shape, count) = sizes(tensor)?;
        let fits = |length: u64| match narrow {
            Some(narrow) => check_packed(length, narrow, count, &shape),
            None => check_length(length, size(tensor.data_type), count, &shape),
        };
        external.load(&tensor.external_data, fits)
    }
}

/// The shape of a stored tensor, and its number of elements.
fn sizes(tensor: &TensorProto) -> Result<(Vec<usize>, usize), String> {
    if tensor.dims.len() > MAX_RANK {
        return Err(format!("it has {} axes; up to {MAX_RANK} are supported", tensor.dims.len()));
    }
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let count = shape.as_ref().and_then(|s| count(s));
    match (shape, count) {
        (Some(shape), Some(count)) => Ok((shape, count)),
        _ => Err(format!("its shape {:?} is impossible", tensor.dims)),
    }
}

/// Checks that there are as many bytes as `count` elements of a size take.
fn check_length(bytes: u64, size: usize, count: usize, shape: &[usize]) -> Result<(), String> {
    match count.checked_mul(size).is_some_and(|needed| needed as u64 == bytes) {
        true => Ok(()),
        false => Err(format!(
            "it has {bytes} bytes for the shape {shape:?} of {size} bytes each: the file is damaged"
        )),
    }
}

/// The same of numbers that are packed into bytes.
fn check_packed(bytes: u64, narrow: Narrow, count: usize, shape: &[usize]) -> Result<(), String> {
    match narrow.bytes(count) as u64 == bytes {
        true => Ok(()),
        false => Err(format!(
            "it has {bytes} bytes for the shape {shape:?} of {} bits each: the file is damaged",
            narrow.bits()
        )),
    }
}

/// Numbers of up to 8 bits; what isn't raw has a byte in each of its integers.
fn packed(
    tensor: &TensorProto,
    raw: Option<&[u8]>,
    narrow: Narrow,
    count: usize,
    shape: &[usize],
) -> Result<Data, String> {
    let bytes: Cow<'_, [u8]> = match raw {
        Some(raw) => raw.into(),
        None => tensor.int32_data.iter().map(|&v| v as u8).collect(),
    };
    check_packed(bytes.len() as u64, narrow, count, shape)?;
    Ok(match narrow {
        Narrow::Int { .. } => Data::Int(narrow.integers(&bytes, count).into()),
        Narrow::Float(_) => Data::Float(narrow.floats(&bytes, count).into()),
    })
}

/// Little-endian elements of `N` bytes.
fn elements<const N: usize, T>(
    raw: &[u8],
    count: usize,
    shape: &[usize],
    read: fn([u8; N]) -> T,
) -> Result<Arc<[T]>, String> {
    check_length(raw.len() as u64, N, count, shape)?;
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
