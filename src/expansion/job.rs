//! A prepared request at some points, and its run.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::assembled::{Assembled, Open};
use super::branches::{self, Matter};
use super::inputs;
use super::limits;
use super::mixing::Mixing;
use super::on_kinks;
use super::outline::Passage;
use super::prepared::{Parts, Prepared};
use super::request::{Request, Terms};
use super::results::{Batch, Expansion, Report, Sink};
use super::summary::Summary;
use super::verify::Checker;
use crate::backend::{Chunk, ChunkResult, Chunking, Run, Source, Weigh};
use crate::certificate::{Certificate, Kinks, TermKind};
use crate::error::{Error, Result};
use crate::kernel::{Kink, Side};
use crate::model::Model;
use crate::plan::{Layer, Plan};
use crate::rays::Directions;
use crate::rows::Rows;
use crate::scalar::Precision;

/// Bytes that deciding kinks and limits may take beside the budget: of those that the process may have.
const SLACK: u64 = 32 << 20;

/// A request planned for a model and points: ready to run, with everything known that can be known before.
#[derive(Debug)]
pub struct Job<'a> {
    parts: Arc<Parts>,
    points: Rows<'a>,
    /// Number of points.
    count: usize,
    chunking: Chunking,
    /// Rays or outputs of each point that are computed.
    lanes: usize,
    /// Of gradients on kinks.
    matter: Matter,
}

/// How far a run is, in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Chunks done.
    pub done: usize,
    /// Chunks in all.
    pub total: usize,
}

/// Called after each chunk; it may break to stop.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Sync);

impl Prepared {
    /// The request at some points, `[points, inputs]`.
    ///
    /// # Errors
    /// If the numbers are no points of the model, or the memory can't suffice.
    pub fn job<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Job<'a>> {
        Job::of(self.parts.clone(), points.into())
    }

    /// Expands at some points, `[points, inputs]`.
    ///
    /// # Errors
    /// As [`Self::job`], and if numbers overflow or the device fails.
    pub fn expand<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Expansion> {
        self.job(points)?.collect(&|_| ControlFlow::Continue(()))
    }

    /// [`Self::expand`] without blocking while a GPU computes.
    ///
    /// # Errors
    /// As [`Self::expand`].
    pub async fn expand_async<'a>(&self, points: impl Into<Rows<'a>>) -> Result<Expansion> {
        self.job(points)?.collect_async(&|_| ControlFlow::Continue(())).await
    }
}

impl<'a> Job<'a> {
    /// Plans a request at its points.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, or the memory can't suffice.
    pub fn new(model: &Model, request: &'a Request) -> Result<Self> {
        request.points.check_width(model.inputs())?;
        model.count_points(&request.points)?; // before anything that takes long
        Self::of(Prepared::new(model, request)?.parts, (&request.points).into())
    }

    fn of(parts: Arc<Parts>, points: Rows<'a>) -> Result<Self> {
        points.check_width(parts.model.inputs())?;
        let count = parts.model.count_points(&points)?;
        if let Mixing::Operator(by_rays) = &parts.mixing {
            by_rays.operator().check_points(count)?;
        }
        if let Some(directions) = &parts.directions {
            directions.check(count, parts.model.inputs())?;
        }
        let (chunking, lanes) = (parts.chunking(count, 0)?, parts.sizes.lanes);
        tracing::debug!(?chunking);
        let job = Self { parts, points, count, chunking, lanes, matter: Matter::All };
        let numbers = job.shape().iter().try_fold(8usize, |bytes, &size| bytes.checked_mul(size));
        match numbers {
            Some(_) => Ok(job),
            None => Err(Error::Overflow(format!("coefficients of shape {:?} are too many", job.shape()))),
        }
    }

    /// The job with the first rays of each point only, for measurements on slow devices; the other rays' coefficients are zeros.
    #[cfg(feature = "bench")]
    pub(crate) fn first_rays(mut self, rays: usize) -> Self {
        if self.parts.directions.is_some() && !self.parts.plan.is_gradient() {
            self.lanes = rays.clamp(1, self.lanes);
        }
        self
    }

    /// The job for shares in the change of outputs along the rays: of the gradients' components only the products with the rays' matter.
    pub(crate) fn for_shares(self) -> Self {
        Self { matter: Matter::Shares, ..self }
    }

