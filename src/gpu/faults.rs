//! Faults on demand: an engine that is given some fails where a device may, for tests of what follows.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a device may fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A buffer: there is no memory.
    Allocation,
    /// A submission: the device is lost.
    Submission,
    /// Mapping a buffer to be read.
    Mapping,
    /// Waiting for the device.
    Wait,
    /// Opening a new device in place of a lost one.
    Reopening,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Allocation, Self::Submission, Self::Mapping, Self::Wait, Self::Reopening];
}

/// Which occurrences of which fault fail, of an engine and of those that are opened in its place.
#[derive(Debug, Default)]
pub struct Faults {
    failing: Vec<(Fault, Range<usize>)>,
    /// How often each has been met.
    met: [AtomicUsize; Fault::ALL.len()],
    struck: AtomicUsize,
}

impl Faults {
    /// These occurrences fail, counted from 0.
    #[must_use]
    pub fn at(mut self, fault: Fault, occurrences: Range<usize>) -> Self {
        self.failing.push((fault, occurrences));
        self
    }

    /// How many have come to pass.
    pub fn struck(&self) -> usize {
        self.struck.load(Relaxed)
    }

    /// Counts an occurrence; whether it fails.
    pub(super) fn strikes(&self, fault: Fault) -> bool {
        let occurrence = self.met[fault as usize].fetch_add(1, Relaxed);
        let fails = self.failing.iter().any(|(what, which)| *what == fault && which.contains(&occurrence));
        self.struck.fetch_add(usize::from(fails), Relaxed);
        fails
    }
}
