//! Files that exist only when complete: written beside their targets under names of their own, then renamed.
//!
//! Files of one set get their names together or not at all ([`Temporary::commit`]): whoever gives names holds the folder (`lock`), so two
//! sets for the same names come one after the other, and the last is there as a whole. What had the name before stays aside until the last name is given, and
//! comes back if one can't be.
//!
//! Their own names, `.hope-PROCESS-NUMBER.part`, are short whatever the target's name is, and tell whose they are: what killed processes have left is
//! removed when the next file is begun in the same folder (`leftovers`).

mod leftovers;
mod lock;
mod made;
mod paths;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use leftovers::Kind;
use lock::Held;

pub use made::Made;

pub use paths::{folder, resolved, same_file};

/// A file under construction. Dropping it removes what was begun.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    /// Symbolic links followed.
    target: PathBuf,
    /// Locked as long as it is under construction: that is how others know that somebody is at it, whatever processes they can see.
    file: File,
}

impl Temporary {
    /// Begins a file that will get the name `target`, or the name that `target` is a symbolic link to.
    ///
    /// # Errors
    /// If the folder takes no files, or the name can be none.
    pub fn create(target: &Path) -> io::Result<(Self, File)> {
        let target = resolved(target)?;
        let folder = folder(&target);
        let held = Held::take(folder)?;
        leftovers::sweep(folder, &held);
        // Open for reading, too: archives are written at several places.
        let (path, file) = fresh(folder, Kind::Part, |path| {
            OpenOptions::new().read(true).write(true).create_new(true).open(path)
        })?;
        // From here on it is removed if anything fails.
        let lasting = file.try_clone();
        let temporary = Self { path, target, file };
        leftovers::mark(&temporary.file);
        Ok((temporary, lasting?))
    }

    /// Its name while it is under construction.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until no other run gives names in these files' folders. Then they can be given theirs.
    ///
    /// # Errors
    /// If another run doesn't come to an end with it.
    pub fn ready(files: impl IntoIterator<Item = Self>) -> io::Result<Ready> {
        let files: Vec<Self> = files.into_iter().collect();
        // In the same order everywhere, so that two sets never wait for each other.
        let folders: BTreeSet<&Path> = files.iter().map(|file| folder(&file.target)).collect();
        let held = folders.into_iter().map(Held::take).collect::<io::Result<_>>()?;
        Ok(Ready { files, obsolete: Vec::new(), _held: held })
    }

    /// Gives complete files their names: all of them or none; then what was there before remains.
    ///
    /// # Errors
    /// If one can't be renamed.
    pub fn commit(files: impl IntoIterator<Item = Self>) -> io::Result<()> {
        Self::ready(files)?.commit()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Of one that has its target's name nothing is left here.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Has a file written, and gives it its name.
///
/// # Errors
/// If it can't be written or renamed; then what was there before remains.
pub fn write(target: &Path, write: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    let (temporary, file) = Temporary::create(target)?;
    write(file)?;
    Temporary::commit([temporary])
}

/// Complete files whose folders are held.
#[derive(Debug)]
pub struct Ready {
    files: Vec<Temporary>,
    /// What goes when they come.
    obsolete: Vec<PathBuf>,
    _held: Vec<Held>,
}

impl Ready {
    /// Other files in the same folders that don't go with these: they are removed when these get their names.
    pub fn without(self, obsolete: Vec<PathBuf>) -> Self {
        Self { obsolete, ..self }
    }

    /// Gives the files their names: all of them or none.
    ///
    /// # Errors
    /// If one can't be renamed.
    pub fn commit(self) -> io::Result<()> {
        let mut renamed: Vec<Renamed> = Vec::new();
        let gone = self.obsolete.iter().map(|path| Renamed::away(path));
        // The first last: where it is, its companions are.
        for result in gone.chain(self.files.iter().rev().map(Renamed::new)) {
            match result {
                Ok(one) => renamed.push(one),
                Err(error) => {
                    renamed.into_iter().rev().for_each(Renamed::undo);
                    return Err(error);
                }
            }
        }
        renamed.into_iter().for_each(Renamed::keep);
        Ok(())
    }
}

/// A file that has got its name.
struct Renamed<'a> {
    target: &'a Path,
    /// Where the file is that had the name before.
    earlier: Option<PathBuf>,
}

impl<'a> Renamed<'a> {
    fn new(Temporary { path, target, .. }: &'a Temporary) -> io::Result<Self> {
        let renamed = Self { target, earlier: aside(target)? };
        match std::fs::rename(path, target) {
            Ok(()) => Ok(renamed),
            Err(error) => {
                renamed.restore();
                Err(error)
            }
        }
    }

    /// A file that has lost its name.
    fn away(target: &'a Path) -> io::Result<Self> {
        let renamed = Self { target, earlier: aside(target)? };
        match std::fs::remove_file(target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                renamed.restore();
                Err(error)
            }
            _ => Ok(renamed),
        }
    }

    fn keep(self) {
        if let Some(earlier) = &self.earlier {
            let _ = std::fs::remove_file(earlier);
        }
    }

    fn undo(self) {
        if self.earlier.is_none() {
            let _ = std::fs::remove_file(self.target);
        }
        self.restore();
    }

    /// Gives the name back.
    fn restore(&self) {
        if let Some(earlier) = &self.earlier {
            let _ = std::fs::rename(earlier, self.target);
            // Two names of the same file are left as they are.
            let _ = std::fs::remove_file(earlier);
        }
    }
}

/// Puts what has a name aside: under a second name, so that the first is never free, or by renaming where the disk can't.
fn aside(target: &Path) -> io::Result<Option<PathBuf>> {
    match std::fs::symlink_metadata(target) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(io::Error::other(format!("{} is not a file any more", target.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let (path, ()) = fresh(folder(target), Kind::Earlier, |path| match std::fs::hard_link(target, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // Renaming replaces what it finds: the name has to be free.
            File::create_new(path)?;
            std::fs::rename(target, path).inspect_err(|_| drop(std::fs::remove_file(path)))
        }
        done => done,
    })?;
    Ok(Some(path))
}

/// Makes something under the first free name of this process.
fn fresh<T>(
    folder: &Path,
    kind: Kind,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    for number in 0.. {
        let path = folder.join(kind.name(number));
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((path, made?)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests;
