//! A request planned for a model, and its run.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::assembled::Assembled;
use super::chunks::{CPU_SERIES, Chunking, Work};
use super::rule_mixed;
use super::summary::Summary;
use super::verify::Checker;
use super::{Batch, Device, Precision, Report, Request, Sink, Terms};
use crate::certificate::{Certificate, Kinks};
use crate::cpu::CpuPool;
use crate::error::{Error, Result};
use crate::executor::{Chunk, ChunkResult, Executor, Source};
#[cfg(feature = "gpu")]
use crate::gpu::{GpuExecutor, ResilientExecutor};
use crate::interpolation::{self, Interpolation};
use crate::memory;
use crate::model::Model;
use crate::plan::{Kernels, Method, Plan, Rays, Target, first_linear_layers};
use crate::rays::Directions;

/// A request planned for a model: ready to run, with everything known that can be known before.
#[derive(Debug)]
pub struct Job<'a> {
    pub(super) model: &'a Model,
    pub(super) request: &'a Request,
    pub(super) points: usize,
    pub(super) outputs: Vec<usize>,
    pub(super) directions: Option<Directions>,
    pub(super) mixing: Mixing,
    plan: Plan,
    chunking: Chunking,
    certificate: Certificate,
    /// Rays or outputs of each point that are computed.
    lanes: usize,
}

/// How mixed coefficients come about.
#[derive(Debug)]
pub(super) enum Mixing {
    /// They aren't asked for.
    None,
    /// From rays.
    Rays { interpolation: Arc<Interpolation>, exponents: Vec<u8> },
    /// From the adjoints of the first linear layers.
    Rule { matrix: Vec<f64>, exponents: Vec<u8>, variables: usize },
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

impl<'a> Job<'a> {
    /// Plans a request.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, or the memory can't suffice.
    pub fn new(model: &'a Model, request: &'a Request) -> Result<Self> {
        let (points, outputs) = request.check(model)?;
        let certificate = Certificate::new(model, request.method, request.terms.kind())?;
        let (plan, directions, mixing) = match request.method {
            Method::Exact => plan_exact(model, request)?,
            Method::Hope => plan_rule(model, request)?,
        };
        let lanes = directions.as_ref().map_or(outputs.len(), Directions::len);
        let terms = mixing.exponents().map_or(0, |(exponents, variables)| exponents.len() / variables);
        let lane_units = match request.method {
            Method::Exact => outputs.len(),
            Method::Hope => plan.adjoints.iter().map(|id| plan.values[id.0].units).sum(),
        };
        let work = Work {
            points,
            lanes,
            scalar: request.precision.bytes(),
            lane_result: (8 * lane_units * request.order) as u64,
            point_result: 8 * (outputs.len() * (terms + 1) + lanes) as u64,
            series: CPU_SERIES,
            budget: request.memory.unwrap_or_else(memory::default_budget),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let chunking = match &request.device {
            Device::Cpu => Chunking::new(&plan, &work, &|_, _| true)?,
            #[cfg(feature = "gpu")]
            Device::Gpu(engine) => {
                GpuExecutor::check(engine, &plan)?;
                // Two chunks are under way at once: one computes while the other is read back.
                let work = Work { cores: 2, series: GpuExecutor::SERIES, ..work };
                Chunking::new(&plan, &work, &|samples, lanes| {
                    GpuExecutor::fits(engine, &plan, samples, lanes)
                })?
            }
        };
        tracing::debug!(?chunking, "{plan}");
        Ok(Self { model, request, points, outputs, directions, mixing, plan, chunking, certificate, lanes })
    }

    /// The job with the first rays of each point only, for measurements on slow devices; the other rays' coefficients are zeros.
    #[cfg(feature = "bench")]
    pub(crate) fn first_rays(mut self, rays: usize) -> Self {
        if self.directions.is_some() {
            self.lanes = rays.clamp(1, self.lanes);
        }
        self
    }

    /// Whether the result will be exact, and why.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model
    }

