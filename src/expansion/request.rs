//! What a user asks for.

use super::operator::Operator;
use crate::backend::{Device, Place};
use crate::certificate::TermKind;
use crate::error::{Error, Result};
use crate::memory;
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;
use crate::rows::Rows;
use crate::scalar::Precision;

/// Which coefficients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Terms {
    /// Pure powers of one input each, for all inputs.
    Unmixed,
    /// Along directions; the exact method only.
    Along(Directions),
    /// All monomials up to the order: in the inputs, or in the coordinates of a subspace with these directions,
    /// `[variables, inputs]`.
    Mixed(Option<Rows<'static>>),
    /// Gradients along rays x0 + t v, with respect to all inputs at once: the coefficients g_0 to g_{n-1} of `∇y(x0 + t v) = Σ g_k t^k` for order n, by
    /// one backward pass for each output and ray; the exact method only. Without directions the gradient itself, order 1.
    Gradient(Option<Directions>),
    /// Second derivatives (not halved): the rows of the Hessian of these inputs, or of all; order 2, the exact method only.
    Hessian(Option<Vec<usize>>),
    /// A linear differential operator: one number for each output; of the operator's order, the exact method only.
    Operator(Operator),
}

impl Terms {
    /// Which kind of terms.
    pub fn kind(&self) -> TermKind {
        match self {
            Self::Unmixed => TermKind::Unmixed,
            Self::Along(_) => TermKind::Along,
            Self::Mixed(_) => TermKind::Mixed,
            Self::Gradient(_) => TermKind::Gradient,
            Self::Hessian(_) => TermKind::Hessian,
            Self::Operator(_) => TermKind::Operator,
        }
    }

    /// Whether results are gradients or second derivatives, rather than coefficients of a polynomial.
    pub(super) fn are_gradients(&self) -> bool {
        matches!(self, Self::Gradient(_) | Self::Hessian(_))
    }

    /// All monomials in the coordinates of a subspace with these directions, `[variables, inputs]`.
    pub fn subspace<'a>(directions: impl Into<Rows<'a>>) -> Self {
        Self::Mixed(Some(directions.into().into_owned()))
    }

    /// Name as the command line and results spell it.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }
}

/// What to compute: [`Request::new`] with other fields than the defaults.
///
/// Fields may be added by later versions: begin with [`Request::new`], and name those that you want to set.
///
/// ```
/// use hope::{Precision, Request, Terms};
///
/// let request = Request { terms: Terms::Mixed(None), precision: Precision::F32, ..Request::new(vec![0.5, -0.5], 4) };
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    /// Reference inputs, `[points, inputs]`.
    pub points: Rows<'static>,
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
    /// All unmixed coefficients to `order` by the exact method in f64, at points `[points, inputs]`: an array or its view, or plain numbers.
    pub fn new<'a>(points: impl Into<Rows<'a>>, order: usize) -> Self {
        Self {
            points: points.into().into_owned(),
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
            points: Vec::new().into(),
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

    /// Takes from the memory that is allowed what is needed besides the work: for what a caller makes of its results.
    ///
    /// # Errors
    /// If nothing is left.
    #[doc(hidden)] // for the program's commands
    pub fn reserve(&mut self, bytes: u64) -> Result<()> {
        let allowed = self.memory.unwrap_or_else(memory::default_budget);
        match allowed.checked_sub(bytes).filter(|&left| left > 0) {
            Some(left) => {
                self.memory = Some(left);
                Ok(())
            }
            None => Err(Error::Memory { needed: bytes, allowed }),
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

    /// Checks all but the points against a model; returns the number of selected outputs.
    pub(super) fn check(&self, model: &Model) -> Result<usize> {
        let inputs = model.inputs();
        if let Some(node) = model.quantized() {
            return Err(Error::Node {
                node: node.name.clone(),
                op: node.kind.clone(),
                cause: "it rounds values to whole numbers, a step function without derivatives: --smooth quantize=identity expands the network without this rounding, or take the model before its quantisation".into(),
            });
        }
        match &self.terms {
            Terms::Unmixed => {}
            Terms::Along(_) if self.method == Method::Hope => {
                return Err(Error::Terms(
                    "the published rule gives no coefficients along directions: use --method exact".into(),
                ));
            }
            Terms::Operator(_) if self.method == Method::Hope => {
                return Err(Error::Terms(
                    "the published rule gives no differential operators: use --method exact".into(),
                ));
            }
            Terms::Operator(operator) => operator.check(inputs, self.order)?,
            Terms::Gradient(_) | Terms::Hessian(_) if self.method == Method::Hope => {
                return Err(Error::Terms(
                    "the published rule gives no gradients along rays: use --method exact".into(),
                ));
            }
            Terms::Gradient(None) if self.order != 1 => {
                return Err(Error::Terms(format!(
                    "a gradient of order {} goes along a ray: give --directions, or --order 1",
                    self.order
                )));
            }
            Terms::Hessian(_) if self.order != 2 => {
                return Err(Error::Terms(format!(
                    "second derivatives are of order 2, not {}: give --order 2, or --terms gradient with --directions for higher ones",
                    self.order
                )));
            }
            Terms::Hessian(Some(rows)) => {
                if rows.is_empty() {
                    return Err(Error::Terms("no inputs are selected: name at least one, or all".into()));
                }
                if let Some(&row) = rows.iter().find(|&&row| row >= inputs) {
                    return Err(Error::Terms(format!(
                        "input {row} was selected, but the model has {inputs} inputs, 0 to {}",
                        inputs - 1
                    )));
                }
            }
            Terms::Gradient(None) | Terms::Hessian(None) => {}
            // Of their own for each point: checked with the points.
            Terms::Along(Directions::PerPoint { .. })
            | Terms::Gradient(Some(Directions::PerPoint { .. })) => {}
            Terms::Along(directions) | Terms::Gradient(Some(directions)) => directions.check(1, inputs)?,
            Terms::Mixed(None) => {}
            Terms::Mixed(Some(rows)) => {
                rows.check_width(inputs)?;
                Directions::Shared { inputs, rows: rows.to_vec() }.check(1, inputs)?;
            }
        }
        model.count_outputs(self.outputs.as_deref())
    }
}
