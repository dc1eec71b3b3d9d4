//! Arrays in files: numpy's `.npy` format, a short header, then the numbers; and `.npz`, an archive of such files.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. The reader takes any real type, byte
//! order and memory order, and believes nothing that a header claims before the file's size confirms it.

mod header;
mod npz;

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use crate::error::{Error, Format, Result};
use crate::regular_file::RegularFile;
use crate::scalar::Precision;

pub use header::header;
use header::{Element, read_header, shape_tuple};
pub use npz::{NpzReader, NpzWriter};

/// Bytes that are decoded at once.
const BLOCK: usize = 1 << 16;

/// An array of real numbers, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes of the axes.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f64>,
}

/// Reads an `.npy` file.
///
/// # Errors
/// If it isn't one, is cut short, or holds something else than real numbers.
pub fn read(path: &Path) -> Result<Array> {
    let failed = |reason| Error::Read { path: path.into(), reason };
    let RegularFile { file, size } = RegularFile::open(path).map_err(failed)?;
    read_from(BufReader::new(file), size).map_err(|error| error.in_file(Format::Numpy, path))
}

/// The sizes of an `.npy` file's axes, without reading its numbers.
///
/// # Errors
/// If it isn't one.
pub fn shape(path: &Path) -> Result<Vec<usize>> {
    let failed = |reason| Error::Read { path: path.into(), reason };
    let RegularFile { file, .. } = RegularFile::open(path).map_err(failed)?;
    let header = read_header(&mut BufReader::new(file));
    header.map(|(header, _)| header.shape).map_err(|error| error.in_file(Format::Numpy, path))
}

/// Reads an array from a stream that holds at most `bytes` bytes, header included.
///
/// # Errors
/// If it isn't one, is cut short, or holds something else than real numbers.
pub fn read_from(mut stream: impl Read, bytes: u64) -> Result<Array> {
    let (header, start) = read_header(&mut stream)?;
    let element = Element::from_descr(&header.descr)?;
    let values = read_numbers(stream, element, &header.shape, bytes.saturating_sub(start as u64))?;
    let values = if header.fortran_order { to_c_order(&header.shape, &values) } else { values };
    Ok(Array { shape: header.shape, values })
}

/// Reads numbers of a type, in C order, from a stream that holds at most `bytes` bytes of them.
///
/// # Errors
/// If there is no such type, or numbers are missing.
pub(crate) fn numbers_from(stream: impl Read, descr: &str, shape: &[usize], bytes: u64) -> Result<Vec<f64>> {
    read_numbers(stream, Element::from_descr(descr)?, shape, bytes)
}

/// Reads a list of texts (numpy's type `U`) from a stream that holds at most `bytes` bytes.
///
/// # Errors
/// If it is no such list, or is cut short.
pub fn read_texts(mut stream: impl Read, bytes: u64) -> Result<Vec<String>> {
    let (header, start) = read_header(&mut stream)?;
    let no_texts = || {
        wrong(format!(
            "holds '{}' of shape {:?}: a list of texts is needed, such as \
        numpy.array([\"a\", \"b\"])",
            header.descr, header.shape
        ))
    };
    // Each text takes the same number of characters, of four bytes each, zeros behind its end.
    let (order, width) = header.descr.split_once('U').ok_or_else(no_texts)?;
    let width: usize = width.parse().map_err(|_| no_texts())?;
    let &[count] = header.shape.as_slice() else { return Err(no_texts()) };
    let element = Element::from_descr(&format!("{order}u4"))?;
    let codes = read_numbers(stream, element, &[count, width], bytes.saturating_sub(start as u64))?;
    if width == 0 {
        return Err(no_texts());
    }
    let text = |codes: &[f64]| {
        let length = codes.iter().rposition(|&code| code != 0.0).map_or(0, |last| last + 1);
        codes[..length].iter().map(|&code| char::from_u32(code as u32)).collect::<Option<String>>()
    };
    codes.chunks_exact(width).map(text).collect::<Option<_>>().ok_or_else(|| wrong("holds broken texts"))
}

fn read_numbers(
    mut stream: impl Read,
    element: Element,
    shape: &[usize],
    available: u64,
) -> Result<Vec<f64>> {
    let size = element.size;
    // An array without numbers may have axes of any size: whoever multiplies some of them finds that they can be.
    let all = shape.iter().try_fold(size, |n, &axis| n.checked_mul(axis.max(1)));
    let bytes = all.map(|bytes| if shape.contains(&0) { 0 } else { bytes });
    let Some(bytes) = bytes.filter(|&n| n as u64 <= available) else {
        return Err(wrong(format!(
            "the file is cut short: {} numbers of {size} bytes are announced, {available} bytes are there",
            shape_tuple(shape)
        )));
    };
    let mut values = Vec::with_capacity(bytes / size);
    let mut block = vec![0; BLOCK];
    let mut left = bytes;
    while left > 0 {
        let part = &mut block[..left.min(BLOCK - BLOCK % size)];
        stream.read_exact(part).map_err(|error| wrong(format!("cannot be read to its end: {error}")))?;
        values.extend(part.chunks_exact(size).map(|number| element.decode(number)));
        left -= part.len();
    }
    Ok(values)
}

