//! What a user asks for.

use crate::certificate::TermKind;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;

/// Which coefficients.
#[derive(Clone, Debug)]
pub enum Terms {
    /// Pure powers of one input each, for all inputs.
    Unmixed,
    /// Along directions; the exact method only.
    Along(Directions),
    /// All monomials up to the order: in the inputs, or in the coordinates of a subspace with these directions, row-major
    /// `[variables, inputs]`.
    Mixed(Option<Vec<f64>>),
}

impl Terms {
    /// Which kind of terms.
    pub fn kind(&self) -> TermKind {
        match self {
            Self::Unmixed => TermKind::Unmixed,
            Self::Along(_) => TermKind::Along,
            Self::Mixed(_) => TermKind::Mixed,
        }
    }

    /// Name as the command line and results spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unmixed => "unmixed",
            Self::Along(_) => "along",
            Self::Mixed(_) => "mixed",
        }
    }
}

/// The number type to compute in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Precision {
    /// Bytes per number.
    pub fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Name as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// Where to compute.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Device {
    /// On all cores of the processor, in f32 or f64.
    #[default]
    Cpu,
    /// On a GPU, in f32, orders up to 16.
    #[cfg(feature = "gpu")]
    Gpu(std::sync::Arc<crate::gpu::Engine>),
}

/// What to compute. Fields may be set directly; [`Request::new`] sets defaults.
#[derive(Clone, Debug)]
pub struct Request {
    /// Reference inputs, `[points, inputs]`.
    pub points: Vec<f64>,
    /// Highest order.
    pub order: usize,
    /// Which coefficients; default: unmixed.
    pub terms: Terms,
    /// How; default: exact.
    pub method: Method,
    /// Selected outputs; default: all.
    pub outputs: Option<Vec<usize>>,
    /// Number type; default: f64. GPUs compute in f32 only.
    pub precision: Precision,
    /// Where; default: on the CPU.
    pub device: Device,
    /// Bytes of memory for the work; default: half of the free memory.
    pub memory: Option<u64>,
    /// Number of random rays to recompute in f64 and compare; default: none.
    pub verify: usize,
    /// Measure the time of each kernel, where the device can; default: no.
    pub profile: bool,
}

impl Request {
    /// All unmixed coefficients to `order` by the exact method in f64.
    pub fn new(points: Vec<f64>, order: usize) -> Self {
        Self {
            points,
            order,
            terms: Terms::Unmixed,
            method: Method::Exact,
            outputs: None,
            precision: Precision::F64,
            device: Device::Cpu,
            memory: None,
            verify: 0,
            profile: false,
        }
    }

    /// Checks the request against a model; returns the number of points and the selected outputs.
    pub(super) fn check(&self, model: &Model) -> Result<(usize, Vec<usize>)> {
        let inputs = model.inputs();
        if self.points.is_empty() || !self.points.len().is_multiple_of(inputs) {
            return Err(Error::Request(format!(
                "the model takes {inputs} numbers per point (shape {:?}), but {} were given",
                model.input_shape(),
                self.points.len()
            )));
        }
        if let Some(i) = self.points.iter().position(|x| !x.is_finite()) {
            return Err(Error::Request(format!("point {} has a coordinate that is not finite", i / inputs)));
        }
        let points = self.points.len() / inputs;
        match &self.terms {
            Terms::Unmixed => {}
            Terms::Along(_) if self.method == Method::Hope => {
                return Err(Error::Request(
                    "the published rule gives no coefficients along directions: use --method exact".into(),
                ));
            }
            Terms::Along(directions) => directions.check(points, inputs)?,
            Terms::Mixed(basis) => {
                if let Some(rows) = basis {
                    Directions::Shared { inputs, rows: rows.clone() }.check(points, inputs)?;
                }
            }
        }
        let outputs = match &self.outputs {
            None => (0..model.outputs()).collect(),
            Some(outputs) => outputs.clone(),
        };
        if let Some(output) = outputs.iter().find(|&&o| o >= model.outputs()) {
            return Err(Error::Request(format!(
                "there is no output {output}: the model has outputs 0 to {}",
                model.outputs() - 1
            )));
        }
        #[cfg(feature = "gpu")]
        if let (Device::Gpu(_), Precision::F64) = (&self.device, self.precision) {
            return Err(Error::Request(
                "GPUs compute in f32: use --precision f32, or --device cpu for f64".into(),
            ));
        }
        if outputs.is_empty() {
            return Err(Error::Request("no outputs are selected".into()));
        }
        Ok((points, outputs))
    }
}
