//! `.npz` archives: zip files whose entries are `.npy` files, stored as they are or deflated. Written as a stream.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Array, encode, header, read_from, read_header, read_texts, wrong};
use crate::error::{Error, Format, Result};
use crate::regular_file::RegularFile;
use crate::scalar::Precision;

/// How many times its archive's size a deflated array may have: a few bytes may claim to be gigabytes.
const MOST_INFLATED: u64 = 64;

/// Bytes that even the smallest archive may inflate to.
const FREELY_INFLATED: u64 = 8 << 20;

/// Numbers that are encoded at once.
const BLOCK: usize = 1 << 13;

/// An archive under construction. Dropping it before [`NpzWriter::finish`] abandons it.
#[derive(Debug)]
pub struct NpzWriter<W: Write + Seek = File> {
    zip: Option<ZipWriter<BufWriter<W>>>,
    dtype: Precision,
    method: CompressionMethod,
    /// Numbers that the current array still lacks.
    lacking: usize,
    block: Vec<u8>,
}

impl<W: Write + Seek> NpzWriter<W> {
    /// Begins an archive whose arrays of numbers have this type.
    pub fn new(file: W, dtype: impl Into<Precision>) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 20, file));
        let method = CompressionMethod::Stored;
        Self { zip: Some(zip), dtype: dtype.into(), method, lacking: 0, block: Vec::new() }
    }

    /// Deflates what comes, as `numpy.savez_compressed` does: zeros take no room, and everything takes longer.
    pub fn compressed(mut self) -> Self {
        self.method = CompressionMethod::Deflated;
        self
    }

    /// Begins an array of numbers; [`Self::numbers`] fills it.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        self.entry(
            name,
            match self.dtype {
                Precision::F32 => "<f4",
                Precision::F64 => "<f8",
            },
            shape,
        )
    }

    /// Appends to the current array.
    ///
    /// # Errors
    /// If the disk is full, or a number is too large for the archive's type.
    pub fn numbers(&mut self, values: &[f64]) -> io::Result<()> {
        self.lacking = self
            .lacking
            .checked_sub(values.len())
            .ok_or_else(|| io::Error::other("an array gets more numbers than its shape has"))?;
        let Some(zip) = &mut self.zip else { return Ok(()) };
        for values in values.chunks(BLOCK) {
            self.block.clear();
            encode(self.dtype, values, &mut self.block)?;
            zip.write_all(&self.block)?;
        }
        Ok(())
    }

    /// Adds an array of numbers.
    pub fn array(&mut self, name: &str, shape: &[usize], values: &[f64]) -> io::Result<()> {
        self.begin(name, shape)?;
        self.numbers(values)
    }

    /// Adds an array of small whole numbers.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) -> io::Result<()> {
        self.entry(name, "|u1", shape)?;
        self.raw(values.len(), values)
    }

    /// Adds a list of whole numbers.
    pub fn integers(&mut self, name: &str, values: &[u32]) -> io::Result<()> {
        self.entry(name, "<u4", &[values.len()])?;
        self.raw(values.len(), &values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// Adds a list of texts.
    pub fn texts<T: AsRef<str>>(&mut self, name: &str, texts: &[T]) -> io::Result<()> {
        let width = texts.iter().map(|text| text.as_ref().chars().count()).max().unwrap_or(0).max(1);
        self.entry(name, &format!("<U{width}"), &[texts.len()])?;
        let padded = |text: &T| -> Vec<u32> {
            text.as_ref().chars().map(u32::from).chain(std::iter::repeat(0)).take(width).collect()
        };
        self.raw(texts.len(), &texts.iter().flat_map(padded).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
    }

    /// Completes the archive, and returns what it is written to.
    pub fn into_inner(mut self) -> io::Result<W> {
        self.check_complete()?;
        let zip = self.zip.take().ok_or_else(|| io::Error::other("the archive is abandoned"))?;
        Ok(zip.finish()?.into_inner()?)
    }

    fn raw(&mut self, count: usize, bytes: &[u8]) -> io::Result<()> {
        self.lacking -= count.min(self.lacking);
        self.zip.as_mut().map_or(Ok(()), |zip| zip.write_all(bytes))
    }

    fn entry(&mut self, name: &str, descr: &str, shape: &[usize]) -> io::Result<()> {
        self.check_complete()?;
        // Room for sizes beyond 4 GiB in every entry: they are not known before.
        let options = SimpleFileOptions::default().compression_method(self.method).large_file(true);
        if let Some(zip) = &mut self.zip {
            zip.start_file(format!("{name}.npy"), options)?;
            zip.write_all(&header(descr, shape))?;
        }
        self.lacking = shape.iter().product();
        Ok(())
    }

    fn check_complete(&self) -> io::Result<()> {
        match self.lacking {
            0 => Ok(()),
            n => Err(io::Error::other(format!("an array lacks {n} numbers"))),
        }
    }
}

impl NpzWriter {
    /// Completes the archive and makes sure that it is on the disk; returns its size.
    pub fn finish(self) -> io::Result<u64> {
        let file = self.into_inner()?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}

impl<W: Write + Seek> Drop for NpzWriter<W> {
    fn drop(&mut self) {
        // `ZipWriter` completes the archive when dropped; after a full disk it would complain on stderr, or panic. The
        // file goes with the process, which has nothing left to do.
        std::mem::forget(self.zip.take());
    }
}

/// An archive to read arrays from.
#[derive(Debug)]
pub struct NpzReader<R> {
    zip: ZipArchive<R>,
    /// Bytes of the whole file: no array can have more.
    bytes: u64,
}

impl NpzReader<BufReader<File>> {
    /// Opens an archive.
    ///
    /// # Errors
    /// If the file can't be read or is no archive.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let failed = |reason| Error::Read { path: path.into(), reason };
        let RegularFile { file, .. } = RegularFile::open(path).map_err(failed)?;
        Self::new(BufReader::new(file)).map_err(|error| error.in_file(Format::Numpy, path))
    }
}

impl<R: Read + Seek> NpzReader<R> {
    /// Reads the archive's list of arrays.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(mut file: R) -> Result<Self> {
        let broken = |error: &dyn std::fmt::Display| wrong(format!("is no .npz archive: {error}"));
        let bytes = file.seek(io::SeekFrom::End(0)).map_err(|error| broken(&error))?;
        let zip = ZipArchive::new(file).map_err(|error| broken(&error))?;
        Ok(Self { zip, bytes })
    }

    /// Whether there is an array of this name.
    pub fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(&format!("{name}.npy")).is_some()
    }

    /// Names of the arrays.
    pub fn names(&self) -> Vec<String> {
        let names =
            self.zip.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()));
        names.collect()
    }

    /// The shape of an array.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken.
    pub fn shape(&mut self, name: &str) -> Result<Vec<usize>> {
        let named = |error: &dyn std::fmt::Display| wrong(format!("array '{name}': {error}"));
        let mut entry = self.zip.by_name(&format!("{name}.npy")).map_err(|error| named(&error))?;
        read_header(&mut entry).map(|(header, _)| header.shape).map_err(|error| named(&error))
    }

    /// Reads an array of numbers.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken, or no array of real numbers.
    pub fn array(&mut self, name: &str) -> Result<Array> {
        self.entry(name, |stream, bytes| read_from(stream, bytes))
    }

    /// Reads a list of texts.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken, or no list of texts.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        self.entry(name, |stream, bytes| read_texts(stream, bytes))
    }

    fn entry<T>(&mut self, name: &str, read: impl FnOnce(&mut dyn Read, u64) -> Result<T>) -> Result<T> {
        let named = |error: Error| wrong(format!("array '{name}': {error}"));
        let index = self
            .zip
            .index_for_name(&format!("{name}.npy"))
            .ok_or_else(|| wrong(format!("the archive has no array '{name}'")))?;
        let mut entry = self.zip.by_index(index).map_err(|error| named(wrong(error.to_string())))?;
        let bytes = match entry.compression() {
            CompressionMethod::Stored => entry.size().min(self.bytes),
            _ => {
                let most = self.bytes.saturating_mul(MOST_INFLATED).max(FREELY_INFLATED);
                if entry.size() > most {
                    let cause = format!(
                        "is deflated to less than a {MOST_INFLATED}th of its size: write the archive with numpy.savez"
                    );
                    return Err(named(wrong(cause)));
                }
                entry.size()
            }
        };
        let found = read(&mut entry, bytes).map_err(named)?;
        // Reading on to the end compares the checksum.
        match entry.read(&mut [0]) {
            Ok(0) => Ok(found),
            Ok(_) => Err(named(wrong("is longer than its shape says"))),
            Err(error) => Err(named(wrong(error.to_string()))),
        }
    }
}
