//! A GPU as a [`Backend`].

use std::any::Any;
use std::sync::Arc;

use super::{Choice, Engine, GpuExecutor, MAX_ORDER};
use crate::backend::{Abilities, About, Backend, BoxFuture, Device, Executor, Instruments, Kind, Opening};
use crate::error::Result;
use crate::plan::{Kernels, Plan};
use crate::scalar::Precision;

/// Points of a chunk of a plain forward pass.
const POINTS: usize = 4096;

/// An engine, behind the door of all devices.
#[derive(Clone, Debug)]
pub(super) struct Gpu {
    pub engine: Arc<Engine>,
}

impl Device {
    /// A GPU: computes in f32, orders up to 16.
    pub fn gpu(engine: impl Into<Arc<Engine>>) -> Self {
        Self::new(Gpu { engine: engine.into() })
    }

    /// Opens a GPU of the caller's choice.
    ///
    /// # Errors
    /// If there is none, or it can't be opened.
    pub async fn open(choice: &Choice) -> Result<Self> {
        Ok(Self::gpu(Engine::open(choice, None).await?))
    }

    /// The engine, if it is a GPU.
    pub fn engine(&self) -> Option<&Arc<Engine>> {
        let backend: &dyn Any = self.backend();
        backend.downcast_ref::<Gpu>().map(|gpu| &gpu.engine)
    }
}

impl From<Arc<Engine>> for Device {
    fn from(engine: Arc<Engine>) -> Self {
        Self::gpu(engine)
    }
}

impl Backend for Gpu {
    fn about(&self) -> About {
        let info = self.engine.info();
        About {
            name: info.name.clone(),
            driver: format!("{} {} ({})", info.driver, info.driver_info, info.backend),
            kind: if self.engine.is_software() { Kind::Software } else { Kind::Gpu },
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            precisions: &[Precision::F32],
            max_order: MAX_ORDER,
            // Few large products suit a GPU.
            kernels: Kernels::Portable,
            series: GpuExecutor::SERIES,
            points: POINTS,
            // One computes while the other is read back.
            at_once: Some(2),
        }
    }

    fn check(&self, plan: &Plan) -> Result<()> {
        GpuExecutor::check(&self.engine, plan)
    }

    fn fits(&self, plan: &Plan, points: usize, lanes: usize) -> bool {
        GpuExecutor::fits(&self.engine, plan, points, lanes)
    }

    fn open(&self, opening: Opening) -> BoxFuture<'_, Result<Arc<dyn Executor>>> {
        let engine = self.engine.clone();
        Box::pin(async move {
            let executor = GpuExecutor::new(engine, opening.plan, opening.profile).await?;
            Ok(Arc::new(executor) as Arc<dyn Executor>)
        })
    }

    fn reopen(&self) -> BoxFuture<'_, Result<Device>> {
        Box::pin(async move { Ok(Device::gpu(self.engine.reopen().await?)) })
    }

    #[cfg(feature = "bench")]
    fn instruments(&self) -> Option<&dyn Instruments> {
        Some(self)
    }

    #[cfg(not(feature = "bench"))]
    fn instruments(&self) -> Option<&dyn Instruments> {
        None
    }
}
