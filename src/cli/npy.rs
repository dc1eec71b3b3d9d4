//! The `.npy` format: a short header, then the numbers.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. The reader takes any real type, byte
//! order and memory order, and believes nothing that a header claims before the file's size confirms it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};

/// Longest header that is read: numpy's own are some hundred bytes.
const MAX_HEADER: usize = 1 << 16;

/// Bytes that are decoded at once.
const BLOCK: usize = 1 << 16;

/// An array of real numbers, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// Reads an `.npy` file.
///
/// # Errors
/// If it isn't one, is cut short, or holds something else than real numbers.
pub fn read(path: &Path) -> Result<Array> {
    let name = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| anyhow!("cannot read {name}: {error}"))?;
    if !metadata.is_file() {
        bail!("cannot read {name}: it is not a file");
    }
    let file = File::open(path).map_err(|error| anyhow!("cannot read {name}: {error}"))?;
    read_from(BufReader::new(file), metadata.len()).map_err(|error| anyhow!("{name}: {error}"))
}

fn read_from(mut file: impl Read, file_bytes: u64) -> Result<Array> {
    let (header, start) = read_header(&mut file)?;
    let size = header.element.size;
    let count = header.shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
    let bytes = count.and_then(|n| n.checked_mul(size));
    let available = file_bytes.saturating_sub(start as u64);
    let (Some(count), Some(bytes)) = (count, bytes.filter(|&n| n as u64 <= available)) else {
        bail!(
            "the file is cut short: {} numbers of {size} bytes are announced, {available} bytes are there",
            shape_tuple(&header.shape)
        );
    };
    let mut values = Vec::with_capacity(count);
    let mut block = vec![0; BLOCK];
    let mut left = bytes;
    while left > 0 {
        let part = &mut block[..left.min(BLOCK - BLOCK % size)];
        file.read_exact(part).map_err(|error| anyhow!("cannot be read to its end: {error}"))?;
        values.extend(part.chunks_exact(size).map(|number| header.element.decode(number)));
        left -= part.len();
    }
    if header.fortran_order {
        values = to_c_order(&header.shape, &values);
    }
    Ok(Array { shape: header.shape, values })
}

/// The header of an array, as version 1.0 of the format has it.
pub fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {}, }}", shape_tuple(shape));
    // The data begin at a multiple of 64 bytes; the header ends in a newline.
    let length = (10 + dict.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(length as u16).to_le_bytes());
    bytes.extend_from_slice(dict.as_bytes());
    bytes.resize(10 + length - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// `(3, 4)`, `(3,)`, `()`.
fn shape_tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

#[derive(Debug, PartialEq)]
struct Header {
    element: Element,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Element {
    kind: Kind,
    size: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Float,
    Signed,
    /// Booleans, too.
    Unsigned,
}

impl Element {
    fn from_descr(descr: &str) -> Result<Self> {
        let refused = || {
            anyhow!("holds numbers of the type '{descr}': save real numbers, such as array.astype(\"f8\")")
        };
        let (order, code) = match descr.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), code @ ..] => (*order, code),
            code => (b'=', code),
        };
        let (kind, size) = match code {
            b"f2" => (Kind::Float, 2),
            b"f4" => (Kind::Float, 4),
            b"f8" => (Kind::Float, 8),
            b"i1" => (Kind::Signed, 1),
            b"i2" => (Kind::Signed, 2),
            b"i4" => (Kind::Signed, 4),
            b"i8" => (Kind::Signed, 8),
            b"b1" | b"u1" => (Kind::Unsigned, 1),
            b"u2" => (Kind::Unsigned, 2),
            b"u4" => (Kind::Unsigned, 4),
            b"u8" => (Kind::Unsigned, 8),
            _ => return Err(refused()),
        };
        let big_endian = order == b'>' || (order == b'=' && cfg!(target_endian = "big"));
        Ok(Self { kind, size, big_endian })
    }

    fn decode(self, bytes: &[u8]) -> f64 {
        let bits = bytes.iter().enumerate().fold(0u64, |bits, (i, &byte)| {
            let place = if self.big_endian { bytes.len() - 1 - i } else { i };
            bits | u64::from(byte) << (8 * place)
        });
        match (self.kind, self.size) {
            (Kind::Float, 2) => half::f16::from_bits(bits as u16).to_f64(),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
            (Kind::Signed, size) => {
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            (Kind::Unsigned, _) => bits as f64,
        }
    }
}

