//! Writing an `.npz` archive as a stream: a zip file whose entries are `.npy` files, not compressed.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::args::NumberType;
use super::npy;

/// Numbers that are encoded at once.
const BLOCK: usize = 1 << 13;

/// An archive under construction. Dropping it before [`NpzWriter::finish`] abandons it.
pub struct NpzWriter {
    zip: Option<ZipWriter<BufWriter<File>>>,
    dtype: NumberType,
    /// Numbers that the current array still lacks.
    lacking: usize,
    block: Vec<u8>,
}

impl NpzWriter {
    /// Begins an archive whose arrays of numbers have this type.
    pub fn new(file: File, dtype: NumberType) -> Self {
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 20, file));
        Self { zip: Some(zip), dtype, lacking: 0, block: Vec::new() }
    }

    /// Begins an array of numbers; [`Self::numbers`] fills it.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        self.entry(
            name,
            match self.dtype {
                NumberType::F32 => "<f4",
                NumberType::F64 => "<f8",
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
            match self.dtype {
                NumberType::F64 => self.block.extend(values.iter().flat_map(|x| x.to_le_bytes())),
                NumberType::F32 => {
                    if let Some(x) = values.iter().find(|x| x.is_finite() && !(**x as f32).is_finite()) {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            format!("the number {x:e} is too large for f32: use --dtype f64"),
                        ));
                    }
                    self.block.extend(values.iter().flat_map(|&x| (x as f32).to_le_bytes()));
                }
            }
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
        self.lacking -= values.len().min(self.lacking);
        self.zip.as_mut().map_or(Ok(()), |zip| zip.write_all(values))
    }

    /// Completes the archive and makes sure that it is on the disk; returns its size.
    pub fn finish(mut self) -> io::Result<u64> {
        self.check_complete()?;
        let Some(zip) = self.zip.take() else { return Ok(0) };
        let file = zip.finish()?.into_inner()?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }

    fn entry(&mut self, name: &str, descr: &str, shape: &[usize]) -> io::Result<()> {
        self.check_complete()?;
        // Room for sizes beyond 4 GiB in every entry: they are not known before.
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        if let Some(zip) = &mut self.zip {
            zip.start_file(format!("{name}.npy"), options)?;
            zip.write_all(&npy::header(descr, shape))?;
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

impl Drop for NpzWriter {
    fn drop(&mut self) {
        // `ZipWriter` completes the archive when dropped; after a full disk it would complain on stderr, or panic. The
        // file goes with the process, which has nothing left to do.
        std::mem::forget(self.zip.take());
    }
}
