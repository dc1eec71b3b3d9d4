//! How good a surrogate is, and how far it reaches.

use std::ops::ControlFlow;

use hope::rays::Directions;
use hope::surrogate::{Accuracy, Reach, Surrogate};
use hope::trust::{Question, assess};
use hope::{Request, TaylorPolynomial, Terms};

use super::args::SurrogateArgs;
use crate::cli::setup::Setup;

/// Rays on which the first guess of a radius rests.
const RAYS: usize = 24;

/// What was measured of the errors.
pub struct Measured {
    pub accuracy: Accuracy,
    /// With a tolerance: how the radius was found, and the estimate that it began with.
    pub reach: Option<(Reach, Option<f64>)>,
}

/// Measures them.
///
/// # Errors
/// If network or polynomial have no finite value somewhere, or no radius is small enough.
pub fn measure(
    args: &SurrogateArgs,
    setup: &Setup,
    output: usize,
    polynomial: &TaylorPolynomial,
) -> hope::Result<Measured> {
    let surrogate = Surrogate::new(polynomial, setup.network(), output)?;
    let (samples, seed) = (args.samples as usize, args.seed);
    let Some(tolerance) = args.tolerance else {
        let accuracy = surrogate.accuracy(args.radius.unwrap_or(1.0), samples, seed)?;
        return Ok(Measured { accuracy, reach: None });
    };
    let estimate = estimate(setup, tolerance)?;
    let reach = surrogate.reach(tolerance, estimate.unwrap_or(1.0), samples, seed)?;
    Ok(Measured { accuracy: reach.accuracy, reach: Some((reach, estimate)) })
}

/// The trust radius: the smallest estimate along some directions of the variables; none where nothing limits it, the order
/// is too high for an estimate, or the point lies on a kink.
fn estimate(setup: &Setup, tolerance: f64) -> hope::Result<Option<f64>> {
    let (model, request) = (&setup.model, &setup.request);
    if request.order > hope::series::MAX_ORDER - hope::trust::MORE_ORDERS {
        return Ok(None);
    }
    let inputs = model.inputs();
    let basis = match &request.terms {
        Terms::Mixed(basis) => basis.as_deref(),
        _ => None,
    };
    let variables = basis.map_or(inputs, |rows| rows.len() / inputs);
    let random = Directions::random(variables, RAYS, 1);
    let mut rows = vec![0.0; RAYS * inputs];
    let mut t = vec![0.0; variables];
    for (ray, row) in rows.chunks_exact_mut(inputs).enumerate() {
        random.write(0, ray, &mut t);
        match basis {
            None => row.copy_from_slice(&t),
            Some(basis) => {
                for (t, direction) in t.iter().zip(basis.chunks_exact(inputs)) {
                    row.iter_mut().zip(direction).for_each(|(x, v)| *x += t * v);
                }
            }
        }
    }
    let request = Request { terms: Terms::Along(Directions::Shared { inputs, rows }), ..request.clone() };
    let question = Question { tolerance, radius: None, checks: 0 };
    let trust = assess(model, &request, &question, &|_| ControlFlow::Continue(()))?;
    let smallest = trust.radius.iter().copied().fold(f64::INFINITY, f64::min);
    Ok((smallest > 0.0 && smallest.is_finite()).then_some(smallest))
}
