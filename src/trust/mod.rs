//! How far to trust a Taylor polynomial: estimates from its coefficients, each checked against the network.
//!
//! - [`convergence`]: the radius of convergence, from the coefficients of one ray;
//! - [`Ray`]: the error of a truncated series at a distance, the largest distance within a tolerance, the lowest order for a distance;
//! - [`assess`]: all of these for every point, output and ray of a request, with measured errors beside them;
//! - [`proved`]: how far polynomials hold for certain, which is less far;
//! - [`Study`]: measured errors over orders and radii;
//! - [`StandIn`]: how far a smooth stand-in ([`Smoothing`](crate::model::Smoothing)) is from its network.
//!
//! These are **estimates, not bounds**: a few coefficients can't exclude a singularity behind a tiny coefficient. That is why
//! everything that reports them measures, too. Distances are in units of the ray's direction: t in `x0 + t v`.

mod assess;
mod convergence;
mod proved;
mod sample;
mod study;
mod truncation;

pub use assess::{Check, Question, Trust, assess};
pub use convergence::{Convergence, convergence};
pub use proved::proved;
pub use sample::{StandIn, network};
pub use study::{Cell, Study};
pub use truncation::{Limit, Ray, polynomial};

use crate::error::{Error, Result};
use crate::expansion::{Request, Terms};
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;
use crate::series::MAX_ORDER;

/// Orders that are expanded beyond those asked for, to estimate the error from.
pub const MORE_ORDERS: usize = 2;

/// The request with two more orders, if it is one for rays by the exact method.
fn with_more_orders(request: &Request, order: usize) -> Result<Request> {
    let highest = MAX_ORDER - MORE_ORDERS;
    if !(1..=highest).contains(&order) {
        return Err(Error::OutOfRange {
            what: "order",
            value: order as f64,
            cause: format!(
                "order {order} is not supported here: choose 1 to {highest}, as the error is estimated from the next two orders"
            ),
        });
    }
    if !matches!(request.terms, Terms::Unmixed | Terms::Along(_)) {
        return Err(Error::Terms(
            "trust is estimated along rays: ask for unmixed terms or for directions".into(),
        ));
    }
    if request.method != Method::Exact {
        return Err(Error::Terms(
            "trust is estimated from exact coefficients: the published rule's may be off from the start"
                .into(),
        ));
    }
    Ok(Request { order: order + MORE_ORDERS, ..request.clone() })
}

/// The rays of such a request.
fn rays(model: &Model, request: &Request) -> Directions {
    match &request.terms {
        Terms::Along(directions) => directions.clone(),
        _ => Directions::Unit { inputs: model.inputs() },
    }
}

/// A positive, finite number, or an error that names it.
fn positive(what: &'static str, x: f64) -> Result<()> {
    if x > 0.0 && x.is_finite() {
        return Ok(());
    }
    Err(Error::not_positive(what, x))
}
