//! Long work on the one thread that there is: it is interrupted often, so that the thread hears of what else there is to do, and of aborts.

use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hope::{Error, Progress};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_time::Instant;

use crate::error::thrown;

/// How long it computes at a stretch, if it can be interrupted so soon.
const STRETCH: Duration = Duration::from_millis(30);

/// What a run and its caller tell each other.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
    /// Whom to wake where the run waits for a device.
    waiting: Mutex<Option<Waker>>,
}

#[wasm_bindgen]
impl Watch {
    /// For one run.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the run after its present piece of work on the processor; a device isn't waited for.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(waker) = self.waiting().take() {
            waker.wake();
        }
    }

    /// Pieces of work that are done.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Pieces of work in all.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }
}

impl Watch {
    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sets how far it has come.
    pub fn set(&self, done: usize, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// For the library: notes progress, and breaks if the caller wants to stop.
    pub fn note(&self, Progress { done, total, .. }: Progress) -> ControlFlow<()> {
        self.set(done, total);
        if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Notes that work could go on at once, and passes it on.
struct Note {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.outer.wake_by_ref();
    }
}

/// Does some work; after each stretch it waits for the promise that `pause` returns, and then may have been told to stop.
///
/// # Errors
/// The work's own, or that it was stopped.
pub async fn attended<T>(
    work: impl Future<Output = hope::Result<T>>,
    watch: &Watch,
    pause: &Function,
) -> Result<T, JsValue> {
    let mut work = pin!(work);
    loop {
        let stretch = std::future::poll_fn(|context| {
            if watch.is_stopped() {
                return Poll::Ready(Some(Err(Error::Interrupted)));
            }
            *watch.waiting() = Some(context.waker().clone());
            stretch(work.as_mut(), context)
        });
        if let Some(result) = stretch.await {
            return result.map_err(thrown);
        }
        let pause: Promise = pause.call0(&JsValue::NULL)?.dyn_into()?;
        JsFuture::from(pause).await?;
    }
}

/// Its result, or nothing when it has worked for so long that a pause is due.
fn stretch<T>(mut work: Pin<&mut impl Future<Output = T>>, context: &mut Context<'_>) -> Poll<Option<T>> {
    let begun = Instant::now();
    loop {
        let note = Arc::new(Note { woken: AtomicBool::new(false), outer: context.waker().clone() });
        match work.as_mut().poll(&mut Context::from_waker(&note.clone().into())) {
            Poll::Ready(result) => return Poll::Ready(Some(result)),
            // It waits for a device.
            Poll::Pending if !note.woken.load(Ordering::Relaxed) => return Poll::Pending,
            Poll::Pending if begun.elapsed() >= STRETCH => return Poll::Ready(None),
            Poll::Pending => {}
        }
    }
}
