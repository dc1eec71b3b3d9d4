//! Mixed terms of order 2 by rows of the Hessian.
//!
//! With `∇y(x0 + t v) = g_0 + t g_1 + …` along each variable's direction v_j, `c_j = v_j · g_0`, `c_ij = v_i · g_1` for i ≠ j, and half of it for
//! i = j: a backward pass for each variable and output, whose cost doesn't grow with the number of inputs, in place of series in which d variables
//! have d (d + 1) / 2 coefficients. It is cheaper for many variables and few outputs: see [`MixedCost`].
//!
//! Of order 3 and above a variable's ray has `c_iij` only, not that of three different variables: series in several variables have all of them.
//!
//! Only smooth networks: on a kink rays have sides of their own, and mixed terms have no single polynomial. None with 0/0 either, where gradients are limits.

use std::sync::Arc;

use super::radii::Slopes;
use super::request::{Request, Terms};
use crate::certificate::Kinks;
use crate::error::Result;
use crate::model::Model;
use crate::monomials::Groups;
use crate::plan::{Kernels, Plan, check_order};
use crate::rays::Directions;
use crate::scalar::Precision;
use crate::threads::Threads;

/// Exponents of two of the units of inputs up to which second derivatives are within f32, however small or large their variables.
const UNITS: f64 = 50.0;

/// A plan of rows, if they give the mixed terms of a request. That doesn't depend on memory or threads, as results don't.
pub(super) fn plan(
    model: &Model,
    request: &Request,
    variables: usize,
    kernels: Kernels,
    threads: &Arc<Threads>,
) -> Result<Option<Plan>> {
    if request.order != 2 || Kinks::of(model) != Kinks::None || model.may_lose_orders() {
        return Ok(None);
    }
    let plan = Plan::gradients(model, request.order, kernels, variables)?;
    Ok((request.precision == Precision::F64 || in_f32(model, threads)).then_some(plan))
}

/// Whether f32 has room for second derivatives: in several variables it is their directions' scales that matter, in rows those of the inputs.
fn in_f32(model: &Model, threads: &Arc<Threads>) -> bool {
    let Some(slopes) = Slopes::new(model, threads) else { return false };
    (0..model.inputs()).map(|input| slopes.of(input)).all(|slope| slope == 0.0 || slope.log2().abs() < UNITS)
}

/// Coefficients of a group of variables, in the count of costs: about as many as memory has room for in practice.
const ROOM: usize = 1 << 14;

/// How much longer an operation takes in series of so many variables that they are computed in groups: they wait for memory. Measured with 784 variables, 4
/// to 8 times.
const GROUPED: f64 = 4.0;

/// The directions of the variables.
pub(super) fn directions(basis: Option<&[f64]>, inputs: usize) -> Directions {
    match basis {
        None => Directions::Unit { inputs },
        Some(rows) => Directions::Shared { inputs, rows: rows.to_vec() },
    }
}

/// Multiplications and additions of all rows of some outputs, about.
fn flops(plan: &Plan, outputs: usize, variables: usize) -> f64 {
    match plan.is_of_one_output() {
        true => outputs as f64 * plan.flops(1, variables),
        false => plan.flops(1, outputs.saturating_mul(variables)),
    }
}

/// Puts what the gradients along a variable's direction, `[2, inputs]`, say of an output into its mixed terms: its own and those with the variables after it.
pub(super) fn place(variable: usize, gradients: &[f64], directions: &Directions, into: &mut [f64]) {
    let variables = directions.len();
    let (first, second) = gradients.split_at(gradients.len() / 2);
    let along = |variable: usize, gradient: &[f64]| -> f64 {
        directions.components(variable).map(|(input, v)| v * gradient[input]).sum()
    };
    into[1 + variable] = along(variable, first);
    // The pairs before: d of the first variable, one less of each next one.
    let before = 1 + variables + variable * (2 * variables + 1 - variable) / 2;
    for (other, c) in (variable..variables).zip(&mut into[before..]) {
        *c = along(other, second) / if other == variable { 2.0 } else { 1.0 };
    }
}

/// What all mixed terms of order 2 cost at a point, by either way.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MixedCost {
    /// Multiplications and additions of series in several variables, about.
    pub series: f64,
    /// Those of the Hessian's rows, by a backward pass for each variable and output; none where a network's kinks or quotients, or the scales of its inputs in
    /// f32, don't allow it.
    pub rows: Option<f64>,
    /// Whether [`Terms::Mixed`] goes by rows: they take less time, as far as operations tell.
    pub by_rows: bool,
}

impl MixedCost {
    /// Both costs of a request for mixed terms of order 2.
    ///
    /// # Errors
    /// If there are too many terms, or the request doesn't fit the model.
    pub fn of(model: &Model, request: &Request) -> Result<Self> {
        request.check(model)?;
        check_order(request.order)?;
        let variables = match &request.terms {
            Terms::Mixed(Some(rows)) => rows.len() / model.inputs(),
            _ => model.inputs(),
        };
        let threads = Arc::new(Threads::new(request.threads));
        let kernels = request.device.backend().abilities().kernels;
        let rows = plan(model, request, variables, kernels, &threads)?;
        Self::beside(model, request, variables, kernels, rows.as_ref())
    }

    /// Both costs, if this is the plan of rows.
    pub(super) fn beside(
        model: &Model,
        request: &Request,
        variables: usize,
        kernels: Kernels,
        rows: Option<&Plan>,
    ) -> Result<Self> {
        let outputs = model.count_outputs(request.outputs.as_deref())?;
        let groups = Groups::new(variables, request.order, ROOM)?;
        let series = Plan::mixed(model, groups.monomials().clone(), kernels)?.flops(1, groups.len());
        let rows = rows.map(|rows| flops(rows, outputs, variables));
        let slower = if groups.len() > 1 { GROUPED } else { 1.0 };
        Ok(Self { series, rows, by_rows: rows.is_some_and(|rows| rows < slower * series) })
    }
}
