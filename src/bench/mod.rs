//! Measuring what devices do: whole expansions, single kernels, and how much of what the device can do that is.
//!
//! [`Workload::all`] is what `hope bench` runs; [`Target`] is a device to run it on. Every measurement is compared with an
//! independent computation in the same run. Times are medians of repeats after a warm-up; what would take too long is
//! measured in part, or skipped with the reason: see [`Outcome`].

mod cost;
mod expansion;
#[cfg(feature = "files")]
pub mod json;
mod kernel;
mod networks;
pub mod record;
mod truth;

pub use kernel::Alone;
pub use networks::{mnist_cnn, mnist_mlp, points};
pub use truth::Stored;

use std::sync::Arc;

pub use crate::backend::{Effort, Peak, Spread};
use crate::backend::{Instruments, KernelTime, Kind};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::Method;
use crate::{Device, Precision, threads};
use expansion::Whole;

/// A device to measure.
#[derive(Clone, Debug)]
pub struct Target {
    /// The device.
    pub device: Device,
    /// The number type; f32 on GPUs.
    pub precision: Precision,
    /// Threads of the processor.
    pub cores: usize,
}

impl Target {
    /// A device, with all of the machine's cores.
    pub fn new(device: Device, precision: Precision) -> Self {
        Self { device, precision, cores: threads::default_count() }
    }

    /// What computes.
    fn kind(&self) -> Kind {
        self.device.kind()
    }

    fn instruments(&self) -> Result<&dyn Instruments> {
        self.device.backend().instruments().ok_or_else(|| Error::Device {
            device: self.device.name(),
            cause: "it has no instruments to measure single kernels and peaks with: measure whole expansions"
                .into(),
        })
    }

    /// Measures what the device can do.
    ///
    /// # Errors
    /// If it fails, or computes wrong numbers.
    pub async fn peak(&self, effort: Effort) -> Result<Peak> {
        self.instruments()?.peak(self.precision, self.cores, effort.budget).await
    }

    /// Measures a workload.
    ///
    /// # Errors
    /// If the device fails, or numbers overflow.
    pub async fn measure(&self, workload: &Workload, effort: Effort) -> Result<Outcome> {
        match &workload.task {
            Task::Expansion { model, what, order, points } => {
                let whole = Whole { model, what: *what, order: *order, points: *points };
                expansion::measure(self, whole, effort).await
            }
            Task::Kernel(alone) => kernel::measure(self, *alone, effort).await,
            Task::Truth { model, stored } => {
                Ok(Outcome::Measured(Box::new(truth::measure(self, model, *stored, effort).await?)))
            }
        }
    }
}

/// Largest deviation from f64 that a result may have, as the norm of an order.
fn tolerance(target: &Target) -> f64 {
    match target.precision {
        Precision::F32 => 1e-3,
        Precision::F64 => 1e-9,
    }
}

/// Something to measure.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name in tables and files; the same on all devices.
    pub name: String,
    /// What to do.
    pub task: Task,
}

/// What to measure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Task {
    /// What a network has at some points.
    Expansion {
        /// The network.
        model: Arc<Model>,
        /// What of it.
        what: What,
        /// Highest order.
        order: usize,
        /// Points.
        points: usize,
    },
    /// A kernel alone.
    Kernel(Alone),
    /// The MNIST CNN at a digit, compared with what independent automatic differentiation says of it.
    Truth {
        /// It.
        model: Arc<Model>,
        /// What is compared.
        stored: Stored,
    },
}

/// What of a network is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// All unmixed coefficients of all outputs, by a method.
    Unmixed(Method),
    /// The gradient series of the first output along a ray, by one backward pass.
    Gradient,
    /// The Hessian of the first output: a backward pass for each row.
    Hessian,
}

impl What {
    /// Its name in those of workloads.
    fn name(self) -> &'static str {
        match self {
            Self::Unmixed(method) => method.name(),
            Self::Gradient => "gradient",
            Self::Hessian => "hessian",
        }
    }

    /// So many points are measured together, besides a single one; none: only that.
    fn batch(self) -> Option<usize> {
        match self {
            Self::Unmixed(Method::Exact) => Some(16),
            // These have few series per point.
            Self::Unmixed(Method::Hope) | Self::Gradient => Some(64),
            Self::Hessian => None,
        }
    }
}

/// Orders of the full set.
const ORDERS: [usize; 3] = [3, 5, 10];

/// Networks of more inputs have too large a Hessian.
const HESSIAN_INPUTS: usize = 1024;