    /// What is asked for.
    pub fn request(&self) -> &Request {
        self.request
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The selected outputs.
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// Number of rays per point; none for the published rule.
    pub fn rays(&self) -> Option<usize> {
        self.directions.as_ref().map(Directions::len)
    }

    /// Number of kink distances that batches bring per point: one per ray, the nearest of all rays for mixed terms;
    /// 0 where the network is smooth or the method has no rays.
    pub fn kink_distances(&self) -> usize {
        match (&self.certificate.kinks, &self.directions, &self.mixing) {
            (Kinks::None, ..) | (_, None, _) => 0,
            (_, Some(directions), Mixing::None) => directions.len(),
            (_, Some(_), _) => 1,
        }
    }

    /// Number of chunks that run at once, each on a core of its own.
    pub fn workers(&self) -> usize {
        self.chunking.workers
    }

    /// Exponents of mixed terms, `[terms, variables]`; empty for others.
    pub fn exponents(&self) -> &[u8] {
        self.mixing.exponents().map_or(&[], |(exponents, _)| exponents)
    }

    /// Number of variables of mixed terms.
    pub fn variables(&self) -> Option<usize> {
        self.mixing.exponents().map(|(_, variables)| variables)
    }

    /// Shape of all coefficients together: see [`Batch::coefficients`].
    pub fn shape(&self) -> Vec<usize> {
        let (b, m, n) = (self.points, self.outputs.len(), self.request.order);
        match (&self.mixing, &self.directions) {
            (Mixing::None, None) => vec![b, m, n, self.model.inputs()],
            (Mixing::None, Some(directions)) => vec![b, m, n, directions.len()],
            (mixing, _) => {
                let (exponents, variables) = mixing.exponents().unwrap_or((&[], 1));
                vec![b, m, exponents.len() / variables]
            }
        }
    }

    /// Bytes of memory that the run takes at most, besides points and directions.
    pub fn bytes(&self) -> u64 {
        self.chunking.bytes
    }

    /// Multiplications and additions of the run, about.
    pub fn flops(&self) -> f64 {
        let Chunking { samples, lanes, .. } = self.chunking;
        let chunks = self.points as f64 / samples as f64 * self.lanes() as f64 / lanes as f64;
        self.plan.flops(samples, lanes) * chunks
    }

    /// Runs it and waits. `progress` is called after each chunk; it may break to stop.
    ///
    /// # Errors
    /// If numbers overflow, the sink fails, or `progress` breaks.
    pub fn run(&self, sink: &mut dyn Sink, progress: OnProgress) -> Result<Report> {
        pollster::block_on(self.run_async(sink, progress))
    }

    /// Runs it without blocking for a GPU; a CPU computes on the caller's thread and rayon's.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_async(&self, sink: &mut dyn Sink, progress: OnProgress<'_>) -> Result<Report> {
        let (plan, workers) = (self.plan.clone(), self.chunking.workers);
        match (&self.request.device, self.request.precision) {
            #[cfg(feature = "gpu")]
            (Device::Gpu(engine), _) => {
                let executor = ResilientExecutor::new(engine.clone(), plan, self.request.profile);
                self.run_on(executor, sink, progress).await
            }
            (Device::Cpu, Precision::F32) => {
                self.run_on(CpuPool::<f32>::new(plan, workers)?, sink, progress).await
            }
            (Device::Cpu, Precision::F64) => {
                self.run_on(CpuPool::<f64>::new(plan, workers)?, sink, progress).await
            }
        }
    }

