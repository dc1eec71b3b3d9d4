//! Waiting for results without blocking.
//!
//! In a browser the event loop maps buffers. Natively somebody has to poll the device: here a short-lived thread does it, so
//! that the future works in any async runtime, and the host's own polling doesn't matter.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{Engine, Fault};
use crate::error::{Error, Result};

/// Reads a staging buffer once the submission that fills it is done.
///
/// # Errors
/// If the device is lost or the buffer can't be mapped.
pub(super) async fn read(
    engine: &Engine,
    staging: &wgpu::Buffer,
    submission: wgpu::SubmissionIndex,
) -> Result<Vec<f32>> {
    let outcome = Outcome::default();
    let settled = outcome.clone();
    if engine.strikes(Fault::Mapping) {
        staging.destroy();
    }
    staging
        .slice(..)
        .map_async(wgpu::MapMode::Read, move |result| settled.settle(result.map_err(|e| e.to_string())));
    // Joined when this ends, or is dropped on the way: a thread that still held the device while the process exits would
    // crash in drivers that are being unloaded.
    let _watcher = watch(engine, submission, outcome.clone());
    outcome.await.map_err(|cause| failed(engine, &cause))?;
    engine.check()?;
    let numbers = {
        let range = staging.slice(..).get_mapped_range().map_err(|e| failed(engine, &e.to_string()))?;
        bytemuck::pod_collect_to_vec(&range[..])
    };
    staging.unmap();
    Ok(numbers)
}

/// A lost device fails in many ways; say the cause.
fn failed(engine: &Engine, cause: &str) -> Error {
    match engine.check() {
        Err(lost) => lost,
        Ok(()) => {
            Error::Device { device: engine.info().name.clone(), cause: format!("reading back: {cause}") }
        }
    }
}

/// Polls the device until the outcome is there.
#[cfg(not(target_family = "wasm"))]
fn watch(engine: &Engine, submission: wgpu::SubmissionIndex, outcome: Outcome) -> Watcher {
    let device = engine.device().clone();
    let lost = engine.lost.clone();
    let fails = engine.strikes(Fault::Wait);
    let wait = {
        let outcome = outcome.clone();
        move || {
            if fails {
                outcome.settle(Err("a fault on demand".into()));
            }
            while !outcome.is_settled() {
                let poll = wgpu::PollType::Wait { submission_index: Some(submission.clone()), timeout: None };
                if let Err(error) = device.poll(poll) {
                    outcome.settle(Err(error.to_string()));
                }
                if lost.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                    outcome.settle(Err("the device is lost".into()));
                }
                // Rarely another thread polls at the same moment and is about to settle.
                std::thread::yield_now();
            }
        }
    };
    match std::thread::Builder::new().name("hope gpu".into()).spawn(wait) {
        Ok(thread) => Watcher(Some(thread)),
        Err(error) => {
            outcome.settle(Err(format!("no thread to wait in: {error}")));
            Watcher(None)
        }
    }
}

/// The thread that polls; it ends as soon as the submission does.
#[cfg(not(target_family = "wasm"))]
struct Watcher(Option<std::thread::JoinHandle<()>>);

#[cfg(not(target_family = "wasm"))]
impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join(); // it can't panic, and there is nobody to tell
        }
    }
}

#[cfg(target_family = "wasm")]
fn watch(_: &Engine, _: wgpu::SubmissionIndex, _: Outcome) {}

/// How a mapping ended, to be awaited. The first to settle it counts.
#[derive(Clone, Debug, Default)]
struct Outcome(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    settled: Option<std::result::Result<(), String>>,
    waker: Option<Waker>,
}

impl Outcome {
    fn settle(&self, result: std::result::Result<(), String>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.settled.get_or_insert(result);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    #[cfg(not(target_family = "wasm"))]
    fn is_settled(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).settled.is_some()
    }
}

impl Future for Outcome {
    type Output = std::result::Result<(), String>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.settled {
            Some(result) => Poll::Ready(result.clone()),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
