//! Going on where a GPU fails: smaller chunks when memory is short, a new device when it was lost.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Engine, GpuExecutor};
use crate::error::{Error, Result};
use crate::executor::{Chunk, ChunkResult, Executor, Source};
use crate::plan::Plan;

/// A [`GpuExecutor`] that keeps what is finished and tries the rest again.
#[derive(Debug)]
pub struct ResilientExecutor {
    plan: Plan,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    engine: Arc<Engine>,
    executor: Option<GpuExecutor>,
    reopened: bool,
}

impl ResilientExecutor {
    /// Prepares a plan; the device is used at the first run.
    pub fn new(engine: Arc<Engine>, plan: Plan) -> Self {
        Self { plan, state: Mutex::new(State { engine, executor: None, reopened: false }) }
    }
}

impl State {
    fn executor(&mut self, plan: &Plan) -> Result<&GpuExecutor> {
        match &mut self.executor {
            Some(executor) => Ok(executor),
            none => Ok(none.insert(GpuExecutor::new(self.engine.clone(), plan.clone())?)),
        }
    }
}

impl Executor for ResilientExecutor {
    fn run(
        &self,
        chunks: &[Chunk],
        source: Source,
        deliver: &mut dyn FnMut(&Chunk, ChunkResult) -> Result<()>,
    ) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open: VecDeque<Chunk> = chunks.to_vec().into();
        loop {
            let mut delivered = 0;
            let mut count = |chunk: &Chunk, result| {
                delivered += 1;
                deliver(chunk, result)
            };
            let result = state
                .executor(&self.plan)
                .and_then(|executor| executor.run(open.make_contiguous(), source, &mut count));
            open.drain(..delivered);
            match result {
                Err(Error::DeviceMemory { .. }) if open.iter().any(Chunk::is_divisible) => {
                    tracing::warn!("the GPU's memory is short: trying again with smaller chunks");
                    open = open.into_iter().flat_map(Chunk::halves).collect();
                }
                Err(Error::DeviceLost { reason, .. }) if !state.reopened => {
                    tracing::warn!("the GPU was lost ({reason}): trying again on a new device");
                    state.engine = Arc::new(state.engine.reopen()?);
                    state.executor = None;
                    state.reopened = true;
                }
                result => return result,
            }
        }
    }
}
