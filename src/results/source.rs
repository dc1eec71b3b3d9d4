//! The file that a model came from.

use std::fmt::Write as _;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::regular_file::RegularFile;

/// A model's file and its hash: they say which network a result belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// The file, as it was named.
    pub path: PathBuf,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

impl ModelFile {
    /// Reads a file and hashes it.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |reason| Error::Read { path: path.into(), reason };
        let mut file = BufReader::new(RegularFile::open(path).map_err(failed)?.bytes());
        let mut hash = Sha256::new();
        let mut block = vec![0; 1 << 20];
        loop {
            match file.read(&mut block).map_err(failed)? {
                0 => break,
                n => hash.update(&block[..n]),
            }
        }
        let sha256 = hex(&hash.finalize());
        Ok(Self { path: path.into(), sha256 })
    }
}

/// Bytes in hexadecimal, as hashes are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
