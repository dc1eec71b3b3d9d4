//! Several files of one run: begun before the work, given their names together when all are complete.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use hope::picture::{Figure, Format};
use hope::results::{ArchiveWriter, Encoding, Target};
use hope::temporary::{Made, Temporary, folder};

use super::targets::Companion;
use super::{interrupt, targets};

/// `MODEL.what.ending` in the current folder.
pub fn beside_model(model: &Path, what: &str) -> PathBuf {
    let mut name = model.file_stem().map_or_else(|| OsString::from("model"), OsString::from);
    name.push(format!(".{what}"));
    name.into()
}

/// Files under construction.
pub struct Files {
    begun: Vec<Begun>,
    /// A folder that was made for them: it goes after them.
    made: Option<Made>,
    obsolete: Vec<PathBuf>,
}

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
        let begun = results.into_iter().map(begin).collect::<Result<_>>()?;
        Ok(Self { begun, made: None, obsolete: Vec::new() })
    }

    /// Begins the files of a result with these arrays, and makes its folder if it is one.
    ///
    /// # Errors
    /// As [`Self::begin`], or if the record would take the place of something else.
    pub fn result(target: &Target, arrays: &[&str], inputs: &[&Path]) -> Result<Self> {
        Companion::Record.check(&target.json, &target.archive)?;
        let paths = target.files(arrays.iter().copied());
        let all: Vec<&Path> = paths.iter().chain([&target.json]).map(PathBuf::as_path).collect();
        let obsolete = target.obsolete(arrays.iter().copied());
        targets::check(
            &all.iter().copied().chain(obsolete.iter().map(PathBuf::as_path)).collect::<Vec<_>>(),
            inputs,
        )?;
        let made = match target.folder() {
            Some(folder) => Some(interrupt::make(folder).map_err(|error| cannot_make(folder, &error))?),
            None => None,
        };
        Ok(Self { made, obsolete, ..Self::begin(all, inputs)? })
    }

    /// Hands out the files of a result's arrays, to be written as an archive.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn archive(&mut self, target: &Target, arrays: &[&str], encoding: Encoding) -> Result<ArchiveWriter> {
        let paths = target.files(arrays.iter().copied()).into_iter();
        let files = paths.map(|path| Ok((path.clone(), self.take(&path)?))).collect::<Result<_>>()?;
        ArchiveWriter::new(target.format, files, encoding).map_err(|error| {
            anyhow!("cannot write {}: {error}; nothing was written", target.archive.display())
        })
    }

    /// Hands out a file, once.
    ///
    /// # Errors
    /// If it was not begun, or is taken.
    pub fn take(&mut self, target: &Path) -> Result<File> {
        let begun = self.begun.iter_mut().find(|begun| begun.target == target);
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
        let Self { begun, made: _made, obsolete } = self;
        interrupt::commit(begun.into_iter().map(|begun| begun.temporary).collect(), obsolete)
            .map_err(|error| anyhow!("cannot write the results: {error}; nothing was written"))
    }
}

fn cannot_make(folder: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow!("cannot write {}: it exists and is no folder", folder.display())
        }
        _ => anyhow!("cannot make the folder {}: {error}", folder.display()),
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