    /// Whether the result will be exact, and why.
    pub fn certificate(&self) -> &Certificate {
        &self.parts.certificate
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.parts.plan
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.parts.model
    }

    /// What is asked for, without the points.
    pub fn request(&self) -> &Request {
        &self.parts.request
    }

    /// The points, `[points, inputs]`.
    pub fn coordinates(&self) -> &[f64] {
        &self.points
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.count
    }

    /// The selected outputs.
    pub fn outputs(&self) -> &[usize] {
        &self.parts.outputs
    }

    /// Number of rays per point; none for the published rule.
    pub fn rays(&self) -> Option<usize> {
        self.parts.directions.as_ref().map(Directions::len)
    }

    /// How a differential operator goes through the network, if it is one.
    pub fn passage(&self) -> Option<Passage> {
        Passage::of(&self.parts.plan, &self.parts.mixing, self.parts.sizes.lanes)
    }

    /// Whether batches bring a standard error with each number.
    pub fn is_estimate(&self) -> bool {
        matches!(self.parts.mixing, Mixing::Estimate(_))
    }

    /// Number of kink distances that batches bring per point: one per ray, the nearest of all rays for mixed terms;
    /// 0 where the network is smooth or the method has no rays.
    pub fn kink_distances(&self) -> usize {
        match (&self.parts.certificate.kinks, &self.parts.directions, &self.parts.mixing) {
            (Kinks::None, ..) | (_, None, _) => 0,
            // No ray meets anything.
            _ if matches!(self.parts.request.terms, Terms::Gradient(None)) => 0,
            (_, Some(directions), Mixing::None) => directions.len(),
            (_, Some(_), _) => 1,
        }
    }

    /// Number of chunks that run at once, on processors each on a core of its own.
    pub fn workers(&self) -> usize {
        self.chunking.workers
    }

    /// Threads of the processor that the job may use.
    pub fn threads(&self) -> usize {
        self.parts.threads.count()
    }

    /// Exponents of mixed terms, `[terms, variables]`; empty for others.
    pub fn exponents(&self) -> &[u8] {
        self.parts.mixing.exponents().map_or(&[], |(exponents, _)| exponents)
    }

    /// Number of variables of mixed terms.
    pub fn variables(&self) -> Option<usize> {
        self.parts.mixing.exponents().map(|(_, variables)| variables)
    }

    /// Shape of all coefficients together: see [`Batch::coefficients`].
    pub fn shape(&self) -> Vec<usize> {
        let (b, m, n) = (self.count, self.parts.outputs.len(), self.parts.request.order);
        let p = self.parts.model.inputs();
        let rays = self.parts.directions.as_ref().map_or(1, Directions::len);
        match self.parts.request.terms {
            Terms::Gradient(_) => return vec![b, m, n, rays, p],
            Terms::Hessian(_) => return vec![b, m, rays, p],
            Terms::Operator(_) => return vec![b, m],
            Terms::Unmixed | Terms::Along(_) | Terms::Mixed(_) => {}
        }
        match (&self.parts.mixing, &self.parts.directions) {
            (Mixing::None, None) => vec![b, m, n, self.parts.model.inputs()],
            (Mixing::None, Some(directions)) => vec![b, m, n, directions.len()],
            (mixing, _) => vec![b, m, mixing.terms()],
        }
    }

    /// Bytes of memory that the run takes at most, besides points and directions.
    pub fn bytes(&self) -> u64 {
        self.chunking.bytes
    }

    /// Multiplications and additions of the run, about.
    pub fn flops(&self) -> f64 {
        self.chunking.flops(&self.parts.plan, self.count, self.lanes)
    }

    /// Runs it and waits. `progress` is called after each chunk; it may break to stop.
    ///
    /// # Errors
    /// If numbers overflow, the sink fails, or `progress` breaks.
    pub fn run(&self, sink: &mut dyn Sink, progress: OnProgress) -> Result<Report> {
        pollster::block_on(self.run_async(sink, progress))
    }

