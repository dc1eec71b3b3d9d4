//! Dispatches of `shaders/arithmetic.wgsl`.

use super::{Call, Dispatch, Params, grid};
use crate::plan::PerUnitId;

const FILE: &str = "arithmetic";

pub(super) fn affine(call: &Call, scale: Option<PerUnitId>, shift: Option<PerUnitId>) -> Vec<Dispatch> {
    vec![elementwise(call, "affine", scale, shift)]
}

pub(super) fn affine_adjoint(call: &Call, scale: Option<PerUnitId>) -> Vec<Dispatch> {
    vec![elementwise(call, "affine_adjoint", scale, None)]
}

pub(super) fn copy(call: &Call) -> Vec<Dispatch> {
    vec![elementwise(call, "copy", None, None)]
}

pub(super) fn multiply(call: &Call) -> Vec<Dispatch> {
    vec![pairwise(call, "multiply")]
}

pub(super) fn divide(call: &Call) -> Vec<Dispatch> {
    vec![pairwise(call, "divide")]
}

/// An invocation per element: of the input where it is added to the output, else of the whole output.
fn elementwise(
    call: &Call,
    entry: &'static str,
    scale: Option<PerUnitId>,
    shift: Option<PerUnitId>,
) -> Dispatch {
    let written = if call.step.accumulate { call.input(0) } else { call.output() };
    Dispatch {
        constants: [scale.map(|c| c.values), shift.map(|c| c.values)],
        ..call.dispatch(FILE, entry, params(call, scale, shift), grid(written.len()))
    }
}

/// An invocation per series, or per number of block 0 where there are no higher orders.
fn pairwise(call: &Call, entry: &'static str) -> Dispatch {
    let output = call.output();
    let series = output.rows(output.degree.min(1)) * output.units;
    let known = [output.degree, call.input(0).degree, call.input(1).degree];
    call.dispatch(FILE, entry, params(call, None, None), grid(series)).knowing(known)
}

fn params(call: &Call, scale: Option<PerUnitId>, shift: Option<PerUnitId>) -> Params {
    let mut params = call.params();
    params.flag(call.step.accumulate);
    for constants in [scale, shift] {
        params.push(constants.map_or(1, |c| c.inner));
        params.push(constants.map_or(0, |c| call.plan.constants[c.values.0].len()));
    }
    params.0.extend([0; 3]);
    params
}
