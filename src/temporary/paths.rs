//! Which file a name means.

use std::io;
use std::path::{Path, PathBuf};

/// Symbolic links that lead to another before it is a circle, as in Linux.
const MOST_LINKS: usize = 40;

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The file that a name leads to, which need not exist: symbolic links are followed, and folders have one name only.
///
/// # Errors
/// If its folder doesn't exist, links go round in a circle, or the name can be none.
pub fn resolved(target: &Path) -> io::Result<PathBuf> {
    let mut path = target.to_path_buf();
    for _ in 0..MOST_LINKS {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path = folder(&path).join(std::fs::read_link(&path)?),
            Ok(_) => return path.canonicalize(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or(error)?;
                return Ok(folder(&path).canonicalize()?.join(name));
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its symbolic links go round in a circle"))
}

/// Whether two names mean the same file: by links of any kind, or because they will.
pub fn same_file(a: &Path, b: &Path) -> bool {
    let same_name = || matches!((resolved(a), resolved(b)), (Ok(a), Ok(b)) if a == b);
    identity(a).zip(identity(b)).is_some_and(|(a, b)| a == b) || same_name()
}

/// What the system knows a file by.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Elsewhere names have to do.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}
