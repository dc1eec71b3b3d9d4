//! What a user asks for.

use crate::backend::{Device, Place};
use crate::certificate::TermKind;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;
use crate::scalar::Precision;

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
    /// Threads of the processor; default: [`crate::threads::default_count`]. Results don't depend on it.
    pub threads: Option<usize>,
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
            device: Device::default(),
            memory: None,
            threads: None,
            verify: 0,
            profile: false,
        }
    }

    /// All of it but the points.
    pub(super) fn without_points(&self) -> Self {
        Self {
            points: Vec::new(),
            order: self.order,
            terms: self.terms.clone(),
            method: self.method,
            outputs: self.outputs.clone(),
            precision: self.precision,
            device: self.device.clone(),
            memory: self.memory,
            threads: self.threads,
            verify: self.verify,
            profile: self.profile,
        }
    }

    /// Where and how to compute.
    pub fn place(&self) -> Place {
        Place {
            device: self.device.clone(),
            precision: self.precision,
            threads: self.threads,
            memory: self.memory,
        }
    }

    /// Checks all but the points against a model; returns the selected outputs.
    pub(super) fn check(&self, model: &Model) -> Result<Vec<usize>> {
        let inputs = model.inputs();
        match &self.terms {
            Terms::Unmixed => {}
            Terms::Along(_) if self.method == Method::Hope => {
                return Err(Error::Terms(
                    "the published rule gives no coefficients along directions: use --method exact".into(),
                ));
            }
            // Of their own for each point: checked with the points.
            Terms::Along(Directions::PerPoint { .. }) => {}
            Terms::Along(directions) => directions.check(1, inputs)?,
            Terms::Mixed(None) => {}
            Terms::Mixed(Some(rows)) => Directions::Shared { inputs, rows: rows.clone() }.check(1, inputs)?,
        }
        model.select_outputs(self.outputs.as_deref())
    }
}
