//! Several files of one run: begun before the work, given their names together when all are complete.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use hope::picture::{Figure, Format};
use hope::temporary::{Temporary, folder};

use super::{interrupt, targets};

/// `MODEL.what.ending` in the current folder.
pub fn beside_model(model: &Path, what: &str) -> PathBuf {
    let mut name = model.file_stem().map_or_else(|| OsString::from("model"), OsString::from);
    name.push(format!(".{what}"));
    name.into()
}

/// Files under construction.
pub struct Files(Vec<Begun>);

struct Begun {
    target: PathBuf,
    temporary: Temporary,
    file: Option<File>,
}

impl Files {
    /// Begins files under temporary names.
    ///
    /// # Errors
    /// As [`targets::check`], or if a folder takes no files.
    pub fn begin<'a>(targets: impl IntoIterator<Item = &'a Path>, inputs: &[&Path]) -> Result<Self> {
        let results: Vec<&Path> = targets.into_iter().collect();
        targets::check(&results, inputs)?;
        let begin = |target: &Path| {
            let (temporary, file) = interrupt::begin(target).map_err(|error| cannot_begin(target, &error))?;
            Ok(Begun { target: target.into(), temporary, file: Some(file) })
        };
        results.into_iter().map(begin).collect::<Result<_>>().map(Self)
    }

    /// Hands out a file, once.
    ///
    /// # Errors
    /// If it was not begun, or is taken.
    pub fn take(&mut self, target: &Path) -> Result<File> {
        let begun = self.0.iter_mut().find(|begun| begun.target == target);
        begun.and_then(|begun| begun.file.take()).ok_or_else(|| anyhow!("{} is taken", target.display()))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn write(&mut self, target: &Path, bytes: &[u8]) -> Result<()> {
        self.write_with(target, |mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
    }

    /// Has a file written.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn write_with(&mut self, target: &Path, write: impl FnOnce(File) -> io::Result<()>) -> Result<()> {
        let file = self.take(target)?;
        write(file)
            .map_err(|error| anyhow!("cannot write {}: {error}; nothing was written", target.display()))
    }

    /// Writes a figure to all these files, each in the format of its name.
    ///
    /// # Errors
    /// If it can't be drawn, or the disk is full.
    pub fn draw<'a>(&mut self, figure: &Figure, targets: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        targets.into_iter().try_for_each(|target| self.write(target, &figure.bytes(Format::of(target)?)?))
    }

    /// Gives all files their names.
    ///
    /// # Errors
    /// If one can't be renamed; then none exists.
    pub fn commit(self) -> Result<()> {
        interrupt::commit(self.0.into_iter().map(|begun| begun.temporary).collect())
            .map_err(|error| anyhow!("cannot write the results: {error}; nothing was written"))
    }
}

fn cannot_begin(target: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::InvalidFilename => anyhow!("cannot write {}: {error}", target.display()),
        _ => anyhow!("cannot write into the folder {}: {error}", folder(target).display()),
    }
}

/// Checks that the name of a result ends as its format asks for.
///
/// # Errors
/// If not; the message names the option.
pub fn check_ending(option: &str, target: &Path, ending: &str) -> Result<()> {
    if target.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending)) {
        return Ok(());
    }
    bail!("{option} {}: its name has to end in .{ending}", target.display())
}

/// Checks that names of pictures end as pictures do.
///
/// # Errors
/// If one ends in neither `.svg` nor `.png`.
pub fn check_pictures(targets: &[PathBuf]) -> Result<()> {
    targets.iter().try_for_each(|target| Ok(Format::of(target).map(drop)?))
}

/// `a.svg and a.png`.
pub fn names(targets: &[PathBuf]) -> String {
    targets.iter().map(|t| t.display().to_string()).collect::<Vec<_>>().join(" and ")
}