impl Workload {
    /// Expansions of a network: by both methods where the rule has an answer, and gradients, at several orders, one point and many; the Hessian.
    pub fn network(name: &str, model: &Arc<Model>, quick: bool) -> Vec<Self> {
        let mut all = Vec::new();
        let orders = if quick { &ORDERS[..1] } else { &ORDERS };
        let mut push = |what: What, order: usize| {
            for points in [1].into_iter().chain(what.batch()) {
                let name = format!("{name}-{}-{order}-x{points}", what.name());
                let task = Task::Expansion { model: model.clone(), what, order, points };
                all.push(Self { name, task });
            }
        };
        for what in [What::Unmixed(Method::Exact), What::Unmixed(Method::Hope), What::Gradient] {
            orders.iter().for_each(|&order| push(what, order));
        }
        if model.inputs() <= HESSIAN_INPUTS {
            push(What::Hessian, 2);
        }
        all
    }

    /// The kernels alone.
    pub fn kernels(quick: bool) -> Vec<Self> {
        let mut all = Vec::new();
        let mut push = |name: String, alone| all.push(Self { name, task: Task::Kernel(alone) });
        let sizes: &[usize] = if quick { &[256] } else { &[512, 2048] };
        for &n in sizes {
            push(format!("product-{n}"), Alone::Square(n));
        }
        push("product-mlp".into(), Alone::Layer);
        push("conv-cnn".into(), Alone::Conv);
        for &order in if quick { &ORDERS[..1] } else { &ORDERS } {
            push(format!("compose-tanh-{order}"), Alone::Compose { order });
            push(format!("bell-tanh-{order}"), Alone::Bell { order });
        }
        all
    }

    /// The networks that come with the library, and the kernels.
    ///
    /// # Errors
    /// If this build can't read the networks.
    pub fn all(quick: bool) -> Result<Vec<Self>> {
        Self::all_with(mnist_cnn()?, quick)
    }

    /// [`Self::all`] with [`mnist_cnn`] from elsewhere: a page has it anyway.
    ///
    /// # Errors
    /// None that outside input could cause.
    pub fn all_with(cnn: Model, quick: bool) -> Result<Vec<Self>> {
        let cnn = Arc::new(cnn);
        let mut all = Self::network("cnn", &cnn, quick);
        all.extend(Self::network("mlp", &Arc::new(mnist_mlp()?), quick));
        all.extend(
            Stored::ALL
                .map(|stored| Self { name: stored.name(), task: Task::Truth { model: cnn.clone(), stored } }),
        );
        all.extend(Self::kernels(quick));
        Ok(all)
    }

    /// What a rate counts: expansions of a point, or runs of a kernel.
    pub fn is_expansion(&self) -> bool {
        matches!(self.task, Task::Expansion { .. })
    }
}

/// Bytes that may stay in the caches of a core, or of a GPU.
const CACHES: f64 = 32e6;

/// What came of a workload.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was measured.
    Measured(Box<Measured>),
    /// It would take too long: why.
    Skipped(String),
}

/// A measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Seconds of a run.
    pub seconds: Spread,
    /// Expansions of a point, or runs of the kernel, in a run.
    pub per_run: f64,
    /// Multiplications and additions of a run, about.
    pub flops: f64,
    /// Bytes that a run reads and writes at the least; none for whole expansions.
    pub bytes: Option<f64>,
    /// Relative deviation from an independent computation in f64; the worst order.
    pub deviation: f64,
    /// The largest deviation allowed.
    pub tolerance: f64,
    /// Which part of the workload was measured, if not all of it; then rates are extrapolated.
    pub reduced: Option<String>,
    /// Time per kernel, the slowest first, of a whole run; on processors, of all threads together.
    pub kernels: Vec<KernelTime>,
    /// Whether the seconds are those of the kernel alone; else they include submitting and waiting, as a user sees them.
    pub on_device: bool,
}

impl Measured {
    /// Expansions or runs per second.
    pub fn rate(&self) -> f64 {
        self.per_run / self.seconds.median
    }

    /// Multiplications and additions per second.
    pub fn flops_rate(&self) -> f64 {
        self.flops / self.seconds.median
    }

    /// Bytes per second, where they are known.
    pub fn bytes_rate(&self) -> Option<f64> {
        self.bytes.map(|bytes| bytes / self.seconds.median)
    }

    /// What limits a kernel: the resource of which it uses more than half; `neither` if there is none. Memory doesn't limit a
    /// kernel whose data stay in caches.
    pub fn limit(&self, peak: &Peak) -> Option<&'static str> {
        let (flops, bytes) = (self.flops_rate() / peak.flops, self.bytes_rate()? / peak.bytes);
        let cached = self.bytes? / self.per_run < CACHES;
        Some(match (flops > 0.5, bytes > 0.5 && !cached) {
            (true, true) if bytes > flops => "memory",
            (true, _) => "multiply-adds",
            (false, true) => "memory",
            (false, false) => "neither",
        })
    }

    /// Whether the result is right.
    pub fn is_right(&self) -> bool {
        self.deviation <= self.tolerance
    }
}
