//! The processor: runs a plan's kernels chunk by chunk, on all threads, in f32 or f64. It is the reference for every other backend.

#[cfg(feature = "bench")]
mod bench;
mod executor;
mod pool;

use std::sync::Arc;

pub use executor::{Arena, CpuExecutor};

use crate::backend::{Abilities, About, Backend, BoxFuture, Device, Executor, Instruments, Kind, Opening};
use crate::error::Result;
use crate::plan::{Kernels, Plan};
use crate::scalar::Precision;
use crate::series::MAX_ORDER;
use pool::Pool;

/// Series per chunk: enough rows for an efficient matrix product, few enough to stay in the cache.
const SERIES: usize = 64;

/// The processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device {
    /// The processor.
    pub fn cpu() -> Self {
        Self::new(Cpu)
    }
}

impl Default for Device {
    /// The processor.
    fn default() -> Self {
        Self::cpu()
    }
}

impl Backend for Cpu {
    fn about(&self) -> About {
        About {
            name: "cpu".into(),
            driver: format!(
                "hope {} CPU path, {}-{}",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
            kind: Kind::Processor,
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            precisions: &[Precision::F64, Precision::F32],
            max_order: MAX_ORDER,
            // Many small products suit a processor.
            kernels: Kernels::Cpu,
            series: SERIES,
            points: SERIES,
            at_once: None,
        }
    }

    fn check(&self, _: &Plan) -> Result<()> {
        Ok(())
    }

    fn fits(&self, _: &Plan, _: usize, _: usize) -> bool {
        true
    }

    fn open(&self, opening: Opening) -> BoxFuture<'_, Result<Arc<dyn Executor>>> {
        Box::pin(async move {
            Ok(match opening.precision {
                Precision::F32 => Arc::new(Pool::<f32>::new(opening)) as Arc<dyn Executor>,
                Precision::F64 => Arc::new(Pool::<f64>::new(opening)),
            })
        })
    }

    fn reopen(&self) -> BoxFuture<'_, Result<Device>> {
        Box::pin(async { Ok(Device::cpu()) }) // it is never lost
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
