//! From a request to coefficients: planning, chunking, running, assembling.
//!
//! A [`Request`] says what to compute. [`Prepared`] is all that can be made ready without points: the plan, and the executor with its
//! weights. A [`Job`] is a prepared request at some points, cut into chunks; it runs, and passes batches on to a [`Sink`].

mod assembled;
mod branches;
mod by_rays;
mod by_rows;
mod collect;
mod deviation;
mod estimate;
mod inputs;
mod job;
mod limits;
mod mixing;
mod on_kinks;
mod operator;
mod outline;
mod prepared;
mod radii;
mod request;
mod results;
mod rule_mixed;
mod sides;
mod summary;
mod verify;
mod views;

use std::ops::ControlFlow;

pub use by_rows::MixedCost;
pub use deviation::Shortfall;
pub use job::{Job, OnProgress, Progress};
pub use operator::{Coefficient, Operator, OperatorTerm, Samples};
pub use outline::{Cost, Passage};
pub use prepared::Prepared;
pub use request::{Request, Terms};
pub use results::{Batch, Expansion, Largest, Report, Sink, Verification};

use crate::error::Result;
use crate::model::Model;

/// Expands a model: plans, runs and collects.
///
/// ```
/// use hope::activation::Exp;
/// use hope::model::Model;
/// use hope::{Request, expand};
///
/// // y = exp(2 x)
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let h = b.linear(x, &[1, 1], vec![2.0], None)?;
/// let y = b.activation(h, Exp)?;
/// let model = b.build(y)?;
///
/// let expansion = expand(&model, &Request::new(vec![0.0], 3))?;
/// let unmixed = expansion.unmixed()?;
/// assert_eq!(unmixed.dim(), (1, 1, 3, 1)); // points, outputs, orders, inputs
/// for (c, truth) in unmixed.iter().zip([2.0, 4.0 / 2.0, 8.0 / 6.0]) {
///     assert!((c - truth).abs() < 1e-12);
/// }
/// assert!(expansion.report.certificate.exact);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the request doesn't fit the model, the method has no answer, the memory doesn't suffice or numbers overflow.
pub fn expand(model: &Model, request: &Request) -> Result<Expansion> {
    pollster::block_on(expand_async(model, request))
}

/// [`expand`] without blocking while a GPU computes: for async applications, and for browsers, where nothing may block.
///
/// The future may be sent to other threads, and needs no particular runtime.
///
/// # Errors
/// As [`expand`].
pub async fn expand_async(model: &Model, request: &Request) -> Result<Expansion> {
    Job::new(model, request)?.collect_async(&|_| ControlFlow::Continue(())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_may_be_sent_to_other_threads() {
        fn sent<T: Send>(_: fn(&'static Model, &'static Request) -> T) {}
        sent(expand_async);
    }

    /// On CPUs the first lanes of a convolutional network aren't the first inputs.
    #[cfg(feature = "bench")]
    #[test]
    fn some_rays_alone_are_verified() {
        let mut b = Model::builder(&[1, 9, 9]);
        let geometry = crate::model::Geometry { kernel: vec![2, 2], ..Default::default() };
        let h = b.conv(b.input(), &[1, 1, 2, 2], vec![0.5, -0.25, 1.0, 0.125], None, 1, &geometry).unwrap();
        let h = b.activation(h, crate::activation::Tanh).unwrap();
        let h = b.reshape(h, &[64]).unwrap();
        let y = b.linear(h, &[1, 64], vec![0.1; 64], None).unwrap();
        let model = b.build(y).unwrap();
        let request = Request { verify: 9, ..Request::new(vec![0.5; 81], 3) };
        let job = Job::new(&model, &request).unwrap().first_rays(20);
        let expansion = job.collect(&|_| ControlFlow::Continue(())).unwrap();
        assert!(expansion.report.verification.unwrap().deviation < 1e-12);
    }
}
