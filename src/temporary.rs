//! Files that exist only when complete: written under another name in the same folder, then renamed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// A file under construction. Dropping it removes what was begun.
#[derive(Debug)]
pub struct Temporary {
    path: TempPath,
    target: PathBuf,
}

impl Temporary {
    /// Begins a file that will get the name `target`.
    ///
    /// # Errors
    /// If the folder takes no files.
    pub fn create(target: &Path) -> io::Result<(Self, File)> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            // As any other new file: what the user's umask allows, not for the owner alone.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let (file, path) = builder.tempfile_in(folder(target))?.into_parts();
        Ok((Self { path, target: target.into() }, file))
    }

    /// Its name while it is under construction.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives complete files their names: all of them or none.
    ///
    /// # Errors
    /// If one can't be renamed.
    pub fn commit(files: impl IntoIterator<Item = Self>) -> io::Result<()> {
        let mut done: Vec<PathBuf> = Vec::new();
        for Self { path, target } in files {
            if let Err(error) = path.persist(&target) {
                done.iter().for_each(|path| drop(std::fs::remove_file(path)));
                return Err(error.error);
            }
            done.push(target);
        }
        Ok(())
    }
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
