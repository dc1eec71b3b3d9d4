//! Folders that a run makes for its files.

use std::io;
use std::path::{Path, PathBuf};

/// A folder that is there. Dropping it removes it if it was made here and has stayed empty.
#[derive(Debug)]
pub struct Made {
    /// None if it was there before.
    path: Option<PathBuf>,
}

impl Made {
    /// Makes a folder unless there is one.
    ///
    /// # Errors
    /// If it can't be made, or the name is that of something else.
    pub fn folder(path: &Path) -> io::Result<Self> {
        match std::fs::create_dir(path) {
            Ok(()) => Ok(Self { path: Some(path.into()) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
                Ok(Self { path: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Its name, if it was made here.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // One that has something in it stays.
        let _ = self.path.take().map(std::fs::remove_dir);
    }
}
