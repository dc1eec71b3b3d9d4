//! A request made ready for any points.

use std::sync::Arc;

use super::mixing::Mixing;
use super::outline::{Outline, Sizes};
use super::radii;
use super::radii::Slopes;
use super::request::{Request, Terms};
use crate::backend::{Chunking, Opening, Runner};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::Plan;
use crate::rays::Directions;
use crate::threads::Threads;

/// A request made ready for any points: planned once, weights converted or uploaded once, buffers kept from call to call.
///
/// Cheap to clone, and may be used from several threads at once; all clones share one executor.
///
/// ```
/// use hope::activation::Exp;
/// use hope::model::Model;
/// use hope::{Prepared, Request};
///
/// let mut b = Model::builder(&[1]);
/// let y = b.activation(b.input(), Exp)?;
/// let model = b.build(y)?;
///
/// let prepared = Prepared::new(&model, &Request::new(Vec::new(), 2))?;
/// for x in [0.0f64, 1.0] {
///     let expansion = prepared.expand(&[x])?;
///     assert!((expansion.unmixed()?[[0, 0, 1, 0]] - x.exp() / 2.0).abs() < 1e-12);
/// }
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) parts: Arc<Parts>,
}

/// What a [`Prepared`] is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub model: Model,
    /// Its points are no part of it.
    pub request: Request,
    pub outputs: Vec<usize>,
    pub directions: Option<Directions>,
    /// What the first layers do to the scales of inputs, where it matters.
    pub slopes: Option<Arc<Slopes>>,
    pub mixing: Mixing,
    pub certificate: Certificate,
    pub plan: Arc<Plan>,
    pub threads: Arc<Threads>,
    pub sizes: Sizes,
    pub runner: Arc<Runner>,
}

impl Prepared {
    /// Prepares a request; its points don't matter.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, or the device can't.
    pub fn new(model: &Model, request: &Request) -> Result<Self> {
        let Outline { plan, deeper, directions, mixing, threads, sizes } = Outline::new(model, request)?;
        let mut certificate = Certificate::new(model, request.method, request.terms.kind())?;
        if let Mixing::Estimate(estimate) = &mixing {
            certificate.estimate(estimate.sampled().samples.count);
        }
        let outputs = model.list_outputs(request.outputs.as_deref());
        tracing::debug!("{plan}");
        let plan = Arc::new(plan);
        let opening = Opening {
            plan: plan.clone(),
            precision: request.precision,
            threads: threads.clone(),
            profile: request.profile,
        };
        let runner = Arc::new(Runner::new(request.device.clone(), opening).or_deeper(deeper));
        let slopes = radii::matter(request).then(|| Slopes::new(model, &threads)).flatten().map(Arc::new);
        let (model, request) = (model.clone(), request.without_points());
        let parts = Parts {
            model,
            request,
            outputs,
            directions,
            slopes,
            mixing,
            certificate,
            plan,
            threads,
            sizes,
            runner,
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The same gradients along other rays, as many as before: nothing is planned or uploaded once more.
    ///
    /// # Errors
    /// If it isn't prepared for gradients along rays, or for another number of them.
    pub fn along(&self, directions: Directions) -> Result<Self> {
        let parts = &*self.parts;
        let Terms::Gradient(Some(before)) = &parts.request.terms else {
            return Err(Error::Terms(
                "only gradients along directions are prepared for other directions".into(),
            ));
        };
        directions.check_width(parts.model.inputs())?;
        if before.len() != directions.len() {
            return Err(Error::Size {
                expected: before.len(),
                given: directions.len(),
                cause: format!(
                    "it was prepared for {} directions, not for {}",
                    before.len(),
                    directions.len()
                ),
            });
        }
        let request =
            Request { terms: Terms::Gradient(Some(directions.clone())), ..parts.request.without_points() };
        let parts = Parts {
            model: parts.model.clone(),
            request,
            outputs: parts.outputs.clone(),
            directions: Some(directions),
            slopes: parts.slopes.clone(),
            mixing: Mixing::None,
            certificate: parts.certificate.clone(),
            plan: parts.plan.clone(),
            threads: parts.threads.clone(),
            sizes: parts.sizes,
            runner: parts.runner.clone(),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Whether results will be exact, and why.
    pub fn certificate(&self) -> &Certificate {
        &self.parts.certificate
    }

    /// The selected outputs.
    pub fn outputs(&self) -> &[usize] {
        &self.parts.outputs
    }

    /// Exponents of mixed terms, `[terms, variables]`; empty for others.
    pub fn exponents(&self) -> &[u8] {
        self.parts.mixing.exponents().map_or(&[], |(exponents, _)| exponents)
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.parts.plan
    }
}

impl Parts {
    /// How the work at so many points is cut, if so many bytes are for what comes of it.
    pub fn chunking(&self, points: usize, reserved: u64) -> Result<Chunking> {
        self.sizes.chunking(&self.plan, &self.request, &self.threads, points, reserved)
    }

    /// Units of all adjoints.
    pub fn adjoint_units(&self) -> usize {
        self.plan.adjoints.iter().map(|id| self.plan.values[id.0].units).sum()
    }
}
