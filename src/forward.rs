//! The plain forward pass: the network's values without any coefficients, on any device.

use std::sync::Arc;

use crate::backend::{Chunk, ChunkResult, Device, Opening, Place, Run, Runner, Sent, Source};
use crate::error::{Error, Result};
use crate::memory;
use crate::model::Model;
use crate::plan::{Deeper, Plan};
use crate::rows::Rows;
use crate::scalar::Precision;
use crate::threads::Threads;

/// A network prepared to be run: weights converted or uploaded once.
///
/// ```
/// use hope::activation::Sin;
/// use hope::forward::Forward;
/// use hope::model::Model;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Sin)?;
/// let model = b.build(y)?;
/// let network = Forward::new(&model, None, &Default::default())?;
/// assert!((network.run(&[0.5, 1.5])?[1] - 1.5f64.sin()).abs() < 1e-15);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Debug)]
pub struct Forward {
    model: Model,
    outputs: Vec<usize>,
    runner: Runner,
    /// Points that are computed together at most.
    together: usize,
    /// Chunks under way at once.
    at_once: usize,
    /// Whether these are threads, among which the points are to be shared.
    threaded: bool,
}

impl Forward {
    /// Prepares the selected outputs of a model, all of them by default.
    ///
    /// # Errors
    /// If there is no such output, the device can't run the network, or the memory does not suffice.
    pub fn new(model: &Model, outputs: Option<&[usize]>, place: &Place) -> Result<Self> {
        let count = model.count_outputs(outputs)?;
        let plan = Plan::forward(model);
        place.device.check(&plan, place.precision)?;
        let threads = Arc::new(Threads::new(place.threads));
        let backend = place.device.backend();
        let abilities = backend.abilities();
        let at_once = abilities.at_once.unwrap_or(threads.count());
        let bytes = place.precision.bytes();
        // The list of outputs, and the values of a point.
        let listed = 8 * count as u64;
        let kept = plan.weights().saturating_mul(bytes).saturating_add(listed);
        let each = plan.elements(1, 1).saturating_mul(bytes).saturating_add(listed);
        let allowed = place.memory.unwrap_or_else(memory::default_budget);
        let needed = kept.saturating_add(each);
        if needed > allowed {
            return Err(Error::Memory { needed, allowed });
        }
        let room = (allowed - kept) / each.saturating_mul(at_once as u64).max(1);
        let most = abilities.points;
        let mut together = usize::try_from(room).unwrap_or(most).clamp(1, most);
        while together > 1 && !backend.fits(&plan, together, 1) {
            together /= 2;
        }
        let opening = Opening { plan: plan.into(), precision: place.precision, threads, profile: false };
        Ok(Self {
            model: model.clone(),
            outputs: model.list_outputs(outputs),
            runner: Runner::new(place.device.clone(), opening),
            together,
            at_once,
            threaded: abilities.at_once.is_none(),
        })
    }

    /// The network.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// The outputs at points `[points, inputs]`: `[points, outputs]`.
    ///
    /// # Errors
    /// If the numbers are no points, a value is not finite, or the device fails.
    pub fn run<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Vec<f64>> {
        pollster::block_on(self.run_async(points))
    }

