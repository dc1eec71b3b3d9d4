//! Folders that are held: by one run at a time, for the moments in which files come and go.
//!
//! A locked file of its own in the folder, since folders themselves are locked by users (`flock FOLDER hope …`). It goes with the lock: who gets the lock of a
//! file that has been removed meanwhile tries again. The system frees the lock of a killed process, and the next one removes its file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const NAME: &str = ".hope.lock";

/// How long to wait for others, who take a moment unless they are stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that nobody else gives names in.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    /// None where files can't be locked, as on some networks' disks: then names are given without.
    file: Option<File>,
}

impl Held {
    /// Waits for a folder and holds it.
    ///
    /// # Errors
    /// If the folder takes no files, or another run holds it for long.
    pub fn take(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        let until = Instant::now() + PATIENCE;
        loop {
            match attempt(&path)? {
                Attempt::Held(file) => return Ok(Self { path, file }),
                Attempt::Gone | Attempt::Busy if Instant::now() > until => {
                    let cause =
                        format!("another run has held {} for {} s", path.display(), PATIENCE.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, cause));
                }
                Attempt::Gone => {}
                Attempt::Busy => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Whether nobody else can hold it.
    pub fn is_sure(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Before the lock goes. On Windows it is removed when it is closed.
        if cfg!(unix) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg_attr(target_family = "wasm", allow(dead_code))] // there are no files
enum Attempt {
    Held(Option<File>),
    /// The file was removed meanwhile.
    Gone,
    /// Another run has it.
    Busy,
}

#[cfg(unix)]
fn attempt(path: &Path) -> io::Result<Attempt> {
    use std::fs::TryLockError;
    use std::os::unix::fs::MetadataExt;

    let file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Of another user, perhaps: to read it is enough. A pipe of this name would block.
            let opened = match std::fs::symlink_metadata(path) {
                Ok(found) if !found.is_file() => {
                    return Err(io::Error::other(format!("{} is not a file", path.display())));
                }
                found => found.and_then(|_| File::open(path)),
            };
            match opened {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
                opened => opened?,
            }
        }
        made => made?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy),
        Err(TryLockError::Error(_)) => return Ok(Attempt::Held(None)),
    }
    let ours = file.metadata()?;
    let same =
        std::fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino()));
    Ok(if same { Attempt::Held(Some(file)) } else { Attempt::Gone })
}

/// A file that only one process can open, and that goes when it is closed.
#[cfg(windows)]
fn attempt(path: &Path) -> io::Result<Attempt> {
    use std::os::windows::fs::OpenOptionsExt;

    const GENERIC_WRITE_AND_DELETE: u32 = 0x4001_0000;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const ERROR_ACCESS_DENIED: i32 = 5; // while it goes
    const ERROR_SHARING_VIOLATION: i32 = 32;
    let mut options = std::fs::OpenOptions::new();
    options.access_mode(GENERIC_WRITE_AND_DELETE).share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    match options.write(true).create(true).truncate(false).open(path) {
        Err(error) if matches!(error.raw_os_error(), Some(ERROR_ACCESS_DENIED | ERROR_SHARING_VIOLATION)) => {
            Ok(Attempt::Busy)
        }
        file => Ok(Attempt::Held(Some(file?))),
    }
}

#[cfg(not(any(unix, windows)))]
fn attempt(_: &Path) -> io::Result<Attempt> {
    Ok(Attempt::Held(None))
}
