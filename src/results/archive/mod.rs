//! The files that hold a result's arrays, in each of their formats: written as a stream, read one array at a time.

mod folder;
mod numbers;
mod safetensors;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

pub use folder::{FolderReader, FolderWriter};
pub use safetensors::{SafetensorsReader, SafetensorsWriter};

use crate::error::Result;
use crate::npy::{Array, NpzReader, NpzWriter};
use crate::scalar::Precision;

/// How an archive holds its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Encoding {
    /// Their type.
    pub dtype: Precision,
    /// Whether they are deflated.
    pub compress: bool,
}

impl From<Precision> for Encoding {
    /// As they are.
    fn from(dtype: Precision) -> Self {
        Self { dtype, compress: false }
    }
}

/// How a result's arrays are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArchiveFormat {
    /// numpy's archive.
    Npz,
    /// A header in JSON, then the numbers: what many frameworks read, and map into memory.
    Safetensors,
    /// A folder with an `.npy` file for each array, to be mapped into memory.
    Folder,
}

impl ArchiveFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Npz, Self::Safetensors, Self::Folder];

    /// The format that a name asks for: by its ending, or by a slash behind it; what is a folder already stays one.
    pub fn of(path: &Path) -> Option<Self> {
        let ends = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let text = path.as_os_str().to_string_lossy();
        let slash = text.ends_with('/') || text.ends_with(MAIN_SEPARATOR);
        match path.file_name() {
            None => None,
            Some(_) if slash => Some(Self::Folder),
            Some(_) if ends("npz") => Some(Self::Npz),
            Some(_) if ends("safetensors") => Some(Self::Safetensors),
            Some(_) => path.is_dir().then_some(Self::Folder),
        }
    }

    /// How names end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Npz => ".npz",
            Self::Safetensors => ".safetensors",
            Self::Folder => "/",
        }
    }
}

/// Arrays under construction, one after the other. Dropping it before [`ArchiveWriter::finish`] abandons them.
#[derive(Debug)]
pub enum ArchiveWriter {
    /// See [`NpzWriter`].
    Npz(Box<NpzWriter>),
    /// See [`SafetensorsWriter`].
    Safetensors(SafetensorsWriter),
    /// See [`FolderWriter`].
    Folder(FolderWriter),
}

impl ArchiveWriter {
    /// Begins an archive in new files: one of each array for a folder, else only one.
    ///
    /// # Errors
    /// If there is no file, or the format can't be compressed.
    pub fn new(
        format: ArchiveFormat,
        mut files: Vec<(PathBuf, File)>,
        encoding: Encoding,
    ) -> io::Result<Self> {
        let Encoding { dtype, compress } = encoding;
        if compress && format != ArchiveFormat::Npz {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "only .npz archives are compressed"));
        }
        let mut only = || {
            files.pop().map(|(_, file)| file).ok_or_else(|| io::Error::other("there is no file to write to"))
        };
        Ok(match format {
            ArchiveFormat::Npz if compress => {
                Self::Npz(Box::new(NpzWriter::new(only()?, dtype).compressed()))
            }
            ArchiveFormat::Npz => Self::Npz(Box::new(NpzWriter::new(only()?, dtype))),
            ArchiveFormat::Safetensors => Self::Safetensors(SafetensorsWriter::new(only()?, dtype)?),
            ArchiveFormat::Folder => Self::Folder(FolderWriter::new(files, dtype)),
        })
    }

    /// Begins an array of numbers; [`Self::numbers`] fills it.
    ///
    /// # Errors
    /// If the disk is full, or the array before lacks numbers.
    pub fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        match self {
            Self::Npz(npz) => npz.begin(name, shape),
            Self::Safetensors(file) => file.begin(name, shape),
            Self::Folder(folder) => folder.begin(name, shape),
        }
    }

    /// Appends to the current array.
    ///
    /// # Errors
    /// If the disk is full, or a number is too large for the archive's type.
    pub fn numbers(&mut self, values: &[f64]) -> io::Result<()> {
        match self {
            Self::Npz(npz) => npz.numbers(values),
            Self::Safetensors(file) => file.numbers(values),
            Self::Folder(folder) => folder.numbers(values),
        }
    }

    /// Adds an array of numbers.
    ///
    /// # Errors
    /// As of its parts.
    pub fn array(&mut self, name: &str, shape: &[usize], values: &[f64]) -> io::Result<()> {
        self.begin(name, shape)?;
        self.numbers(values)
    }

    /// Adds an array of small whole numbers.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) -> io::Result<()> {
        match self {
            Self::Npz(npz) => npz.bytes(name, shape, values),
            Self::Safetensors(file) => file.bytes(name, shape, values),
            Self::Folder(folder) => folder.bytes(name, shape, values),
        }
    }

    /// Completes the archive and makes sure that it is on the disk; returns its size.
    ///
    /// # Errors
    /// If the disk is full, or an array lacks numbers.
    pub fn finish(self) -> io::Result<u64> {
        match self {
            Self::Npz(npz) => npz.finish(),
            Self::Safetensors(file) => file.finish(),
            Self::Folder(folder) => folder.finish(),
        }
    }
}

/// A result to read arrays from, whatever its format is.
#[derive(Debug)]
pub enum ArchiveReader {
    /// See [`NpzReader`].
    Npz(NpzReader<BufReader<File>>),
    /// See [`SafetensorsReader`].
    Safetensors(SafetensorsReader),
    /// See [`FolderReader`].
    Folder(FolderReader),
}

impl ArchiveReader {
    /// Opens a result.
    ///
    /// # Errors
    /// If it can't be read, or isn't what its name says.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(match ArchiveFormat::of(path) {
            Some(ArchiveFormat::Safetensors) => Self::Safetensors(SafetensorsReader::open(path)?),
            Some(ArchiveFormat::Folder) => Self::Folder(FolderReader::open(path)?),
            Some(ArchiveFormat::Npz) | None => Self::Npz(NpzReader::open(path)?),
        })
    }

    /// Names of the arrays.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Npz(npz) => npz.names(),
            Self::Safetensors(file) => file.names(),
            Self::Folder(folder) => folder.names(),
        }
    }

    /// The shape of an array.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken.
    pub fn shape(&mut self, name: &str) -> Result<Vec<usize>> {
        match self {
            Self::Npz(npz) => npz.shape(name),
            Self::Safetensors(file) => file.shape(name),
            Self::Folder(folder) => folder.shape(name),
        }
    }

    /// Reads an array of numbers.
    ///
    /// # Errors
    /// If there is none of this name, or it is broken.
    pub fn array(&mut self, name: &str) -> Result<Array> {
        match self {
            Self::Npz(npz) => npz.array(name),
            Self::Safetensors(file) => file.array(name),
            Self::Folder(folder) => folder.array(name),
        }
    }
}