/// Reads the header; returns it and the offset of the data.
fn read_header(file: &mut impl Read) -> Result<(Header, usize)> {
    let no_npy = |_| anyhow!("is no .npy file: save the array with numpy.save");
    let mut magic = [0; 8];
    file.read_exact(&mut magic[..2]).map_err(no_npy)?;
    if &magic[..2] == b"PK" {
        bail!("is an .npz archive: save the one array with numpy.save");
    }
    file.read_exact(&mut magic[2..]).map_err(no_npy)?;
    if &magic[..6] != b"\x93NUMPY" {
        bail!("is no .npy file: save the array with numpy.save");
    }
    let length_bytes = match magic[6] {
        1 => 2,
        2 | 3 => 4,
        version => bail!("has version {version} of the .npy format; 1 to 3 can be read"),
    };
    let broken = |_| anyhow!("its .npy header is cut short");
    let mut length = [0; 4];
    file.read_exact(&mut length[..length_bytes]).map_err(broken)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        bail!("its .npy header claims {length} bytes, which no array of numbers needs");
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text).map_err(broken)?;
    Ok((Parser { rest: &text }.header()?, 8 + length_bytes + length))
}

/// Parses the header's Python dictionary: nothing but what numpy writes for plain arrays.
struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn header(mut self) -> Result<Header> {
        let (mut element, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.accept(b'}') {
            let key = self.quoted()?;
            self.expect(b':')?;
            match key {
                "descr" => {
                    if self.peek() == Some(b'[') {
                        bail!("holds records with fields: save one array of real numbers");
                    }
                    element = Some(Element::from_descr(self.quoted()?)?);
                }
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.tuple()?),
                _ => return Err(Self::malformed()),
            }
            if !self.accept(b',') && self.peek() != Some(b'}') {
                return Err(Self::malformed());
            }
        }
        match (element, fortran_order, shape) {
            (Some(element), Some(fortran_order), Some(shape)) => Ok(Header { element, fortran_order, shape }),
            _ => Err(Self::malformed()),
        }
    }

    fn malformed() -> anyhow::Error {
        anyhow!("its .npy header is malformed")
    }

    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.accept(byte) { Ok(()) } else { Err(Self::malformed()) }
    }

    /// The longest start of the rest whose bytes all are of a kind.
    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> Result<&'a str> {
        let length = self.rest.iter().position(|&b| !belongs(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        std::str::from_utf8(taken).map_err(|_| Self::malformed())
    }

    fn quoted(&mut self) -> Result<&'a str> {
        let quote = self.peek().filter(|b| matches!(b, b'\'' | b'"')).ok_or_else(Self::malformed)?;
        self.rest = &self.rest[1..];
        let text = self.take_while(|b| b != quote)?;
        self.expect(quote)?;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool> {
        self.peek();
        match self.take_while(|b| b.is_ascii_alphabetic())? {
            "True" => Ok(true),
            "False" => Ok(false),
            _ => Err(Self::malformed()),
        }
    }

    fn tuple(&mut self) -> Result<Vec<usize>> {
        self.expect(b'(')?;
        let mut numbers = Vec::new();
        while !self.accept(b')') {
            self.peek();
            numbers.push(self.take_while(|b| b.is_ascii_digit())?.parse().map_err(|_| Self::malformed())?);
            self.accept(b'L'); // Python 2 wrote long integers so
            if !self.accept(b',') && self.peek() != Some(b')') {
                return Err(Self::malformed());
            }
        }
        Ok(numbers)
    }
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
