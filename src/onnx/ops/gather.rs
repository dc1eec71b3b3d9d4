//! Gather and its relatives, with constant indices: a selection of units.

use super::along::{row, sample_shape, shaped, take};
use super::lookup;
use super::prelude::*;

/// An index, negative ones from the end.
fn index(node: &Node, number: i64, axis: usize, size: usize) -> Result<usize> {
    let counted = if number < 0 { number.saturating_add(size as i64) } else { number };
    match usize::try_from(counted).ok().filter(|&i| i < size) {
        Some(index) => Ok(index),
        None => node.fail(format!("index {number} is outside of axis {axis}, whose size is {size}")),
    }
}

/// The constant indices of a node, as a sample of a value sees them.
pub fn indices(node: &Node, importer: &mut Importer, value: &Value) -> Result<(Vec<usize>, Vec<i64>)> {
    let tensor = node.constant(1, "list of indices")?;
    // Along a batch of a fixed size they are the same for each sample, or an error.
    let one = match importer.has_batch(value) {
        true => importer.per_sample(tensor, tensor.shape.len())?,
        false => tensor.clone(),
    };
    match &one.data {
        Data::Int(numbers) => Ok((one.shape.clone(), numbers.to_vec())),
        Data::Float(_) => node.fail("its indices must be integers"),
    }
}

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    if let (Value::Constant(table), indices @ Value::Integer(_)) = (value, node.value(1)?) {
        return Ok(vec![lookup::rows(importer, table, axis, indices)?]);
    }
    let indices = node.constant(1, "list of indices")?;
    let Data::Int(numbers) = &indices.data else { return node.fail("its indices must be integers") };
    importer.charge(numbers.len())?;
    let list =
        numbers.iter().map(|&number| index(node, number, axis, shape[axis])).collect::<Result<Vec<_>>>()?;
    let mut result = shape[..axis].to_vec();
    result.extend(&indices.shape);
    result.extend(&shape[axis + 1..]);
    let taken = take(importer, value, axis, &list)?;
    Ok(vec![importer.reshape(&taken, &result)?])
}

/// Compress: along an axis, or of all elements, those where a constant mask is true.
pub fn compress(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let mask = node.constant(1, "condition")?;
    if mask.shape.len() != 1 {
        return node.fail(format!("its condition has shape {:?}: one axis is needed", mask.shape));
    }
    let shape = importer.shape(value);
    let (value, axis) = match node.int("axis")? {
        Some(axis) => (value.clone(), node.axis(axis, shape.len())?),
        None => {
            let Some(units) = count(&shape) else { return node.fail("its input is too large") };
            (importer.reshape_from_the_front(value, &[units])?, 0)
        }
    };
    let size = importer.shape(&value)[axis];
    let list: Vec<usize> =
        mask.values().iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i).collect();
    if let Some(last) = list.last().filter(|&&last| last >= size) {
        return node.fail(format!("its condition takes index {last} of axis {axis}, whose size is {size}"));
    }
    Ok(vec![take(importer, &value, axis, &list)?])
}

/// Positions in the row of all units, and the shape of what is taken from them (or written there).
pub struct Positions {
    pub flat: Vec<usize>,
    pub shape: Vec<usize>,
}

/// Where GatherElements and ScatterElements look: the position of each index, with its axis replaced by the index.
pub fn elements(node: &Node, importer: &mut Importer, value: &Value) -> Result<Positions> {
    let axis = node.axis(node.int("axis")?.unwrap_or(0), importer.shape(value).len())?;
    importer.not_the_batch(value, axis)?;
    let (shape, numbers) = indices(node, importer, value)?;
    let from = sample_shape(importer, value);
    if shape.len() != from.len() || (0..shape.len()).any(|i| i != axis && shape[i] > from[i]) {
        return node.fail(format!(
            "indices of shape {shape:?} do not fit a value of shape {from:?} along axis {axis}"
        ));
    }
    importer.charge(numbers.len())?;
    let mut flat = Vec::with_capacity(numbers.len());
    for (i, &number) in numbers.iter().enumerate() {
        let (mut rest, mut stride, mut at) = (i, 1, 0);
        for k in (0..shape.len()).rev() {
            at += stride * if k == axis { index(node, number, axis, from[axis])? } else { rest % shape[k] };
            rest /= shape[k];
            stride *= from[k];
        }
        flat.push(at);
    }
    Ok(Positions { flat, shape })
}

/// Where GatherND and ScatterND look: the last axis of the indices holds an index for each of the first axes behind `batch` axes.
pub fn tuples(node: &Node, importer: &mut Importer, value: &Value, batch: usize) -> Result<Positions> {
    if batch == 0 {
        importer.not_the_batch(value, 0)?;
    }
    let (shape, numbers) = indices(node, importer, value)?;
    let from = sample_shape(importer, value);
    let Some((&depth, lead)) = shape.split_last() else { return node.fail("its indices have no axes") };
    let fits = depth > 0 && lead.len() >= batch && batch.checked_add(depth).is_some_and(|n| n <= from.len());
    if !fits || lead[..batch] != from[..batch] {
        return node.fail(format!(
            "indices of shape {shape:?} do not fit a value of shape {from:?} with {batch} batch axes"
        ));
    }
    let inner: usize = from[batch + depth..].iter().product();
    let blocks: usize = from[batch..].iter().product();
    let each = lead[batch..].iter().product::<usize>().max(1);
    importer.charge(numbers.len().saturating_mul(inner))?;
    let mut flat = Vec::new();
    for (i, tuple) in numbers.chunks_exact(depth).enumerate() {
        let mut at = 0;
        for (k, &number) in tuple.iter().enumerate() {
            let axis = batch + k;
            at = at * from[axis] + index(node, number, axis, from[axis])?;
        }
        let start = i / each * blocks + at * inner;
        flat.extend(start..start + inner);
    }
    let shape = lead.iter().chain(&from[batch + depth..]).copied().collect();
    Ok(Positions { flat, shape })
}

fn selected(importer: &mut Importer, value: &Value, positions: &Positions) -> Result<Vec<Value>> {
    let units = row(importer, value)?;
    let taken = take(importer, &units, 1, &positions.flat)?;
    Ok(vec![shaped(importer, &taken, &positions.shape)?])
}

pub fn gather_elements(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    if let indices @ Value::Integer(_) = node.value(1)? {
        let axis = node.axis(node.int("axis")?.unwrap_or(0), importer.shape(value).len())?;
        return Ok(vec![lookup::elements(node, importer, value, indices, axis)?]);
    }
    let positions = elements(node, importer, value)?;
    selected(importer, value, &positions)
}

pub fn gather_nd(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let batch = node.int("batch_dims")?.unwrap_or(0);
    let Ok(batch) = usize::try_from(batch) else {
        return node.fail(format!("batch_dims = {batch} is negative"));
    };
    if let (Value::Constant(table), indices @ Value::Integer(_), 0) = (value, node.value(1)?, batch)
        && !table.shape.is_empty()
        && let Some((1, lead)) =
            importer.shape(indices).split_last().map(|(&depth, lead)| (depth, lead.to_vec()))
    {
        // Each finds a row, as new exporters write indexing.
        let indices = importer.reshape(indices, &lead)?;
        return Ok(vec![lookup::rows(importer, table, 0, &indices)?]);
    }
    let positions = tuples(node, importer, value, batch)?;
    selected(importer, value, &positions)
}
