//! Files that exist only when complete: written under another name in the same folder, then renamed.
//!
//! A failure, a panic or Ctrl-C removes what was begun.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tempfile::TempPath;

use super::text;

/// What an interruption has to remove. The lock is held while files come and go, so that an interruption finds
/// either all or none of them.
static BEGUN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Exit code after Ctrl-C: 128 + SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

fn begun() -> MutexGuard<'static, Vec<PathBuf>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file under construction.
pub struct Temporary {
    path: TempPath,
    target: PathBuf,
}

impl Temporary {
    /// Begins a file that will get the name `target`.
    pub fn create(target: &Path) -> io::Result<(Self, File)> {
        watch();
        let folder = folder(target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut all = begun();
        let prefix = format!(".{name}.");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            // As any other new file: what the user's umask allows, not for the owner alone.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let (file, path) = builder.tempfile_in(folder)?.into_parts();
        all.push(path.to_path_buf());
        Ok((Self { path, target: target.into() }, file))
    }

    /// Gives complete files their names: all of them or none.
    pub fn commit(files: impl IntoIterator<Item = Self>) -> io::Result<()> {
        let mut all = begun();
        let mut done: Vec<PathBuf> = Vec::new();
        for file in files {
            let (path, target) = (file.path, file.target);
            all.retain(|begun| *begun != *path);
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

/// From now on, Ctrl-C (and a request to terminate) removes what was begun.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Under nohup the run is meant to outlive its terminal; the handler would undo that.
        if hangup_is_ignored() {
            return;
        }
        // If it can't be installed, an interruption leaves a hidden .part file: no reason not to compute.
        let _ = ctrlc::set_handler(|| {
            let mut all = begun();
            text::complain(if all.is_empty() {
                "\nerror: interrupted\n"
            } else {
                "\nerror: interrupted; nothing was written\n"
            });
            for path in all.drain(..) {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(INTERRUPTED);
        });
    });
}

/// Whether SIGHUP (signal 1) is ignored; asked of Linux, assumed not elsewhere.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}
