//! Where results go: the arrays, and what is known about them.

use std::path::{Path, PathBuf};

use super::archive::ArchiveFormat;
use crate::error::{Error, Format, Result};

/// The record of a result that is a folder.
const RECORD: &str = "result.json";

/// Arrays that results may have: what else is in a folder isn't ours to replace.
const ARRAYS: [&str; 13] = [
    "points",
    "value",
    "unmixed",
    "along",
    "mixed",
    "gradient",
    "hessian",
    "operator",
    "operator_error",
    "kink",
    "directions",
    "inputs",
    "exponents",
];

/// The files of a result: RESULT.npz or RESULT.safetensors with RESULT.json beside it, or a folder with both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The arrays: a file, or a folder.
    pub archive: PathBuf,
    /// What is known about them.
    pub json: PathBuf,
    /// How the arrays are kept.
    pub format: ArchiveFormat,
}

impl Target {
    /// The archive of this name, and its record.
    ///
    /// # Errors
    /// If the name ends in neither `.npz` nor `.safetensors` nor a slash, or is a folder that holds something else.
    pub fn new(path: &Path) -> Result<Self> {
        let wrong = |cause: &str| {
            let cause = cause.into();
            Error::Format { format: Format::Numpy, path: Some(path.into()), cause }
        };
        let format = ArchiveFormat::of(path).ok_or_else(|| {
            wrong(
                "the name of a result has to end in .npz or .safetensors, or in / for a folder of .npy files",
            )
        })?;
        let json = match format {
            ArchiveFormat::Folder => path.join(RECORD),
            ArchiveFormat::Npz | ArchiveFormat::Safetensors => path.with_extension("json"),
        };
        let target = Self { archive: path.into(), json, format };
        match target.foreign() {
            None => Ok(target),
            Some(name) => Err(wrong(&format!(
                "the folder holds '{name}', which is no part of a result: choose another one"
            ))),
        }
    }

    /// The files of these arrays: one of each in a folder, else one for all.
    pub fn files<'a>(&self, arrays: impl IntoIterator<Item = &'a str>) -> Vec<PathBuf> {
        match self.format {
            ArchiveFormat::Folder => arrays.into_iter().map(|name| self.array(name)).collect(),
            ArchiveFormat::Npz | ArchiveFormat::Safetensors => vec![self.archive.clone()],
        }
    }

    /// Files of an earlier result in the same folder that one with these arrays doesn't replace.
    pub fn obsolete<'a>(&self, arrays: impl IntoIterator<Item = &'a str>) -> Vec<PathBuf> {
        let files = self.files(arrays);
        let earlier = match self.format {
            ArchiveFormat::Folder => ARRAYS.iter().map(|name| self.array(name)).collect(),
            ArchiveFormat::Npz | ArchiveFormat::Safetensors => Vec::new(),
        };
        earlier.into_iter().filter(|path| path.exists() && !files.contains(path)).collect()
    }

    /// The folder that all of them are in, if the result is one.
    pub fn folder(&self) -> Option<&Path> {
        (self.format == ArchiveFormat::Folder).then_some(&*self.archive)
    }

    fn array(&self, name: &str) -> PathBuf {
        self.archive.join(format!("{name}.npy"))
    }

    /// What the folder holds that is no part of a result, and not hidden.
    fn foreign(&self) -> Option<String> {
        if self.format != ArchiveFormat::Folder {
            return None;
        }
        let names = std::fs::read_dir(&self.archive).ok()?.flatten();
        let mut names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.find(|name| {
            let array = name.strip_suffix(".npy").is_some_and(|name| ARRAYS.contains(&name));
            !array && name != RECORD && !name.starts_with('.')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_results() {
        let json = |npz: &str| Target::new(Path::new(npz)).map(|target| target.json);
        assert_eq!(json("net.v2.expansion.npz").unwrap(), Path::new("net.v2.expansion.json"));
        assert_eq!(json("a/b.npz").unwrap(), Path::new("a/b.json"));
        assert_eq!(json("a/b.safetensors").unwrap(), Path::new("a/b.json"));
        for folder in ["a/", "a.npz/", "b/a.d/"] {
            assert_eq!(json(folder).unwrap(), Path::new(folder).join("result.json"));
        }
        for wrong in ["a", "a.onnx", ".npz", ".safetensors", "/", "a/.."] {
            assert!(json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn folders_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = || Target::new(folder.path());
        assert_eq!(target().unwrap().format, ArchiveFormat::Folder);
        for name in ["unmixed.npy", "exponents.npy", "result.json", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let obsolete = target().unwrap().obsolete(["points", "unmixed"]);
        assert_eq!(obsolete, [folder.path().join("exponents.npy")]);
        std::fs::write(folder.path().join("weights.npy"), "").unwrap();
        assert!(target().unwrap_err().to_string().contains("weights.npy"));
    }
}