/// Writes an array of f64 in C order.
///
/// # Errors
/// If the stream fails, or the numbers don't make the shape.
pub fn write(mut stream: impl Write, shape: &[usize], values: &[f64]) -> io::Result<()> {
    if shape.iter().product::<usize>() != values.len() {
        return Err(io::Error::other(format!("{} numbers do not make the shape {shape:?}", values.len())));
    }
    stream.write_all(&header("<f8", shape))?;
    for values in values.chunks(BLOCK / 8) {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        stream.write_all(&bytes)?;
    }
    // A buffer that is dropped keeps its errors for itself.
    stream.flush()
}

/// Appends numbers as bytes.
///
/// # Errors
/// If one is too large for the type.
pub(crate) fn encode(dtype: Precision, values: &[f64], bytes: &mut Vec<u8>) -> io::Result<()> {
    match dtype {
        Precision::F64 => bytes.extend(values.iter().flat_map(|x| x.to_le_bytes())),
        Precision::F32 => {
            if let Some(x) = values.iter().find(|x| x.is_finite() && !(**x as f32).is_finite()) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("the number {x:e} is too large for f32: use --dtype f64"),
                ));
            }
            bytes.extend(values.iter().flat_map(|&x| (x as f32).to_le_bytes()));
        }
    }
    Ok(())
}

fn wrong(message: impl Into<String>) -> Error {
    Error::Format { format: Format::Numpy, path: None, cause: message.into() }
}

/// Re-orders an array whose first axis varies fastest.
fn to_c_order(shape: &[usize], values: &[f64]) -> Vec<f64> {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &size| {
            let this = *stride;
            *stride *= size;
            Some(this)
        })
        .collect();
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        ordered.push(values[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Result<Array> {
        let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        bytes.extend_from_slice(&(dict.len() as u32).to_le_bytes());
        bytes.extend_from_slice(dict.as_bytes());
        bytes.extend_from_slice(data);
        read_from(bytes.as_slice(), bytes.len() as u64)
    }

    #[test]
    fn what_is_written_is_read() -> Result<()> {
        for shape in [&[2, 3][..], &[6], &[1, 6, 1]] {
            let values: Vec<f64> = (0..6).map(|i| f64::from(i) - 2.5).collect();
            let mut bytes = header("<f8", shape);
            assert_eq!(bytes.len() % 64, 0);
            bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
            assert_eq!(
                read_from(bytes.as_slice(), bytes.len() as u64)?,
                Array { shape: shape.to_vec(), values }
            );
        }
        Ok(())
    }

    #[test]
    fn all_real_types() -> Result<()> {
        let cases: [(&str, &[u8], f64); 12] = [
            ("<f4", &(-1.5f32).to_le_bytes(), -1.5),
            (">f4", &(-1.5f32).to_be_bytes(), -1.5),
            (">f8", &(0.1f64).to_be_bytes(), 0.1),
            ("<f2", &[0x00, 0xbe], -1.5),
            ("|i1", &[0xff], -1.0),
            (">i2", &[0xff, 0xfe], -2.0),
            ("<i4", &(-7i32).to_le_bytes(), -7.0),
            ("<i8", &(-7i64).to_le_bytes(), -7.0),
            ("|u1", &[0xff], 255.0),
            ("<u2", &[0xfe, 0xff], 65534.0),
            ("<u8", &(1u64 << 53).to_le_bytes(), 9_007_199_254_740_992.0),
            ("|b1", &[1], 1.0),
        ];
        for (descr, data, value) in cases {
            assert_eq!(parse(descr, "False", "(1,)", data)?.values, [value], "{descr}");
        }
        Ok(())
    }

    #[test]
    fn fortran_order_is_turned() -> Result<()> {
        let array = parse("|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6])?;
        assert_eq!(array.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let array = parse("|u1", "True", "(2, 1, 2)", &[1, 3, 2, 4])?;
        assert_eq!(array.values, [1.0, 2.0, 3.0, 4.0]);
        Ok(())
    }

    #[test]
    fn claims_are_checked_before_memory_is_taken() {
        for shape in
            ["(1000000000000,)", "(9999999999, 9999999999, 9999999999)", "(3,)", "(99999999999999999999,)"]
        {
            assert!(parse("<f8", "False", shape, &[0; 16]).is_err(), "{shape}");
        }
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(read_from(long.as_slice(), 12).is_err());
    }

    #[test]
    fn nothing_malformed_is_taken_or_panics() {
        for descr in ["<c8", "|O", "<U3", "<f16", "", "é", "<", "f"] {
            assert!(parse(descr, "False", "(1,)", &[0; 64]).is_err(), "{descr}");
        }
        for shape in ["(1", "1", "(,)", "(1,,)", "(-1,)", "(1.5,)", "((1,),)", "(1 2)", "()()"] {
            assert!(parse("|u1", "False", shape, &[0; 64]).is_err(), "{shape}");
        }
        assert!(parse("|u1", "Maybe", "(1,)", &[0]).is_err());
        let whole = [header("|u1", &[2]), vec![1, 2]].concat();
        for length in 0..whole.len() {
            assert!(read_from(&whole[..length], length as u64).is_err(), "{length}");
        }
    }
}
