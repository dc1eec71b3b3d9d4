//! Browsers: the calling thread does everything. What has threads elsewhere is in `pool.rs`.

use std::task::Poll;

use crate::error::Result;

/// Threads at the most.
pub(super) const MOST: usize = 1;

/// No threads.
#[derive(Debug, Default)]
pub(super) struct Pool;

impl Pool {
    /// Does something.
    #[allow(clippy::unnecessary_wraps)] // threads may be refused
    pub fn install<R>(&self, _: usize, act: impl FnOnce() -> R) -> Result<R> {
        Ok(act())
    }

    /// Does something on each thread.
    #[cfg(feature = "bench")]
    #[allow(clippy::unnecessary_wraps)]
    pub fn everywhere<R>(&self, _: usize, act: impl Fn() -> R) -> Result<Vec<R>> {
        Ok(vec![act()])
    }

    /// Applies a function to each item.
    #[allow(clippy::unnecessary_wraps)]
    pub fn map<I, R>(&self, _: usize, items: Vec<I>, f: impl Fn(I) -> R) -> Result<Vec<R>> {
        Ok(items.into_iter().map(f).collect())
    }
}

/// Between pieces of work: whoever polls may look at what else there is to do before polling again, which may be at once.
pub(crate) async fn breathe() {
    let mut polled = false;
    std::future::poll_fn(|context| {
        if polled {
            return Poll::Ready(());
        }
        polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
