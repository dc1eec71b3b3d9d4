//! The header of the `.npy` format: reading it, writing it, and the types of numbers it names.

use std::io::Read;

use super::wrong;
use crate::error::{Error, Result};

/// Longest header that is read: numpy's own are some hundred bytes.
const MAX_HEADER: usize = 1 << 16;

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
pub(super) fn shape_tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// What a header says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// The type of the elements, such as `<f8`.
    pub descr: String,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Element {
    kind: Kind,
    pub size: usize,
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
    pub fn from_descr(descr: &str) -> Result<Self> {
        let refused = || {
            wrong(format!(
                "holds numbers of the type '{descr}': save real numbers, such as array.astype(\"f8\")"
            ))
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

    pub fn decode(self, bytes: &[u8]) -> f64 {
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
pub(super) fn read_header(file: &mut impl Read) -> Result<(Header, usize)> {
    let no_npy = |_| wrong("is no .npy file: save the array with numpy.save");
    let mut magic = [0; 8];
    file.read_exact(&mut magic[..2]).map_err(no_npy)?;
    if &magic[..2] == b"PK" {
        return Err(wrong("is an .npz archive: save the one array with numpy.save"));
    }
    file.read_exact(&mut magic[2..]).map_err(no_npy)?;
    if &magic[..6] != b"\x93NUMPY" {
        return Err(wrong("is no .npy file: save the array with numpy.save"));
    }
    let length_bytes = match magic[6] {
        1 => 2,
        2 | 3 => 4,
        version => {
            return Err(wrong(format!("has version {version} of the .npy format; 1 to 3 can be read")));
        }
    };
    let broken = |_| wrong("its .npy header is cut short");
    let mut length = [0; 4];
    file.read_exact(&mut length[..length_bytes]).map_err(broken)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(wrong(format!("its .npy header claims {length} bytes, which no array of numbers needs")));
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
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.accept(b'}') {
            let key = self.quoted()?;
            self.expect(b':')?;
            match key {
                "descr" => {
                    if self.peek() == Some(b'[') {
                        return Err(wrong("holds records with fields: save one array of real numbers"));
                    }
                    descr = Some(self.quoted()?.to_string());
                }
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.tuple()?),
                _ => return Err(Self::malformed()),
            }
            if !self.accept(b',') && self.peek() != Some(b'}') {
                return Err(Self::malformed());
            }
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header { descr, fortran_order, shape }),
            _ => Err(Self::malformed()),
        }
    }

    fn malformed() -> Error {
        wrong("its .npy header is malformed")
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