    /// The outputs at points `[points, inputs]`, none at a point where one is not finite.
    ///
    /// # Errors
    /// As [`Self::run`], but for values that aren't finite.
    pub fn run_with_gaps<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Vec<Option<Vec<f64>>>> {
        let points = points.into();
        let (inputs, outputs) = (self.model.inputs(), self.outputs.len());
        let mut found = vec![None; points.len() / inputs];
        // Halved until what fails is a single point: points without a value lie side by side.
        let mut open: Vec<_> = std::iter::once(0..found.len()).collect();
        while let Some(range) = open.pop().filter(|range| !range.is_empty()) {
            match self.run(&points[range.start * inputs..range.end * inputs]) {
                Ok(values) => {
                    let rows = values.chunks_exact(outputs).map(|row| Some(row.to_vec()));
                    found[range].iter_mut().zip(rows).for_each(|(found, row)| *found = row);
                }
                Err(Error::NonFinite { .. }) if range.len() == 1 => {}
                Err(Error::NonFinite { .. }) => {
                    let middle = range.start.midpoint(range.end);
                    open.extend([range.start..middle, middle..range.end]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// [`Self::run`] without blocking while a GPU computes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_async<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Vec<f64>> {
        let points = points.into();
        points.check_width(self.model.inputs())?;
        let count = self.model.count_points(&points)?;
        let share = if self.threaded { count.div_ceil(self.at_once) } else { count };
        let size = self.together.min(share);
        let chunk = |first: usize| Chunk::ahead(first..count.min(first + size), 0..1);
        let chunks: Vec<Chunk> = (0..count).step_by(size).map(chunk).collect();
        let source =
            Source { points: &points, directions: None, outputs: &self.outputs, radii: None, weights: None };
        let width = self.outputs.len();
        let mut values = vec![0.0; count * width];
        let mut deliver = |chunk: &Chunk, result: ChunkResult| {
            values[chunk.points.start * width..chunk.points.end * width].copy_from_slice(&result.value);
            Ok(())
        };
        self.runner.run(Run { chunks: &chunks, source, at_once: self.at_once }, &mut deliver).await?;
        Ok(values)
    }
}

/// Outputs of a model at points `[points, inputs]`, in f64 on the processor: `[points, outputs]`, all outputs or the selected
/// ones in their order.
///
/// ```
/// use hope::activation::Sin;
/// use hope::model::Model;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Sin)?;
/// let model = b.build(y)?;
/// let values = hope::forward::values(&model, &[0.0, 1.5], None)?;
/// assert!((values[1] - 1.5f64.sin()).abs() < 1e-15);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the points don't fit the model, or a value isn't finite.
pub fn values<'a>(model: &Model, points: impl Into<Rows<'a>>, outputs: Option<&[usize]>) -> Result<Vec<f64>> {
    Forward::new(model, outputs, &Place::default())?.run(points)
}

/// A plan in f64 on the processor: what other results are measured by.
pub(crate) struct Reference {
    runner: Runner,
    /// Chunks that run at once.
    at_once: usize,
}

impl Reference {
    /// For a plan of either method.
    pub fn new(plan: Plan, threads: &Arc<Threads>) -> Self {
        Self::within(plan, threads, Precision::F64)
    }

    /// The same in another number type: what that does to the result.
    pub fn within(plan: Plan, threads: &Arc<Threads>, precision: Precision) -> Self {
        let opening = Opening { plan: plan.into(), precision, threads: threads.clone(), profile: false };
        let at_once = opening.threads.count();
        Self { runner: Runner::new(Device::default(), opening), at_once }
    }

    /// With what to do where orders get lost.
    pub fn or_deeper(self, deeper: Option<Deeper>) -> Self {
        Self { runner: self.runner.or_deeper(deeper), ..self }
    }

    /// With no more chunks at once than so many bytes have room for, of one point and so many lanes; none where there is no room for one.
    pub fn in_room(self, lanes: usize, bytes: u64) -> Option<Self> {
        let opening = self.runner.opening();
        let chunk = opening.plan.elements(1, lanes).saturating_mul(opening.precision.bytes());
        let fitting = usize::try_from(bytes / chunk.max(1)).unwrap_or(usize::MAX);
        (fitting > 0).then(|| Self { at_once: self.at_once.min(fitting), ..self })
    }

    /// Runs chunks of which some may have no series: see [`Runner::run_with_gaps`].
    pub async fn run_with_gaps(
        &self,
        chunks: &[Chunk],
        source: Source<'_>,
        mut take: impl FnMut(&Chunk, Option<ChunkResult>) + Sent,
    ) -> Result<()> {
        let at_once = self.at_once;
        let mut deliver = |chunk: &Chunk, result: Option<ChunkResult>| {
            take(chunk, result);
            Ok(())
        };
        self.runner.run_with_gaps(Run { chunks, source, at_once }, &mut deliver).await
    }

    /// Runs chunks; `take` gets their results in order.
    pub async fn run(
        &self,
        chunks: &[Chunk],
        source: Source<'_>,
        mut take: impl FnMut(&Chunk, ChunkResult) + Sent,
    ) -> Result<()> {
        let at_once = self.at_once;
        let mut deliver = |chunk: &Chunk, result: ChunkResult| {
            take(chunk, result);
            Ok(())
        };
        self.runner.run(Run { chunks, source, at_once }, &mut deliver).await
    }
}
