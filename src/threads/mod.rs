//! The threads that a job computes on: its own, so that the library may be used in small and in forked processes.
//!
//! Nothing here or elsewhere touches rayon's global pool, whose threads a forked child lacks (it would wait for them for ever).
//! In browsers there is the calling thread only; results are the same bits.

#[cfg(not(target_family = "wasm"))]
mod pool;
#[cfg(target_family = "wasm")]
#[path = "serial.rs"]
mod pool;

use crate::error::{Error, Result};
use crate::{memory, packing};
pub(crate) use pool::breathe;

/// A number of threads, started when they are first needed.
#[derive(Debug)]
pub struct Threads {
    count: usize,
    pool: pool::Pool,
}

/// Number of threads unless told otherwise: `RAYON_NUM_THREADS` if it is a positive number, else all cores; 1 in browsers.
pub fn default_count() -> usize {
    let wanted = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.trim().parse().ok());
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    wanted.filter(|&count| count > 0).unwrap_or_else(cores)
}

/// Does something on one thread that would take all of the pool that it finds itself in, and then round differently on each machine: faer's
/// decompositions.
///
/// # Errors
/// If the system refuses a thread.
pub fn alone<R: Send>(act: impl FnOnce() -> R + Send) -> Result<R> {
    Threads::new(Some(1)).install(act)
}

impl Threads {
    /// So many threads; none given: [`default_count`], or as many as a limit to the address space has room for.
    pub fn new(count: Option<usize>) -> Self {
        let roomy = || {
            // Half of what is left: the rest is for what they work on.
            let room = memory::free_address_space().map(|free| free / 2 / packing::address_space());
            default_count().min(room.and_then(|room| usize::try_from(room).ok()).unwrap_or(usize::MAX))
        };
        Self { count: count.unwrap_or_else(roomy).clamp(1, pool::MOST), pool: pool::Pool::default() }
    }

    /// Checks that a limit to the address space leaves room for matrix products on one thread at the least.
    ///
    /// # Errors
    /// If it doesn't.
    pub fn check_address_space() -> Result<()> {
        let needed = packing::address_space();
        match memory::free_address_space() {
            Some(allowed) if allowed < needed => Err(Error::AddressSpace { needed, allowed }),
            _ => Ok(()),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Does something in the pool, with whatever it does in parallel.
    ///
    /// # Errors
    /// If the system refuses threads.
    pub fn install<R: Send>(&self, act: impl FnOnce() -> R + Send) -> Result<R> {
        self.pool.install(self.count, act)
    }

    /// Does something on each of them at once.
    ///
    /// # Errors
    /// If the system refuses threads.
    #[cfg(feature = "bench")]
    pub(crate) fn everywhere<R: Send>(&self, act: impl Fn() -> R + Send + Sync) -> Result<Vec<R>> {
        self.pool.everywhere(self.count, act)
    }

    /// Applies a function to each item, and keeps their order; an error of any ends it.
    ///
    /// # Errors
    /// The first item's that fails, or if the system refuses threads.
    pub fn map<I, R>(&self, items: I, f: impl Fn(I::Item) -> Result<R> + Send + Sync) -> Result<Vec<R>>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
        I::Item: Send,
        R: Send,
    {
        let items = items.into_iter();
        if self.count == 1 || items.len() < 2 {
            return items.map(f).collect();
        }
        let items: Vec<I::Item> = items.collect();
        let results = self.pool.map(self.count, items, f)?;
        // Which fails first in time depends on chance, which is first in order doesn't.
        results.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_counts() -> Result<()> {
        for count in [1, 3] {
            let threads = Threads::new(Some(count));
            let squares = threads.map(0..100usize, |i| Ok(i * i))?;
            assert_eq!(squares, (0..100).map(|i| i * i).collect::<Vec<_>>());
            let failed = threads.map(0..100usize, |i| match i {
                17.. => Err(Error::Threads { count: i, reason: String::new() }),
                _ => Ok(i),
            });
            assert!(matches!(failed, Err(Error::Threads { count: 17, .. })));
        }
        Ok(())
    }

    #[test]
    fn a_pool_has_as_many_threads_as_asked_for() -> Result<()> {
        for count in [1, 2, 5] {
            let threads = Threads::new(Some(count));
            assert_eq!(threads.install(rayon::current_num_threads)?, count);
        }
        assert_eq!(Threads::new(Some(0)).count(), 1);
        Ok(())
    }
}
