//! Signals end the program at once, and remove what it has begun.
//!
//! A thread of its own waits for them, so that it may do what handlers may not. It waits for nobody: standard error may be a full pipe that the rest of the program
//! hangs in, with its lock.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use hope::temporary::{Made, Temporary};

use super::text;

/// What an interruption has to remove.
static BEGUN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Folders that it has made: they go when they are empty.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Held while files come and while they get their names, so that an interruption finds either all or none of them.
static BUSY: Mutex<()> = Mutex::new(());

/// How long an interruption waits, first for files that are getting their names, then for its message to be taken.
const PATIENCE: Duration = Duration::from_millis(300);

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a file that will get the name `target`, and that an interruption removes.
///
/// # Errors
/// If the folder takes no files.
pub fn begin(target: &Path) -> io::Result<(Temporary, File)> {
    let _busy = lock(&BUSY);
    let (temporary, file) = Temporary::create(target)?;
    lock(&BEGUN).push(temporary.path().into());
    Ok((temporary, file))
}

/// Makes a folder for files unless there is one, and has an interruption remove it when it is empty.
///
/// # Errors
/// If it can't be made.
pub fn make(folder: &Path) -> io::Result<Made> {
    let _busy = lock(&BUSY);
    let made = Made::folder(folder)?;
    lock(&FOLDERS).extend(made.path().map(PathBuf::from));
    Ok(made)
}

/// Gives complete files their names: all of them or none; what is obsolete with them goes.
///
/// # Errors
/// If one can't be renamed.
pub fn commit(files: Vec<Temporary>, obsolete: Vec<PathBuf>) -> io::Result<()> {
    let ready = Temporary::ready(files)?.without(obsolete);
    let _busy = lock(&BUSY);
    ready.commit()?;
    lock(&BEGUN).clear();
    Ok(())
}

/// From now on, signals that ask the program to end remove what was begun; a file that grows beyond its limit, or memory that there isn't, is no reason to
/// leave it, either.
pub fn watch() {
    // Without them the system ends the program, and the next run removes what is left.
    let _ = system::watch();
}

/// Removes what was begun, says so, and leaves the rest of the program where it is.
fn end(signal: i32) -> ! {
    let _busy = attempt(&BUSY);
    let begun = attempt(&BEGUN).map(|mut begun| std::mem::take(&mut *begun)).unwrap_or_default();
    for path in &begun {
        let _ = std::fs::remove_file(path);
    }
    for folder in attempt(&FOLDERS).iter().flat_map(|folders| folders.iter()) {
        let _ = std::fs::remove_dir(folder);
    }
    let message = match begun.is_empty() {
        true => "\nerror: interrupted\n",
        false => "\nerror: interrupted; nothing was written\n",
    };
    let (taken, wait) = std::sync::mpsc::channel();
    let tell = move || {
        text::complain(message);
        let _ = taken.send(());
    };
    if std::thread::Builder::new().spawn(tell).is_ok() {
        let _ = wait.recv_timeout(PATIENCE);
    }
    // As shells have it.
    system::exit(128 + signal)
}

/// A lock, if it comes soon.
fn attempt<T>(mutex: &'static Mutex<T>) -> Option<MutexGuard<'static, T>> {
    let until = Instant::now() + PATIENCE;
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() > until => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[cfg(unix)]
mod system {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::{flag, low_level};

    use super::{BEGUN, BUSY, end};

    /// Ends the program, and waits for nothing that other threads or libraries would like to do first.
    pub fn exit(code: i32) -> ! {
        low_level::exit(code)
    }

    pub fn watch() -> io::Result<()> {
        // With any handler at all, the write fails as on a full disk.
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        on_abort()?;
        // What the caller ignores stays ignored: hangups under nohup, Ctrl-C for a shell's background jobs.
        let ignored = ignored();
        let wanted: Vec<i32> =
            [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect();
        let mut signals = Signals::new(wanted)?;
        std::thread::Builder::new().spawn(move || signals.forever().next().map(|signal| end(signal)))?;
        Ok(())
    }

    /// Where there is no memory, the standard library says so and aborts, without a way to intervene before.
    #[allow(unsafe_code)]
    fn on_abort() -> io::Result<()> {
        let remove = || {
            // Wherever the program was when it came here: nothing is waited for, nothing allocated.
            if let (Ok(_busy), Ok(begun)) = (BUSY.try_lock(), BEGUN.try_lock()) {
                for path in begun.iter() {
                    let _ = std::fs::remove_file(path);
                }
            }
            low_level::exit(1)
        };
        // SAFETY: in a signal's handler, try_lock is an atomic exchange, removing a file a system call (the path is short enough for the stack, else
        // it is copied), and the process ends here.
        unsafe { low_level::register(SIGABRT, remove) }.map(drop)
    }

    /// Signals that are ignored, as bits; asked of Linux, assumed none elsewhere.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }
}

#[cfg(not(unix))]
mod system {
    pub fn exit(code: i32) -> ! {
        std::process::exit(code)
    }

    pub fn watch() -> Result<(), ctrlc::Error> {
        const INTERRUPT: i32 = 2;
        ctrlc::set_handler(|| super::end(INTERRUPT))
    }
}
