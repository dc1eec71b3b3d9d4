//! Reductions: sums, means, extremes, products, norms and logarithms of sums.

use super::super::patterns;
use super::along::columns;
use super::prelude::*;
use crate::activation::{Abs, Exp, Log, Pow, Sqrt};
use crate::model::Geometry;

/// The axes, from attribute or input, and whether they stay with size 1. No axes: nothing to do.
fn axes(node: &Node, rank: usize, input_since: i64) -> Result<(Option<Vec<usize>>, bool)> {
    let keep = node.flag("keepdims")?.unwrap_or(true);
    let given =
        if node.opset >= input_since { node.optional_ints(1, "list of axes")? } else { node.ints("axes")? };
    let noop = node.flag("noop_with_empty_axes")?.unwrap_or(false);
    match given.filter(|axes| !axes.is_empty()) {
        Some(axes) => Ok((Some(node.axes(&axes, rank)?), keep)),
        None if noop => Ok((None, keep)),
        None => Ok((Some((0..rank).collect()), keep)),
    }
}

fn linear(node: &Node, importer: &mut Importer, input_since: i64, mean: bool) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    match axes(node, importer.shape(value).len(), input_since)? {
        (Some(axes), keep) => Ok(vec![importer.reduce(value, &axes, keep, mean)?]),
        (None, _) => Ok(vec![value.clone()]),
    }
}

pub fn mean(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    linear(node, importer, 18, true)
}

pub fn sum(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    linear(node, importer, 13, false)
}

/// The axes of a reduction that changes each element first, so that one without axes has a meaning of its own.
fn folding(node: &Node, importer: &Importer) -> Result<(Vec<usize>, bool)> {
    match axes(node, importer.shape(node.value(0)?).len(), 18)? {
        (Some(axes), keep) => Ok((axes, keep)),
        (None, _) => node.fail("noop_with_empty_axes without axes is not supported: name the axes"),
    }
}

pub fn l1(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (axes, keep) = folding(node, importer)?;
    let sizes = importer.activation(node.value(0)?, Abs)?;
    Ok(vec![importer.reduce(&sizes, &axes, keep, false)?])
}

pub fn sum_square(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (axes, keep) = folding(node, importer)?;
    let squares = importer.activation(node.value(0)?, Pow { exponent: 2.0 })?;
    Ok(vec![importer.reduce(&squares, &axes, keep, false)?])
}

pub fn l2(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let total = sum_square(node, importer)?;
    Ok(vec![importer.activation(&total[0], Sqrt)?])
}

pub fn log_sum(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (axes, keep) = folding(node, importer)?;
    let total = importer.reduce(node.value(0)?, &axes, keep, false)?;
    Ok(vec![importer.activation(&total, Log)?])
}

/// `s + log Σ e^(x - s)` with `s = Σ softmax(x) x`, which lies between the result less log n and the result: no exponential exceeds n, and
/// no maximum brings in a kink that the result doesn't have. What rounding does to s cancels.
pub fn log_sum_exp(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (axes, keep) = folding(node, importer)?;
    if let Value::Constant(tensor) = node.value(0)? {
        let largest: Value = importer.fold_reduce(tensor, Binary::Max, &axes, true)?.into();
        let below = importer.arithmetic(Binary::Sub, node.value(0)?, &largest)?;
        let powers = importer.activation(&below, Exp)?;
        let total = importer.reduce(&powers, &axes, true, false)?;
        let total = importer.activation(&total, Log)?;
        let Value::Constant(sum) = importer.arithmetic(Binary::Add, &total, &largest)? else {
            return node.fail("its constants depend on the input");
        };
        return Ok(vec![importer.fold_reduce(&sum, Binary::Add, &axes, keep)?.into()]);
    }
    let matrix = columns(importer, node.value(0)?, &axes, keep)?;
    let builder = &mut importer.builder;
    let weights = builder.softmax(matrix.x, 1, false)?;
    let weighted = builder.mul(weights, matrix.x)?;
    let shift = builder.reduce(weighted, &[1], true, false)?;
    let below = builder.sub(matrix.x, shift)?;
    let powers = builder.activation(below, Exp)?;
    let total = builder.reduce(powers, &[1], true, false)?;
    let total = builder.activation(total, Log)?;
    let y = builder.add(total, shift)?;
    Ok(vec![builder.reshape(y, &matrix.reduced)?.into()])
}

/// A product of values: of the halves, and so on.
pub fn product(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let (Some(axes), keep) = axes(node, importer.shape(value).len(), 18)? else {
        return Ok(vec![value.clone()]);
    };
    if let Value::Constant(tensor) = value {
        return Ok(vec![importer.fold_reduce(tensor, Binary::Mul, &axes, keep)?.into()]);
    }
    let matrix = columns(importer, value, &axes, keep)?;
    let (mut x, mut left) = (matrix.x, matrix.columns);
    let builder = &mut importer.builder;
    while left > 1 {
        let half = left / 2;
        let parts = [builder.slice(x, 1, 0, 1, half)?, builder.slice(x, 1, half, 1, half)?];
        let product = builder.mul(parts[0], parts[1])?;
        x = match left % 2 {
            0 => product,
            _ => {
                let odd = builder.slice(x, 1, left - 1, 1, 1)?;
                builder.concat(&[product, odd], 1)?
            }
        };
        left = left.div_ceil(2);
    }
    Ok(vec![builder.reshape(x, &matrix.reduced)?.into()])
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Max)
}

pub fn min(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Min)
}

fn extreme(node: &Node, importer: &mut Importer, op: Binary) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    match axes(node, importer.shape(value).len(), 18)? {
        (Some(axes), keep) => Ok(vec![extremes(importer, op, value, &axes, keep)?]),
        (None, _) => Ok(vec![value.clone()]),
    }
}

/// A maximum over axes is a maximum pooling with one window; exporters write global pooling so.
pub fn extremes(
    importer: &mut Importer,
    op: Binary,
    value: &Value,
    axes: &[usize],
    keep: bool,
) -> Result<Value> {
    if let Value::Constant(tensor) = value {
        return Ok(importer.fold_reduce(tensor, op, axes, keep)?.into());
    }
    if matches!(value, Value::Integer(_)) {
        let number = importer.number(value)?;
        return Ok(extremes(importer, op, &number, axes, keep)?.whole());
    }
    let sign = if op == Binary::Max { 1.0 } else { -1.0 };
    let matrix = columns(importer, value, axes, keep)?;
    importer.charge(matrix.columns)?;
    let x = patterns::affine(&mut importer.builder, matrix.x, sign, 0.0)?;
    let x =
        importer.builder.max_pool(x, &Geometry { kernel: vec![matrix.columns], ..Geometry::default() })?;
    let x = patterns::affine(&mut importer.builder, x, sign, 0.0)?;
    Ok(importer.builder.reshape(x, &matrix.reduced)?.into())
}
