//! Names of files that are no results yet or any more, and what to do with those of processes that were killed.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::lock::Held;

const START: &str = ".hope-";

/// What such a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Under construction.
    Part,
    /// What had the name before, while names are given.
    Earlier,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Part, Self::Earlier];

    fn ending(self) -> &'static str {
        match self {
            Self::Part => ".part",
            Self::Earlier => ".old",
        }
    }

    /// A name of this process.
    pub fn name(self, number: usize) -> String {
        format!("{START}{}-{number}{}", process(), self.ending())
    }

    /// What a name says: its kind, and the process.
    fn of(name: &str) -> Option<(Self, u32)> {
        let name = name.strip_prefix(START)?;
        let (kind, name) =
            Self::ALL.into_iter().find_map(|kind| Some((kind, name.strip_suffix(kind.ending())?)))?;
        let (process, number) = name.split_once('-')?;
        number.parse::<usize>().ok()?;
        Some((kind, process.parse().ok()?))
    }
}

/// Shows others that somebody is at work on a file, as long as it is open. Where files can't be locked, its process has to do.
pub fn mark(file: &File) {
    if cfg!(unix) {
        let _ = file.try_lock();
    }
}

/// Removes what killed processes have left in a folder that is held.
pub fn sweep(folder: &Path, held: &Held) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Some((kind, process)) = entry.file_name().to_str().and_then(Kind::of) else { continue };
        let path = entry.path();
        let left = match kind {
            Kind::Part => is_left(&path, process),
            // Those come and go while the folder is held, and we hold it.
            Kind::Earlier => held.is_sure() || !lives(process),
        };
        if left {
            tracing::debug!(path = %path.display(), "removing what a killed run has left");
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether nobody is at work on a file any more. In containers processes have the same few numbers again and again, and don't see those of others: the lock
/// tells more.
fn is_left(path: &Path, process: u32) -> bool {
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let Some(file) = is_file.then(|| File::open(path).ok()).flatten() else { return false };
    match cfg!(unix).then(|| file.try_lock()) {
        Some(Ok(())) => process == self::process() || !lives(process),
        Some(Err(TryLockError::WouldBlock)) => false,
        Some(Err(TryLockError::Error(_))) | None => !lives(process),
    }
}

#[cfg(not(target_family = "wasm"))]
fn process() -> u32 {
    std::process::id()
}

/// Browsers have neither processes nor files.
#[cfg(target_family = "wasm")]
fn process() -> u32 {
    0
}

/// Whether a process lives; where nothing is known of processes, all do.
fn lives(process: u32) -> bool {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate};

    let Ok(mut system) = sysinfo::System::new() else { return true };
    let process = Pid::from_u32(process);
    let kind = ProcessRefreshKind::nothing();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[process, Pid::from_u32(self::process())]),
        true,
        kind,
    );
    system.process(Pid::from_u32(self::process())).is_none() || system.process(process).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whose_they_are() {
        let here = std::process::id();
        for kind in Kind::ALL {
            assert_eq!(Kind::of(&kind.name(7)), Some((kind, here)));
        }
        assert_eq!(Kind::of(".hope-12-0.part"), Some((Kind::Part, 12)));
        for other in
            [".hope-12.part", ".hope-x-0.part", ".hope-12-0", "hope-12-0.part", ".hope-12-.old", ".hope.lock"]
        {
            assert_eq!(Kind::of(other), None, "{other}");
        }
        assert!(lives(here) && lives(1));
        assert!(!lives(u32::MAX >> 1));
    }
}
