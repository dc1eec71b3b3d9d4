//! How far a proof is.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Prover;
use crate::error::{Error, Result};
use crate::expansion::Progress;

/// Is called after each region or piece, from any thread; may break to stop.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>);

impl Watch {
    /// Calls this.
    pub fn new(watch: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(watch))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl Prover {
    /// Does something for each number below `count`, on all threads, in order; `before` such things of `total` are done.
    ///
    /// # Errors
    /// The first one's, or if the watch says to stop.
    pub(super) fn each<R: Send>(
        &self,
        count: usize,
        [before, total]: [usize; 2],
        act: impl Fn(usize) -> Result<R> + Send + Sync,
    ) -> Result<Vec<R>> {
        let done = AtomicUsize::new(before);
        self.threads.map(0..count, |i| {
            let result = act(i)?;
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            match &self.watch {
                Some(Watch(watch)) if watch(Progress { done, total }).is_break() => Err(Error::Interrupted),
                _ => Ok(result),
            }
        })
    }
}
