//! Ctrl-C removes the files that a run has begun.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use hope::temporary::Temporary;

use super::text;

/// What an interruption has to remove. The lock is held while files come and go, so that an interruption finds
/// either all or none of them.
static BEGUN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Exit code after Ctrl-C: 128 + SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;

fn begun() -> MutexGuard<'static, Vec<PathBuf>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a file that will get the name `target`, and that an interruption removes.
///
/// # Errors
/// If the folder takes no files.
pub fn begin(target: &Path) -> io::Result<(Temporary, File)> {
    watch();
    let mut all = begun();
    let (temporary, file) = Temporary::create(target)?;
    all.push(temporary.path().into());
    Ok((temporary, file))
}

/// Gives complete files their names: all of them or none.
///
/// # Errors
/// If one can't be renamed.
pub fn commit(files: Vec<Temporary>) -> io::Result<()> {
    let mut all = begun();
    all.retain(|begun| files.iter().all(|file| file.path() != begun));
    Temporary::commit(files)
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
