//! The door of a device: what a backend says of itself, and how it runs plans.
//!
//! A [`Backend`] is a kind of device: the processor ([`crate::cpu`]), a GPU (`crate::gpu`), or yours. It states what it can do
//! ([`Abilities`]), whether it can run a plan, and opens an [`Executor`] for one: weights converted or uploaded once, then chunk after chunk. A
//! [`Device`] is a handle on one. Nothing outside a backend's own folder asks which one it is.

mod blame;
mod chunking;
mod clock;
mod executor;
mod instruments;
mod runner;
mod work;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use blame::{Blame, beyond_f64};
pub(crate) use chunking::{Chunking, Work};
#[cfg(feature = "bench")]
pub(crate) use clock::Repeats;
pub use clock::{Effort, Spread};
pub use executor::{Executor, Opening, Place, Run};
pub use instruments::{Instruments, Peak, StepTime, StepWork};
pub(crate) use runner::Runner;
pub use work::{Chunk, ChunkResult, Deliver, KernelTime, Source, Weigh};
pub(crate) use work::{collect, write_given};

use crate::error::{Error, Result};
use crate::plan::{Kernels, Plan};
use crate::scalar::Precision;

/// A future on the heap, as a trait object's methods return them. It may be sent to other threads, except in browsers, where
/// devices belong to one.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A future on the heap, as a trait object's methods return them. It may be sent to other threads, except in browsers, where
/// devices belong to one.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// `Send + Sync`, except in browsers, where devices belong to one thread.
#[cfg(not(target_family = "wasm"))]
pub trait Shared: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync + ?Sized> Shared for T {}
/// `Send + Sync`, except in browsers, where devices belong to one thread.
#[cfg(target_family = "wasm")]
pub trait Shared {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> Shared for T {}

/// `Send`, except in browsers, where devices belong to one thread.
#[cfg(not(target_family = "wasm"))]
pub trait Sent: Send {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + ?Sized> Sent for T {}
/// `Send`, except in browsers, where devices belong to one thread.
#[cfg(target_family = "wasm")]
pub trait Sent {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> Sent for T {}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The processor, by code of its own: the reference.
    Processor,
    /// A GPU.
    Gpu,
    /// A GPU's driver that computes on the processor.
    Software,
}

/// What people call a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Driver or version, and what else identifies it.
    pub driver: String,
    /// What computes.
    pub kind: Kind,
}

/// What a backend can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Number types that it computes in, the best first.
    pub precisions: &'static [Precision],
    /// Highest order.
    pub max_order: usize,
    /// Kernels that it has.
    pub kernels: Kernels,
    /// Series that a chunk should have.
    pub series: usize,
    /// Points that a chunk of a plain forward pass should have.
    pub points: usize,
    /// Chunks under way at once; none: one per thread.
    pub at_once: Option<usize>,
}

/// A kind of device.
///
/// Everything that the engine asks of a device it asks here; a new one is one folder with an implementation. A device that fails may say so with
/// [`Error::DeviceMemory`], after which it gets smaller chunks, or [`Error::DeviceLost`], after which it is [reopened](Self::reopen) once.
pub trait Backend: Any + fmt::Debug + Shared {
    /// What people call it.
    fn about(&self) -> About;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// Whether it can run a plan at all.
    ///
    /// # Errors
    /// If it can't, not even in the smallest chunks: why, and what to do.
    fn check(&self, plan: &Plan) -> Result<()>;

    /// Whether a chunk of so many points and lanes stays within its limits.
    fn fits(&self, plan: &Plan, points: usize, lanes: usize) -> bool;

    /// Makes a plan ready to run: converts or uploads its weights.
    fn open(&self, opening: Opening) -> BoxFuture<'_, Result<Arc<dyn Executor>>>;

    /// Another one in place of this one, which is lost.
    fn reopen(&self) -> BoxFuture<'_, Result<Device>>;

    /// What single kernels and the device's peaks are measured with; none: only whole expansions can be.
    fn instruments(&self) -> Option<&dyn Instruments>;
}

/// Where to compute: a handle on a [`Backend`].
///
/// ```
/// use hope::Device;
///
/// let device = Device::cpu();
/// assert_eq!(device.name(), "cpu");
/// ```
#[derive(Clone, Debug)]
pub struct Device(Arc<dyn Backend>);

impl Device {
    /// A device of your own kind.
    pub fn new(backend: impl Backend) -> Self {
        Self(Arc::new(backend))
    }

    /// The backend.
    pub fn backend(&self) -> &dyn Backend {
        &*self.0
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.0.about().name
    }

    /// What computes.
    pub fn kind(&self) -> Kind {
        self.0.about().kind
    }

    /// Whether it can run a plan in a precision.
    pub(crate) fn check(&self, plan: &Plan, precision: Precision) -> Result<()> {
        let Abilities { precisions, max_order, .. } = self.0.abilities();
        if !precisions.contains(&precision) {
            return Err(Error::Precision { device: self.name(), wanted: precision, offered: precisions });
        }
        if plan.order > max_order {
            return Err(Error::Order { order: plan.order, max: max_order, device: Some(self.name()) });
        }
        self.0.check(plan)
    }
}
