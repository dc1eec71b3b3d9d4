//! The safetensors format: the length of a header (8 bytes), the header in JSON, the arrays one after the other, little-endian, without gaps.
//!
//! <https://github.com/huggingface/safetensors#format>. Its own crate writes arrays that are in memory, whole; results may be larger than that. So the header's
//! place is kept free, it may end in spaces, and gets what it says at the end; numbers begin at a multiple of every page's size.

use std::fs::File;
use std::io;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::numbers::Numbers;
use crate::error::{Error, Format, Result};
use crate::npy::{Array, numbers_from};
use crate::regular_file::RegularFile;
use crate::scalar::Precision;

/// Where the numbers begin.
const DATA: usize = 4096;

/// Largest header that is read.
const MAX_HEADER: u64 = 1 << 20;

/// An archive under construction.
#[derive(Debug)]
pub struct SafetensorsWriter {
    numbers: Numbers,
    dtype: Precision,
    header: Map<String, Value>,
    /// Where the next array begins, counted from the first.
    end: usize,
}

impl SafetensorsWriter {
    /// Begins an archive whose arrays of numbers have this type.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn new(file: File, dtype: Precision) -> io::Result<Self> {
        let mut numbers = Numbers::new(file);
        numbers.header(&[b' '; DATA])?;
        let version = concat!("hope ", env!("CARGO_PKG_VERSION"));
        let header = Map::from_iter([("__metadata__".into(), json!({ "format": "np", "version": version }))]);
        Ok(Self { numbers, dtype, header, end: 0 })
    }

    /// Begins an array of numbers.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        match self.dtype {
            Precision::F32 => self.entry(name, "F32", 4, shape),
            Precision::F64 => self.entry(name, "F64", 8, shape),
        }
    }

    /// Appends to the current array.
    pub fn numbers(&mut self, values: &[f64]) -> io::Result<()> {
        self.numbers.push(self.dtype, values)
    }

    /// Adds an array of small whole numbers.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) -> io::Result<()> {
        self.entry(name, "U8", 1, shape)?;
        self.numbers.bytes(values)
    }

    /// Writes the header and makes sure that all is on the disk; returns its size.
    pub fn finish(self) -> io::Result<u64> {
        let mut file = self.numbers.finish()?;
        let mut header = ((DATA - 8) as u64).to_le_bytes().to_vec();
        header.extend_from_slice(Value::Object(self.header).to_string().as_bytes());
        if header.len() > DATA {
            return Err(io::Error::other("there are too many arrays for the header"));
        }
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }

    fn entry(&mut self, name: &str, dtype: &str, size: usize, shape: &[usize]) -> io::Result<()> {
        let count = shape.iter().product::<usize>();
        self.numbers.begin(count)?;
        let end = self.end + size * count;
        let about = json!({ "dtype": dtype, "shape": shape, "data_offsets": [self.end, end] });
        self.header.insert(name.into(), about);
        self.end = end;
        Ok(())
    }
}

/// An array, as the header describes it.
#[derive(Clone, Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// An archive to read arrays from.
#[derive(Debug)]
pub struct SafetensorsReader {
    path: PathBuf,
    file: BufReader<File>,
    /// Names in the order of the arrays.
    entries: Vec<(String, Entry)>,
    /// Where the arrays begin, and where the file ends.
    data: u64,
    size: u64,
}

impl SafetensorsReader {
    /// Reads the header.
    ///
    /// # Errors
    /// If the file can't be read, or is no such archive.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |reason| Error::Read { path: path.into(), reason };
        let broken = |cause: String| wrong(path, format!("is no safetensors file: {cause}"));
        let RegularFile { file, size } = RegularFile::open(path).map_err(failed)?;
        let mut file = BufReader::new(file);
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|error| broken(error.to_string()))?;
        let length = u64::from_le_bytes(length);
        if length > MAX_HEADER || length > size - 8 {
            return Err(broken(format!("a header of {length} bytes is announced")));
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text).map_err(failed)?;
        let header: Map<String, Value> =
            serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        let mut entries = Vec::new();
        for (name, about) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
            let entry: Entry =
                serde_json::from_value(about).map_err(|error| broken(format!("'{name}': {error}")))?;
            entries.push((name, entry));
        }
        entries.sort_by_key(|(_, entry)| entry.data_offsets);
        Ok(Self { path: path.into(), file, entries, data: 8 + length, size })
    }

    /// Names of the arrays.
    pub fn names(&self) -> Vec<String> {
        self.entries.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The shape of an array.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>> {
        self.entry(name).map(|entry| entry.shape.clone())
    }

    /// Reads an array of numbers.
    ///
    /// # Errors
    /// If there is none of this name, it is broken, or of a type that results don't have.
    pub fn array(&mut self, name: &str) -> Result<Array> {
        let Entry { dtype, shape, data_offsets: [start, end] } = self.entry(name)?.clone();
        let broken = |cause: String| wrong(&self.path, format!("array '{name}': {cause}"));
        let descr = match dtype.as_str() {
            "F64" => "<f8",
            "F32" => "<f4",
            "U8" => "|u1",
            other => return Err(broken(format!("has the type {other}; results are of F64, F32 and U8"))),
        };
        let at = self.data.checked_add(start).filter(|_| start <= end);
        let inside = self.data.checked_add(end).is_some_and(|end| end <= self.size);
        let at = at.filter(|_| inside).ok_or_else(|| broken("lies outside of the file".into()))?;
        self.file.seek(SeekFrom::Start(at)).map_err(|error| broken(error.to_string()))?;
        let read = numbers_from(&mut self.file, descr, &shape, end - start);
        let values = read.map_err(|error| error.in_file(Format::Safetensors, &self.path))?;
        Ok(Array { shape, values })
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        let found = self.entries.iter().find(|(found, _)| found == name);
        found.map(|(_, entry)| entry).ok_or_else(|| wrong(&self.path, format!("has no array '{name}'")))
    }
}

fn wrong(path: &Path, cause: String) -> Error {
    Error::Format { format: Format::Safetensors, path: Some(path.into()), cause }
}
