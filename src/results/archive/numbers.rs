//! The numbers of one array, as a stream of bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::npy::encode;
use crate::scalar::Precision;

/// Numbers that are encoded at once.
const BLOCK: usize = 1 << 13;

/// A file that gets arrays, and how many numbers the current one still lacks.
#[derive(Debug)]
pub(super) struct Numbers {
    file: BufWriter<File>,
    lacking: usize,
    block: Vec<u8>,
}

impl Numbers {
    pub fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(1 << 20, file), lacking: 0, block: Vec::new() }
    }

    /// What stands before the numbers.
    pub fn header(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Begins an array of so many numbers.
    pub fn begin(&mut self, count: usize) -> io::Result<()> {
        self.check_complete()?;
        self.lacking = count;
        Ok(())
    }

    pub fn push(&mut self, dtype: Precision, values: &[f64]) -> io::Result<()> {
        self.take(values.len())?;
        for values in values.chunks(BLOCK) {
            self.block.clear();
            encode(dtype, values, &mut self.block)?;
            self.file.write_all(&self.block)?;
        }
        Ok(())
    }

    pub fn bytes(&mut self, values: &[u8]) -> io::Result<()> {
        self.take(values.len())?;
        self.file.write_all(values)
    }

    /// The file, when all is written.
    pub fn finish(self) -> io::Result<File> {
        self.check_complete()?;
        Ok(self.file.into_inner()?)
    }

    fn take(&mut self, count: usize) -> io::Result<()> {
        let left = self.lacking.checked_sub(count);
        self.lacking =
            left.ok_or_else(|| io::Error::other("an array gets more numbers than its shape has"))?;
        Ok(())
    }

    fn check_complete(&self) -> io::Result<()> {
        match self.lacking {
            0 => Ok(()),
            n => Err(io::Error::other(format!("an array lacks {n} numbers"))),
        }
    }
}
