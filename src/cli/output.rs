//! Where the results go: RESULT.npz, and RESULT.json beside it.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::cli::temporary::{Temporary, folder};

/// The two files of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The arrays.
    pub npz: PathBuf,
    /// What is known about them.
    pub json: PathBuf,
}

impl Target {
    /// The files that the user asked for, or `MODEL.expansion.npz` in the current folder.
    ///
    /// # Errors
    /// If the name doesn't end in `.npz`.
    pub fn new(out: Option<&Path>, model: &Path) -> Result<Self> {
        let npz = match out {
            Some(out) => out.to_path_buf(),
            None => {
                let mut name = model.file_stem().map_or_else(|| OsString::from("model"), OsString::from);
                name.push(".expansion.npz");
                name.into()
            }
        };
        if !npz.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz")) {
            bail!("--out {}: the result is an .npz archive, its name has to end in .npz", npz.display());
        }
        Ok(Self { json: npz.with_extension("json"), npz })
    }

    /// Begins both files, under temporary names.
    ///
    /// # Errors
    /// If the folder takes no files, or a target is something else than a file.
    pub fn begin(&self) -> Result<Files> {
        for target in [&self.npz, &self.json] {
            if target.exists() && !target.is_file() {
                bail!("cannot write {}: it exists and is not a file", target.display());
            }
        }
        let refused =
            |error| anyhow!("cannot write into the folder {}: {error}", folder(&self.npz).display());
        let (npz, npz_file) = Temporary::create(&self.npz).map_err(refused)?;
        let (json, json_file) = Temporary::create(&self.json).map_err(refused)?;
        Ok(Files { npz, npz_file: Some(npz_file), json, json_file })
    }
}

/// Both files under construction.
pub struct Files {
    npz: Temporary,
    npz_file: Option<File>,
    json: Temporary,
    json_file: File,
}

impl Files {
    /// Hands out the archive's file, once.
    pub fn archive(&mut self) -> Result<File> {
        self.npz_file.take().ok_or_else(|| anyhow!("the archive's file is taken"))
    }

    /// Writes the record and gives both files their names.
    ///
    /// # Errors
    /// If the disk is full or a file can't be renamed; then neither exists.
    pub fn finish(mut self, target: &Target, record: &str) -> Result<()> {
        let cannot =
            |path: &Path, error| anyhow!("cannot write {}: {error}; nothing was written", path.display());
        let written = self.json_file.write_all(record.as_bytes()).and_then(|()| self.json_file.sync_all());
        written.map_err(|error| cannot(&target.json, error))?;
        drop(self.json_file);
        Temporary::commit([self.npz, self.json]).map_err(|error| cannot(&target.npz, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_results() -> Result<()> {
        let target = |out: Option<&str>| Target::new(out.map(Path::new), Path::new("some/net.v2.onnx"));
        assert_eq!(target(None)?.npz, Path::new("net.v2.expansion.npz"));
        assert_eq!(target(None)?.json, Path::new("net.v2.expansion.json"));
        assert_eq!(target(Some("a/b.npz"))?.json, Path::new("a/b.json"));
        for wrong in ["a", "a.onnx", ".npz", "a/", "/"] {
            assert!(target(Some(wrong)).is_err(), "{wrong}");
        }
        Ok(())
    }
}
