//! Long work beside the interpreter: on a thread of its own, while the calling one listens for signals.
//!
//! The caller never waits longer than a moment for anything: a chunk of a large network may take minutes. Work that is stopped ends with its
//! chunk, unseen.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use hope::Progress;
use pyo3::prelude::*;

use crate::error::{bug, raised};

/// How often signals and progress are looked at.
const MOMENT: Duration = Duration::from_millis(50);

/// How long work that is stopped is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// Planning follows the network, which may be deep.
const STACK: usize = 16 << 20;

/// What the two threads tell each other.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Watch {
    /// For the library: notes progress, and breaks if the caller wants to stop.
    pub fn note(&self, Progress { done, total, .. }: Progress) -> ControlFlow<()> {
        self.total.fetch_max(total, Ordering::Relaxed);
        self.done.fetch_max(done, Ordering::Relaxed);
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn seen(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// Does some work without holding the interpreter. `progress` is called with the chunks done and their number, by the calling thread.
///
/// # Errors
/// The work's own, an exception that `progress` raises, or that of a signal.
pub fn beside<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> hope::Result<T> + Send + 'static,
) -> PyResult<T> {
    let watch = Arc::new(Watch::default());
    let (sender, mut receiver) = channel();
    let watched = watch.clone();
    // Nobody may be there any more to take the result.
    let work = move || drop(sender.send(work(&watched)));
    let started = std::thread::Builder::new().name("hope".into()).stack_size(STACK).spawn(work);
    if let Err(error) = started {
        return Err(raised(hope::Error::Threads { count: 1, reason: error.to_string() }));
    }
    let mut told = (0, 0);
    let mut tell = |seen: (usize, usize)| match progress {
        Some(progress) if seen != told => {
            told = seen;
            progress.call1(seen).map(drop)
        }
        _ => Ok(()),
    };
    loop {
        let result;
        (receiver, result) = wait(py, receiver, MOMENT);
        let attended = match result {
            Ok(result) => {
                let result = result.map_err(raised)?;
                tell(watch.seen())?;
                return Ok(result);
            }
            Err(RecvTimeoutError::Disconnected) => return Err(bug()),
            Err(RecvTimeoutError::Timeout) => py.check_signals().and_then(|()| tell(watch.seen())),
        };
        if let Err(exception) = attended {
            watch.stop.store(true, Ordering::Relaxed);
            drop(wait(py, receiver, PATIENCE));
            return Err(exception);
        }
    }
}

/// Waits without holding the interpreter.
fn wait<T: Send>(
    py: Python<'_>,
    receiver: Receiver<T>,
    time: Duration,
) -> (Receiver<T>, Result<T, RecvTimeoutError>) {
    py.detach(move || {
        let result = receiver.recv_timeout(time);
        (receiver, result)
    })
}
