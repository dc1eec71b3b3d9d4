//! Threads of rayon's, in a pool of their own.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// Threads at the most.
pub(super) const MOST: usize = usize::MAX;

/// The pool once it has been started, and the process that did: a fork doesn't take threads along.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Option<(u32, Arc<ThreadPool>)>>);

impl Pool {
    /// Does something in it.
    pub fn install<R: Send>(&self, count: usize, act: impl FnOnce() -> R + Send) -> Result<R> {
        Ok(self.started(count)?.install(act))
    }

    /// Applies a function to each item.
    pub fn map<I: Send, R: Send>(
        &self,
        count: usize,
        items: Vec<I>,
        f: impl Fn(I) -> R + Send + Sync,
    ) -> Result<Vec<R>> {
        self.install(count, || items.into_par_iter().map(f).collect())
    }

    /// Does something on each thread.
    #[cfg(feature = "bench")]
    pub fn everywhere<R: Send>(&self, count: usize, act: impl Fn() -> R + Send + Sync) -> Result<Vec<R>> {
        Ok(self.started(count)?.broadcast(|_| act()))
    }

    fn started(&self, count: usize) -> Result<Arc<ThreadPool>> {
        let here = std::process::id();
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pool {
            Some((process, threads)) if *process == here => Ok(threads.clone()),
            _ => {
                let started = ThreadPoolBuilder::new()
                    .num_threads(count)
                    .thread_name(|i| format!("hope {i}"))
                    .build()
                    .map_err(|error| Error::Threads { count, reason: error.to_string() })?;
                let started = Arc::new(started);
                // Of a parent's pool only the memory is here: dropping it would signal to threads that aren't.
                std::mem::forget(pool.replace((here, started.clone())));
                Ok(started)
            }
        }
    }
}

/// Between pieces of work: nothing, as others have threads of their own.
pub(crate) async fn breathe() {}
