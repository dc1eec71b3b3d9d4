//! Polynomials in files: JSON to read and to edit, npz for many terms. Version 1 of both:
//!
//! JSON, an object:
//!
//! | key | value |
//! |---|---|
//! | `format` | `"hope polynomial"` |
//! | `version` | `1` |
//! | `variables` | names, d of them |
//! | `centre` | d numbers |
//! | `frame` | `null` or absent, or `{"origin": [p numbers], "directions": [d rows of p numbers]}`: `x = origin + Σ t_i directions[i]` |
//! | `bound` | absent, or what is proved of the polynomial: `{"low": [d numbers], "high": [d numbers], "remainder": r}` |
//! | `terms` | `{"coefficient": c, "powers": [["x1", 2], ["x3", 1]]}` for each term, c other than 0 |
//!
//! npz, with T terms that have F factors in all:
//!
//! | array | shape | |
//! |---|---|---|
//! | `polynomial_version` | `[1]` u4 | 1 |
//! | `variables` | `[d]` text | names |
//! | `centre` | `[d]` f8 | |
//! | `coefficients` | `[T]` f8 | |
//! | `starts` | `[T + 1]` u4 | the factors of term i are `starts[i] .. starts[i + 1]` |
//! | `factor_variable`, `factor_power` | `[F]` u4 | position of the variable, its power |
//! | `origin`, `directions` | `[p]`, `[d, p]` f8 | both, with a frame only |
//! | `low`, `high`, `remainder` | `[d]`, `[d]`, `[1]` f8 | all, with a bound only |
//!
//! Readers believe nothing: sizes, names, positions, powers, finite numbers and doubles are checked.

mod json;
mod npz;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::terms::{Collector, Duplicates};
use super::{Frame, TaylorPolynomial};
use crate::error::{Error, Format, Result};
use crate::npy::NpzReader;
use crate::regular_file::RegularFile;
use crate::temporary;

use json::MAX_JSON;

/// The version of both formats.
pub const VERSION: u32 = 1;

impl TaylorPolynomial {
    /// Reads a polynomial from a file, by its name's ending: `.json` or `.npz`.
    ///
    /// # Errors
    /// If the file can't be read, or anything in it is wrong; the message names the file.
    pub fn load(path: &Path) -> Result<Self> {
        let named = |error: Error| error.in_file(Format::Polynomial, path);
        match FileKind::of(path)? {
            FileKind::Json => {
                let failed = |reason| Error::Read { path: path.into(), reason };
                let file = RegularFile::open(path).map_err(failed)?;
                let text = match file.size > MAX_JSON {
                    true => return Err(named(json::too_long())),
                    false => file.read().map_err(failed)?,
                };
                let text =
                    std::str::from_utf8(&text).map_err(|e| named(wrong(format!("is no JSON: {e}"))))?;
                Self::from_json(text).map_err(named)
            }
            FileKind::Npz => {
                let mut archive = NpzReader::open(path)?;
                Self::from_archive(&mut archive).map_err(named)
            }
        }
    }

    /// Writes the polynomial into a file by its name's ending: `.json` or `.npz`. It gets its name when it is complete, in the place of an earlier one.
    ///
    /// # Errors
    /// If the name ends otherwise, or the file can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let kind = FileKind::of(path)?;
        let written = temporary::write(path, |file| self.write(file, kind));
        written.map_err(|reason| Error::Write { path: path.into(), reason })
    }

    /// Writes the polynomial into a file, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// If the file takes no more, or the polynomial has too many terms for JSON.
    pub fn write(&self, mut file: File, kind: FileKind) -> io::Result<()> {
        match kind {
            FileKind::Json => {
                let text = self.to_json();
                if text.len() as u64 > MAX_JSON {
                    return Err(io::Error::other("the polynomial has too many terms for JSON: write .npz"));
                }
                file.write_all(text.as_bytes())?;
                file.sync_all()
            }
            FileKind::Npz => self.write_npz(file),
        }
    }

    /// The last step of both readers.
    fn read(
        variables: Vec<String>,
        centre: Vec<f64>,
        frame: Option<Frame>,
        collector: Collector,
    ) -> Result<Self> {
        if centre.len() != variables.len() {
            return Err(wrong(format!(
                "'centre' has {} numbers for {} variables",
                centre.len(),
                variables.len()
            )));
        }
        let polynomial = Self::collected(variables.into(), centre, None, collector, Duplicates::Refused)?;
        match frame {
            None => Ok(polynomial),
            Some(frame) => polynomial.with_frame(frame),
        }
    }
}

/// How a polynomial is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// To read and to edit.
    Json,
    /// For many terms.
    Npz,
}

impl FileKind {
    /// By the ending of a file's name.
    ///
    /// # Errors
    /// If it is neither `.json` nor `.npz`.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("json") => Ok(Self::Json),
            Some("npz") => Ok(Self::Npz),
            _ => Err(Error::Text {
                text: path.display().to_string(),
                cause: format!(
                    "{}: polynomials are in files whose names end in .json or .npz",
                    path.display()
                ),
            }),
        }
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::Format { format: Format::Polynomial, path: None, cause: message.into() }
}

fn no_polynomial() -> Error {
    wrong("is no polynomial of hope: make one with `hope polynomial … --out P.json`")
}

fn check_version(version: Option<u64>) -> Result<()> {
    match version {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => Err(wrong(format!(
            "is a polynomial of version {version}; this program reads version {VERSION}: is there a newer one?"
        ))),
        None => Err(wrong("has no version")),
    }
}

/// A power in a file.
fn power_of(power: Option<u64>, term: usize) -> Result<u8> {
    let power = power.and_then(|power| u8::try_from(power).ok()).filter(|&power| power > 0);
    power.ok_or_else(|| wrong(format!("term {term} has a power that is no whole number from 1 to 255")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new kind doesn't compile here; it belongs into the list below, too.
    fn ending(kind: FileKind) -> &'static str {
        match kind {
            FileKind::Json => "json",
            FileKind::Npz => "npz",
        }
    }

    #[test]
    fn every_kind_is_known_by_its_ending_and_read() {
        let polynomial =
            TaylorPolynomial::from_exponents(&[0.5, -1.0], &[3, 0, 1, 2], &[2.0, -0.25]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for kind in [FileKind::Json, FileKind::Npz] {
            let path = folder.path().join("p").with_extension(ending(kind));
            assert_eq!(FileKind::of(&path).unwrap(), kind);
            polynomial.save(&path).unwrap();
            assert_eq!(TaylorPolynomial::load(&path).unwrap(), polynomial, "{kind:?}");
        }
    }
}