    /// Runs it without blocking for a GPU; a CPU computes on its own threads meanwhile.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_async(&self, sink: &mut dyn Sink, progress: OnProgress<'_>) -> Result<Report> {
        self.run_cut(&self.chunking, sink, progress).await
    }

    /// How the work is cut, if so many bytes are for what comes of it.
    pub(super) fn chunking_beside(&self, reserved: u64) -> Result<Chunking> {
        self.parts.chunking(self.count, reserved)
    }

    /// Runs it in such chunks.
    pub(super) async fn run_cut(
        &self,
        chunking: &Chunking,
        sink: &mut dyn Sink,
        progress: OnProgress<'_>,
    ) -> Result<Report> {
        let parts = &*self.parts;
        let mut total = chunking.chunks(0..self.count, self.lanes).len();
        let mut done = 0;
        let scales = parts.slopes.as_ref().map(|slopes| slopes.at(&self.points, &parts.threads));
        let radii = match (scales, &parts.directions, parts.request.precision) {
            (Some(scales), Some(directions), Precision::F32) => scales.radii(directions),
            _ => None,
        };
        let weights = match &parts.mixing {
            Mixing::Operator(by_rays) => Some(by_rays.weights(radii.as_ref())),
            Mixing::None
            | Mixing::Groups { .. }
            | Mixing::Rows { .. }
            | Mixing::Estimate(_)
            | Mixing::Rule { .. } => None,
        };
        let source = Source {
            points: &self.points,
            directions: parts.directions.as_ref(),
            outputs: &parts.outputs,
            radii: radii.as_ref(),
            weights: weights.as_ref().map(|weights| weights as &dyn Weigh),
        };
        if parts.request.precision == Precision::F32 {
            inputs::check(parts, &self.points).await?;
        }
        let mut summary = Summary::default();
        let mut first_on_kink = None;
        let mut on_kinks_by_rule = Vec::new();
        let (mut undecided, mut first_undecided) = (0, None);
        let mut checker = Checker::new(parts, scales, &self.points, self.lanes);
        for first in (0..self.count).step_by(chunking.batch) {
            let points = first..self.count.min(first + chunking.batch);
            let mut assembled = Assembled::new(parts, points.clone());
            let chunks = chunking.chunks(points.clone(), self.lanes);
            let mut tell = || {
                done += 1;
                total = total.max(done); // a GPU short of memory cuts smaller
                match progress(Progress { done, total }) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(Error::Interrupted),
                }
            };
            let mut behind = Vec::new();
            let mut no_value = None;
            let mut deliver = |chunk: &Chunk, result: ChunkResult| {
                // Not the run's failure: another plan wouldn't help.
                if let Err(error) = assembled.place(parts, chunk, &result, first) {
                    no_value.get_or_insert(error);
                }
                // Several variables have more than two sides, and the published rule's adjoints run back through all at once.
                if parts.plan.monomials.is_none()
                    && parts.directions.is_some()
                    && result.kinks.iter().any(|kink| kink.begins)
                {
                    behind.push(Chunk { side: Side::Behind, ..chunk.clone() });
                }
                tell()
            };
            let at_once = chunking.workers;
            let room = parts.sizes.budget.saturating_sub(chunking.bytes).saturating_add(SLACK);
            let run = Run { chunks: &chunks, source, at_once };
            let mut missing = Vec::new();
            match parts.runner.run(run, &mut deliver).await {
                Err(Error::NonFinite { .. }) if parts.plan.is_gradient() && parts.model.may_lose_orders() => {
                    let mut deliver_some = |chunk: &Chunk, result: Option<ChunkResult>| match result {
                        Some(result) => deliver(chunk, result),
                        None => {
                            missing.push(chunk.clone());
                            Ok(())
                        }
                    };
                    parts.runner.run_with_gaps(run, &mut deliver_some).await?;
                }
                result => result?,
            }
            if let Some(error) = no_value {
                return Err(error);
            }
            let mut missing: Vec<Open> =
                missing.iter().flat_map(|chunk| assembled.rays_of(chunk, first)).collect();
            missing.sort_unstable();
            missing.dedup();
            limits::fill(parts, &self.points, first, &missing, room, &mut assembled).await?;
            // Where the network jumps there may be no series for t < 0: it is another one.
            let mut deliver = |chunk: &Chunk, result: Option<ChunkResult>| {
                match &result {
                    Some(result) => assembled.compare_behind(chunk, result, first),
                    None => assembled.differs_behind(chunk, first),
                }
                tell()
            };
            parts.runner.run_with_gaps(Run { chunks: &behind, source, at_once }, &mut deliver).await?;
            let decided =
                branches::settle(parts, &self.points, first, (self.matter, room), &mut assembled).await?;
            for Open { point, ray } in missing.into_iter().chain(decided) {
                checker.leave_out(first + point, ray);
            }
            assembled.settle_gradients();
            consistent(parts, assembled.inconsistency)?;
            let (open, first_open) = assembled.undecided();
            if parts.plan.is_gradient() && open > 0 {
                undecided += open;
                first_undecided =
                    first_undecided.or(first_open.map(|(point, ray, at)| (first + point, ray, at)));
            }
            if parts.directions.is_none() {
                on_kinks_by_rule.extend(assembled.points_on_kinks().map(|point| first + point));
            }
            let at_first = assembled.first_on_kink();
            // Of an operator rays are compared: in it they are added up.
            let by_rays = matches!(parts.mixing, Mixing::Operator(_) | Mixing::Estimate(_));
            if by_rays {
                checker.take(&Batch {
                    first,
                    points: points.len(),
                    value: &assembled.value,
                    terms: TermKind::Along,
                    shape: &[],
                    coefficients: &assembled.coefficients,
                    errors: &[],
                    kinks: &[],
                });
            }
            assembled.mix(parts, first)?;
            if parts.plan.monomials.is_some() {
                on_kinks::settle(parts, &self.points, first, &mut assembled).await?;
            }
            if parts.directions.is_some() {
                let one_sided = assembled.kinks.iter().filter(|kink| kink.begins).count();
                if one_sided > 0 && first_on_kink.is_none() {
                    first_on_kink = at_first.map(|(point, ray, at)| (first + point, ray, at));
                }
                summary.one_sided += one_sided;
            }
            let kinks: Vec<f64> = assembled.kinks.iter().map(Kink::reach).collect();
            let mut shape = self.shape();
            shape[0] = points.len();
            let batch = Batch {
                first,
                points: points.len(),
                value: &assembled.value,
                terms: parts.request.terms.kind(),
                shape: &shape,
                coefficients: &assembled.coefficients,
                errors: &assembled.errors,
                kinks: if self.kink_distances() > 0 { &kinks } else { &[] },
            };
            summary.take(&batch, parts.outputs.len(), usize::from(!self.exponents().is_empty()));
            if !by_rays {
                checker.take(&batch);
            }
            sink.batch(&batch).map_err(Error::Sink)?;
        }
        let mut certificate = parts.certificate.clone();
        let (method, terms) = (parts.request.method, parts.request.terms.kind());
        if let Some((point, ray, at)) = first_undecided {
            let layer = on_kinks::layer(parts, &self.points, point, ray, at).await?;
            certificate.undecided(undecided, &place(point, layer));
        } else if let Some((point, ray, at)) = first_on_kink {
            let layer = on_kinks::layer(parts, &self.points, point, ray, at).await?;
            certificate.on_kinks(summary.one_sided, &place(point, layer), method, terms);
        }
        if certificate.exact && !on_kinks_by_rule.is_empty() {
            let shown = on_kinks::shown(parts, &self.points, on_kinks_by_rule).await?;
            summary.one_sided = shown.len();
            if let Some((point, layer)) = shown.into_iter().next() {
                certificate.on_kinks(summary.one_sided, &place(point, layer), method, terms);
            }
        }
        Ok(Report {
            certificate,
            one_sided: summary.one_sided,
            kink_distance: summary.kink_distance(),
            largest: summary.largest,
            verification: checker.finish().await?,
            kernels: parts.runner.take_times(),
        })
    }
}

/// An error if gradients aren't those of the series along the rays: both passes see the same network, so that only a wrong kernel explains it.
fn consistent(parts: &Parts, inconsistency: f64) -> Result<()> {
    let allowed = match parts.request.precision {
        Precision::F32 => 1e-2,
        Precision::F64 => 1e-6,
    };
    if inconsistency <= allowed {
        return Ok(());
    }
    Err(Error::Device {
        device: parts.request.device.name(),
        cause: format!(
            "gradients are off by {inconsistency:.1e} from the coefficients along their rays: use --precision f64 on the CPU, and please report this \
             with the output of `hope adapters`"
        ),
    })
}

/// For people: a point, and the layer on whose kink it lies; in f32 a unit may be on one beside which it lies in f64.
fn place(point: usize, layer: Option<Layer>) -> String {
    let layer = layer.map_or("a layer, in f32".into(), |layer| format!("'{}' ({})", layer.name, layer.kind));
    format!("point {point}, {layer}")
}
