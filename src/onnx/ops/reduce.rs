//! Reductions: sums, means and extremes; products of constants only.

use super::super::patterns;
use super::prelude::*;
use crate::model::Geometry;

/// The axes, from attribute or input, and whether they stay with size 1. No axes: nothing to do.
fn axes(node: &Node, rank: usize, input_since: i64) -> Result<(Option<Vec<usize>>, bool)> {
    let keep = node.flag("keepdims")?.unwrap_or(true);
    let given = if node.opset >= input_since { node.optional_ints(1, "list of axes")? } else { node.ints("axes")? };
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

pub fn product(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let tensor = node.constant(0, "input")?;
    match axes(node, tensor.shape.len(), 18)? {
        (Some(axes), keep) => Ok(vec![importer.fold_reduce(tensor, Binary::Mul, &axes, keep)?.into()]),
        (None, _) => Ok(vec![tensor.clone().into()]),
    }
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Max)
}

pub fn min(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Min)
}

/// A maximum over axes is a maximum pooling with one window; exporters write global pooling so.
fn extreme(node: &Node, importer: &mut Importer, op: Binary) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let (Some(axes), keep) = axes(node, shape.len(), 18)? else { return Ok(vec![value.clone()]) };
    if let Value::Constant(tensor) = value {
        return Ok(vec![importer.fold_reduce(tensor, op, &axes, keep)?.into()]);
    }
    for &axis in &axes {
        importer.not_the_batch(value, axis)?;
    }
    let sign = if op == Binary::Max { 1.0 } else { -1.0 };
    let mut x = importer.node(value)?;
    let shape = importer.builder.shape(x).to_vec();
    let (kept, reduced): (Vec<usize>, Vec<usize>) = (0..shape.len()).partition(|axis| !axes.contains(axis));
    let sizes = |axes: &[usize]| count(&axes.iter().map(|&axis| shape[axis]).collect::<Vec<_>>());
    let (Some(rows), Some(columns)) = (sizes(&kept), sizes(&reduced)) else {
        return node.fail("its input is too large");
    };
    importer.charge(columns)?;
    x = patterns::affine(&mut importer.builder, x, sign, 0.0)?;
    let permutation: Vec<usize> = kept.iter().chain(&reduced).copied().collect();
    x = importer.builder.transpose(x, &permutation)?;
    x = importer.builder.reshape(x, &[rows, columns])?;
    x = importer.builder.max_pool(x, &Geometry { kernel: vec![columns], ..Geometry::default() })?;
    x = patterns::affine(&mut importer.builder, x, sign, 0.0)?;
    let left: Vec<usize> = match keep {
        true => (0..shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] }).collect(),
        false => kept.iter().map(|&axis| shape[axis]).collect(),
    };
    Ok(vec![importer.builder.reshape(x, &left)?.into()])
}
