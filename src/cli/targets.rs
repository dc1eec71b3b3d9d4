//! What a run reads and what it writes: looked at before the work begins, so that no result takes the place of something that it shouldn't.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use hope::regular_file::RegularFile;
use hope::temporary::same_file;

/// Files that are read without being named by an option: weights outside a model's file.
static READ_ALONG: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Notes that these files are read, too.
pub fn read_along(files: Vec<PathBuf>) {
    READ_ALONG.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
}

/// The files that are read besides the model's own.
pub fn read_files() -> Vec<PathBuf> {
    READ_ALONG.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Checks the names of results, when everything is read.
///
/// # Errors
/// If two are the same file, one is a file that is read, or something else than a file.
pub fn check(results: &[&Path], inputs: &[&Path]) -> Result<()> {
    let along = READ_ALONG.lock().unwrap_or_else(PoisonError::into_inner);
    let inputs: Vec<&Path> = inputs.iter().copied().chain(along.iter().map(PathBuf::as_path)).collect();
    for (i, result) in results.iter().enumerate() {
        let name = result.display();
        if let Some(other) = results[..i].iter().find(|other| same_file(other, result)) {
            // As they are written: equal paths may be.
            match other.as_os_str() == result.as_os_str() {
                true => bail!("{name} is named twice as a result"),
                false => bail!("{name} and {} are the same file: results need one each", other.display()),
            }
        }
        if let Some(&input) = inputs.iter().find(|input| input.is_file() && same_file(input, result)) {
            let same = if input == *result { String::new() } else { format!(" ({})", input.display()) };
            bail!("{name} is an input of this run{same}: choose another name for the result");
        }
        if result.exists() && !result.is_file() {
            bail!("cannot write {name}: it exists and is not a file");
        }
    }
    Ok(())
}

/// A file that comes along with a result, and that the user has not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// What is known about a result: JSON.
    Record,
    /// A picture in SVG or PNG.
    Picture,
}

/// Largest record that is looked at: those of this program have some kilobytes.
const LARGEST_RECORD: u64 = 64 << 20;

impl Companion {
    /// Checks that a companion takes the place of nothing but an earlier one.
    ///
    /// # Errors
    /// If there is a file of another kind.
    pub fn check(self, path: &Path, result: &Path) -> Result<()> {
        // What is no file at all is another error.
        let contents = path.metadata().is_ok_and(|found| found.is_file() && found.len() > 0);
        if !contents || self.is(path) {
            return Ok(());
        }
        let (what, path) = match self {
            Self::Record => ("record", path.display()),
            Self::Picture => ("picture", path.display()),
        };
        bail!(
            "{path} would be replaced by the {what} that belongs to {}, but it is no {what} of this program: choose another name for the result",
            result.display()
        );
    }

    fn is(self, path: &Path) -> bool {
        let Ok(file) = RegularFile::open(path) else { return false };
        match self {
            Self::Record => file.size <= LARGEST_RECORD && file.read().is_ok_and(|text| is_record(&text)),
            Self::Picture => {
                let mut start = Vec::new();
                let read =
                    std::io::Read::read_to_end(&mut std::io::Read::take(file.bytes(), 256), &mut start);
                let text = String::from_utf8_lossy(&start);
                let text = text.trim_start();
                read.is_ok()
                    && (start.starts_with(b"\x89PNG\r\n\x1a\n")
                        || text.starts_with("<svg")
                        || (text.starts_with("<?xml") && text.contains("<svg")))
            }
        }
    }
}

/// Records say which program has written them, and about which network.
fn is_record(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Record {
        version: String,
        #[serde(rename = "model")]
        _model: IgnoredAny,
    }
    serde_json::from_slice::<Record>(text).is_ok_and(|record| record.version.starts_with("hope "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_is_overwritten_and_no_result_named_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |name: &str| folder.path().join(name);
        let (a, b) = (name("a.png"), name("b.png"));
        std::fs::write(&a, "an image").expect("a file");
        std::fs::hard_link(&a, name("second.png")).expect("a link");
        let inside = name(".").join("a.png");
        let error = |results: &[&Path]| check(results, &[&inside]).expect_err("an error").to_string();
        for input in [&a, &inside, &name("second.png")] {
            assert!(error(&[input]).contains("is an input"));
        }
        assert!(error(&[&b, &b]).contains("twice"));
        assert!(error(&[&b, &name(".").join("b.png")]).contains("same file"));
        assert!(error(&[folder.path()]).contains("not a file"));
        assert!(check(&[&b], &[&inside, &name("none.npy"), Path::new("0.5,0.5")]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_what_they_lead_to() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let name = |name: &str| folder.path().join(name);
        std::fs::write(name("a"), "an input").expect("a file");
        for (link, to) in [("to_a", "a"), ("to_that", "to_a"), ("to_new", "new"), ("folder", ".")] {
            symlink(to, name(link)).expect("a link");
        }
        let a = name("a");
        for input in ["to_a", "to_that", "folder/a", "folder/folder/to_a"] {
            assert!(check(&[&name(input)], &[&a]).is_err(), "{input}");
        }
        assert!(check(&[&name("new"), &name("to_new")], &[]).is_err());
        assert!(check(&[&name("folder/new"), &name("new")], &[]).is_err());
        assert!(check(&[&name("new"), &name("newer")], &[&a]).is_ok());
    }

    #[test]
    fn companions_replace_their_kind_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.json");
        let check = |kind: Companion| kind.check(&path, Path::new("r.npz")).is_ok();
        assert!(check(Companion::Record) && check(Companion::Picture));
        for (text, record, picture) in [
            ("", true, true),
            (r#"{"model": "m.onnx", "exact": true, "version": "hope 0.1.0"}"#, true, false),
            (r#"{"format": "hope polynomial", "version": 1}"#, false, false),
            (r#"{"schema": "hope-bench", "hope": "0.1.0"}"#, false, false),
            (r#"{"model": "m.onnx", "version": "other 1.0"}"#, false, false),
            ("some notes", false, false),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\">", false, true),
            ("<?xml version=\"1.0\"?>\n<svg>", false, true),
        ] {
            std::fs::write(&path, text).expect("a file");
            assert_eq!((check(Companion::Record), check(Companion::Picture)), (record, picture), "{text}");
        }
    }
}
