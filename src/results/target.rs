//! Where results go: RESULT.npz, and RESULT.json beside it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Format, Result};

/// The two files of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The arrays.
    pub npz: PathBuf,
    /// What is known about them.
    pub json: PathBuf,
}

impl Target {
    /// The archive of this name, and the record beside it.
    ///
    /// # Errors
    /// If the name doesn't end in `.npz`.
    pub fn new(npz: &Path) -> Result<Self> {
        if !npz.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz")) {
            let cause = "the result is an .npz archive, its name has to end in .npz".into();
            return Err(Error::Format { format: Format::Numpy, path: Some(npz.into()), cause });
        }
        Ok(Self { json: npz.with_extension("json"), npz: npz.into() })
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
        for wrong in ["a", "a.onnx", ".npz", "a/", "/"] {
            assert!(json(wrong).is_err(), "{wrong}");
        }
    }
}
