//! The plain forward pass: the network's values without any coefficients, on the CPU.

use std::sync::{Mutex, PoisonError};

use faer::Par;
use rayon::prelude::*;

use crate::cpu::{Arena, CpuExecutor};
use crate::error::{Error, Result};
use crate::executor::{Chunk, Source};
use crate::memory;
use crate::model::Model;
use crate::plan::Plan;
use crate::scalar::Scalar;

/// Points that are computed together at most: enough for an efficient matrix product, few enough to stay in the cache.
const TOGETHER: usize = 64;

/// Operations below which one thread is faster than several.
const PARALLEL: f64 = 1e6;

/// A network prepared to be run, in f32 or f64, on all cores.
///
/// ```
/// use hope::activation::Sin;
/// use hope::model::Model;
/// use hope::surrogate::ForwardPass;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Sin)?;
/// let model = b.build(y)?;
/// let network = ForwardPass::<f64>::new(&model, None, None)?;
/// assert!((network.run(&[0.5, 1.5])?[1] - 1.5f64.sin()).abs() < 1e-15);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Debug)]
pub struct ForwardPass<T> {
    executor: CpuExecutor<T>,
    inputs: usize,
    outputs: Vec<usize>,
    /// Points that are computed together at most.
    together: usize,
    /// Working memory, kept from run to run.
    arenas: Mutex<Vec<Arena<T>>>,
}

impl<T: Scalar> ForwardPass<T> {
    /// Prepares the selected outputs of a model, all of them by default, within so many bytes of memory, by default half of
    /// what is free.
    ///
    /// # Errors
    /// If there is no such output, or the memory does not suffice.
    pub fn new(model: &Model, outputs: Option<&[usize]>, memory: Option<u64>) -> Result<Self> {
        let outputs = outputs.map_or_else(|| (0..model.outputs()).collect(), <[usize]>::to_vec);
        if let Some(output) = outputs.iter().find(|output| **output >= model.outputs()) {
            return Err(Error::Request(format!(
                "there is no output {output}: the model has outputs 0 to {}",
                model.outputs() - 1
            )));
        }
        let plan = Plan::forward(model);
        let weights: u64 = plan.constants.iter().map(|c| c.len() as u64).sum();
        let bytes = size_of::<T>() as u64;
        let allowed = memory.unwrap_or_else(memory::default_budget);
        let (weights, each) = (weights * bytes, plan.elements(1, 1) * bytes);
        if weights + each > allowed {
            return Err(Error::Memory { needed: weights + each, allowed });
        }
        let room = (allowed - weights) / (each.max(1) * rayon::current_num_threads() as u64);
        let together = usize::try_from(room).unwrap_or(TOGETHER).clamp(1, TOGETHER);
        Ok(Self {
            executor: CpuExecutor::new(plan),
            inputs: model.inputs(),
            outputs,
            together,
            arenas: Mutex::default(),
        })
    }

    /// The outputs at points `[points, inputs]`: `[points, outputs]`.
    ///
    /// # Errors
    /// If the numbers are no points, or a value is not finite.
    pub fn run(&self, points: &[f64]) -> Result<Vec<f64>> {
        if points.is_empty() || !points.len().is_multiple_of(self.inputs) {
            return Err(Error::Request(format!(
                "the model takes {} numbers per point, but {} were given",
                self.inputs,
                points.len()
            )));
        }
        let count = points.len() / self.inputs;
        let threads = rayon::current_num_threads();
        if threads == 1 || self.executor.plan().flops(count.min(self.together), 1) < PARALLEL {
            return self.in_chunks(points, count, self.together);
        }
        self.in_chunks(points, count, self.together.min(count.div_ceil(threads)))
    }

    fn in_chunks(&self, points: &[f64], count: usize, size: usize) -> Result<Vec<f64>> {
        let source = Source { points, directions: None, outputs: &self.outputs };
        let chunk = |first: usize| Chunk { points: first..count.min(first + size), lanes: 0..1 };
        let heavy = self.executor.plan().flops(size.min(count), 1) >= PARALLEL;
        if count <= size {
            // The matrix products have the cores to themselves.
            #[cfg(not(target_family = "wasm"))]
            let parallel = if heavy { Par::rayon(0) } else { Par::Seq };
            #[cfg(target_family = "wasm")]
            let parallel = Par::Seq;
            return self.chunk(&chunk(0), source, parallel);
        }
        let parts: Result<Vec<Vec<f64>>> = (0..count)
            .into_par_iter()
            .step_by(size)
            .map(|first| self.chunk(&chunk(first), source, Par::Seq))
            .collect();
        Ok(parts?.concat())
    }

    fn chunk(&self, chunk: &Chunk, source: Source, parallel: Par) -> Result<Vec<f64>> {
        let arenas = || self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let mut arena = arenas().pop().unwrap_or_default();
        let result = self.executor.run(chunk, source, &mut arena, parallel);
        arenas().push(arena);
        Ok(result?.value)
    }
}
