//! Dispatches of `shaders/pool.wgsl`.

use super::{Call, Dispatch, Params, grid};
use crate::model::Pool;

const FILE: &str = "pool";

pub(super) fn average_pool(call: &Call, pool: &Pool) -> Vec<Dispatch> {
    vec![dispatch(call, "average_pool", pool, call.output().len())]
}

pub(super) fn average_pool_adjoint(call: &Call, pool: &Pool) -> Vec<Dispatch> {
    let elements = call.adjoint_orders() * call.output().rows(1) * call.output().units;
    vec![dispatch(call, "average_pool_adjoint", pool, elements)]
}

pub(super) fn max_pool(call: &Call, pool: &Pool) -> Vec<Dispatch> {
    let output = call.output();
    let series = output.rows(output.degree.min(1)) * output.units;
    vec![dispatch(call, "max_pool", pool, series)]
}

pub(super) fn max_pool_adjoint(call: &Call, pool: &Pool) -> Vec<Dispatch> {
    let output = call.output();
    vec![dispatch(call, "max_pool_adjoint", pool, output.rows(1) * output.units)]
}

fn dispatch(call: &Call, entry: &'static str, pool: &Pool, invocations: usize) -> Dispatch {
    let [[stride_y, stride_x], [dilation_y, dilation_x]] = [pool.window.stride, pool.window.dilation];
    let known = [stride_y, stride_x, dilation_y, dilation_x];
    call.dispatch(FILE, entry, params(call, pool), grid(invocations)).knowing(known)
}

fn params(call: &Call, pool: &Pool) -> Params {
    let window = &pool.window;
    let end = |axis: usize| {
        let pad = if pool.count_include_pad { window.pad_end[axis] } else { 0 };
        window.pad_begin[axis] + window.input[axis] + pad
    };
    let counted_begin = if pool.count_include_pad { [0, 0] } else { window.pad_begin };
    let mut params = call.params();
    for pair in
        [window.input, window.output, window.kernel, window.pad_begin, counted_begin, [end(0), end(1)]]
    {
        pair.into_iter().for_each(|word| params.push(word));
    }
    params.flag(call.step.accumulate);
    params.0.extend([0; 3]);
    params
}
