//! A folder with NAME.npy for each array: `numpy.load("RESULT/unmixed.npy", mmap_mode="r")` reads no more than is looked at.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::numbers::Numbers;
use crate::error::{Error, Result};
use crate::npy::{self, Array, header};
use crate::scalar::Precision;

/// Arrays under construction, in a file each.
#[derive(Debug)]
pub struct FolderWriter {
    /// Those that haven't been begun.
    files: Vec<(PathBuf, File)>,
    dtype: Precision,
    current: Option<Numbers>,
    bytes: u64,
}

impl FolderWriter {
    /// Arrays go to the files of their names, with the ending .npy.
    pub fn new(files: Vec<(PathBuf, File)>, dtype: Precision) -> Self {
        Self { files, dtype, current: None, bytes: 0 }
    }

    /// Begins an array of numbers.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        let descr = match self.dtype {
            Precision::F32 => "<f4",
            Precision::F64 => "<f8",
        };
        self.entry(name, descr, shape).map(drop)
    }

    /// Appends to the current array.
    pub fn numbers(&mut self, values: &[f64]) -> io::Result<()> {
        let dtype = self.dtype;
        self.current.as_mut().map_or(Ok(()), |current| current.push(dtype, values))
    }

    /// Adds an array of small whole numbers.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) -> io::Result<()> {
        self.entry(name, "|u1", shape)?.bytes(values)
    }

    /// Makes sure that all is on the disk; returns its size.
    pub fn finish(mut self) -> io::Result<u64> {
        self.close()?;
        Ok(self.bytes)
    }

    fn entry(&mut self, name: &str, descr: &str, shape: &[usize]) -> io::Result<&mut Numbers> {
        self.close()?;
        let is_it = |path: &Path| path.file_stem().is_some_and(|stem| stem == name);
        let found = self.files.iter().position(|(path, _)| is_it(path));
        let found = found.ok_or_else(|| io::Error::other(format!("the array '{name}' has no file")))?;
        let mut numbers = Numbers::new(self.files.swap_remove(found).1);
        numbers.header(&header(descr, shape))?;
        numbers.begin(shape.iter().product())?;
        Ok(self.current.insert(numbers))
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(done) = self.current.take() else { return Ok(()) };
        let file = done.finish()?;
        file.sync_all()?;
        self.bytes += file.metadata()?.len();
        Ok(())
    }
}

/// A folder of arrays.
#[derive(Clone, Debug)]
pub struct FolderReader {
    path: PathBuf,
    names: Vec<String>,
}

impl FolderReader {
    /// Looks what arrays there are.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |reason| Error::Read { path: path.into(), reason };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(".npy")).map(String::from));
        }
        names.sort();
        Ok(Self { path: path.into(), names })
    }

    /// Names of the arrays.
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The shape of an array.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>> {
        npy::shape(&self.file(name))
    }

    /// Reads an array.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken.
    pub fn array(&self, name: &str) -> Result<Array> {
        npy::read(&self.file(name))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.npy"))
    }
}
