//! The network itself, without coefficients.

use super::{Request, Terms, expand};
use crate::error::Result;
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;

/// The network's selected outputs at a request's points, `[points, outputs]`, on its device; the request's terms, order and
/// method don't matter.
///
/// # Errors
/// As [`expand`].
pub fn values(model: &Model, request: &Request) -> Result<Vec<f64>> {
    let inputs = model.inputs();
    let request = Request {
        // The least that an expansion does: one coefficient along one ray, without direction.
        terms: Terms::Along(Directions::Shared { inputs, rows: vec![0.0; inputs] }),
        order: 1,
        method: Method::Exact,
        verify: 0,
        ..request.clone()
    };
    Ok(expand(model, &request)?.value)
}
