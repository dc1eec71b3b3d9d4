//! One file as the result of a command: begun before anything is computed, there only when complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::temporary::{Temporary, folder};

/// A file under construction.
pub struct Output {
    temporary: Temporary,
    file: File,
    path: PathBuf,
}

impl Output {
    /// Begins the file, under a temporary name.
    ///
    /// # Errors
    /// If the folder takes no files, or the target is something else than a file.
    pub fn begin(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_file() {
            bail!("cannot write {}: it exists and is not a file", path.display());
        }
        let (temporary, file) = Temporary::create(path)
            .map_err(|error| anyhow!("cannot write into the folder {}: {error}", folder(path).display()))?;
        Ok(Self { temporary, file, path: path.into() })
    }

    /// Writes the file and gives it its name.
    ///
    /// # Errors
    /// If the disk is full or the file can't be renamed; then nothing is left.
    pub fn finish(self, write: impl FnOnce(File) -> io::Result<()>) -> Result<()> {
        let Self { temporary, file, path } = self;
        let written = write(file).and_then(|()| Temporary::commit([temporary]));
        written.map_err(|error| anyhow!("cannot write {}: {error}; nothing was written", path.display()))
    }
}