    async fn run_on(
        &self,
        mut executor: impl Executor,
        sink: &mut dyn Sink,
        progress: OnProgress<'_>,
    ) -> Result<Report> {
        let mut total = self.chunking.chunks(0..self.points, self.lanes()).len();
        let mut done = 0;
        let source = Source {
            points: &self.request.points,
            directions: self.directions.as_ref(),
            outputs: &self.outputs,
        };
        let mut summary = Summary::default();
        let mut checker = Checker::new(self);
        for first in (0..self.points).step_by(self.chunking.batch) {
            let points = first..self.points.min(first + self.chunking.batch);
            let mut assembled = Assembled::new(self, points.clone());
            let chunks = self.chunking.chunks(points.clone(), self.lanes());
            let mut deliver = |chunk: &Chunk, result: ChunkResult| {
                assembled.place(chunk, &result, first);
                done += 1;
                total = total.max(done); // a GPU short of memory cuts smaller
                match progress(Progress { done, total }) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(Error::Interrupted),
                }
            };
            executor.run(&chunks, source, &mut deliver).await?;
            assembled.mix(self);
            let batch = Batch {
                first,
                points: points.len(),
                value: &assembled.value,
                coefficients: &assembled.coefficients,
                kinks: if self.kink_distances() > 0 { &assembled.kinks } else { &[] },
            };
            summary.take(&batch, self.outputs.len(), usize::from(!self.exponents().is_empty()));
            checker.take(&batch);
            sink.batch(&batch).map_err(Error::Sink)?;
        }
        let condition = match &self.mixing {
            Mixing::Rays { interpolation, .. } => Some(interpolation.condition()),
            _ => None,
        };
        Ok(Report {
            certificate: self.certificate.clone(),
            condition,
            kink_distance: summary.kink_distance(),
            largest: summary.largest,
            verification: checker.finish()?,
            kernels: executor.take_times(),
        })
    }

    /// Rays or outputs of each point that are computed.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }
}

type Planned = (Plan, Option<Directions>, Mixing);

fn plan_exact(model: &Model, request: &Request) -> Result<Planned> {
    let inputs = model.inputs();
    let (rays, directions, mixing) = match &request.terms {
        Terms::Unmixed => (Rays::Unit, Directions::Unit { inputs }, Mixing::None),
        Terms::Along(directions) => (Rays::Any, directions.clone(), Mixing::None),
        Terms::Mixed(basis) => {
            let variables = basis.as_ref().map_or(inputs, |rows| rows.len() / inputs);
            // The plan checks the order; here it has to be checked before the terms are counted.
            let plan = Plan::exact(model, request.order, Rays::Any, kernels(&request.device))?;
            let exponents = interpolation::exponents(variables, request.order)?;
            let interpolation = Arc::new(Interpolation::new(variables, request.order)?);
            let directions =
                Directions::Spanned { interpolation: interpolation.clone(), basis: basis.clone(), inputs };
            return Ok((plan, Some(directions), Mixing::Rays { interpolation, exponents }));
        }
    };
    Ok((Plan::exact(model, request.order, rays, kernels(&request.device))?, Some(directions), mixing))
}

/// Many small products suit a CPU, few large ones a GPU.
fn kernels(device: &Device) -> Kernels {
    match device {
        Device::Cpu => Kernels::Cpu,
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => Kernels::Portable,
    }
}

fn plan_rule(model: &Model, request: &Request) -> Result<Planned> {
    let inputs = model.inputs();
    let Terms::Mixed(basis) = &request.terms else {
        return Ok((
            Plan::hope(model, request.order, &Target::Input, kernels(&request.device))?,
            None,
            Mixing::None,
        ));
    };
    let layers = first_linear_layers(model)?;
    let plan = Plan::hope(model, request.order, &Target::Nodes(layers.clone()), kernels(&request.device))?;
    let directions = match basis {
        None => Directions::Unit { inputs },
        Some(rows) => Directions::Shared { inputs, rows: rows.clone() },
    };
    let variables = directions.len();
    let exponents = interpolation::exponents(variables, request.order)?;
    let matrix = rule_mixed::first_layer_matrix(model, &layers, &directions)?;
    Ok((plan, None, Mixing::Rule { matrix, exponents, variables }))
}

impl Mixing {
    pub(super) fn exponents(&self) -> Option<(&[u8], usize)> {
        match self {
            Self::None => None,
            Self::Rays { interpolation, exponents } => Some((exponents, interpolation.variables())),
            Self::Rule { exponents, variables, .. } => Some((exponents, *variables)),
        }
    }
}
