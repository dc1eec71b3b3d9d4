//! Reshape, Flatten, Squeeze, Unsqueeze: the same units under another shape.

use super::prelude::*;

pub fn reshape(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let from = importer.shape(value);
    let Some(target) = node.optional_ints(1, "shape")? else { return node.fail("its shape is missing: the file is damaged") };
    let allow_zero = node.flag("allowzero")?.unwrap_or(false);
    let impossible = || node.error(format!("{from:?} cannot be reshaped to {target:?}"));
    let mut shape = Vec::with_capacity(target.len());
    let mut inferred = None;
    for (i, &size) in target.iter().enumerate() {
        shape.push(match size {
            0 if !allow_zero => *from.get(i).ok_or_else(impossible)?,
            -1 if inferred.is_none() => {
                inferred = Some(i);
                1
            }
            _ => usize::try_from(size).map_err(|_| impossible())?,
        });
    }
    let total = count(&from).ok_or_else(impossible)?;
    let known = count(&shape).ok_or_else(impossible)?;
    if let Some(i) = inferred {
        if known == 0 || total % known != 0 {
            return Err(impossible());
        }
        shape[i] = total / known;
    } else if total != known {
        return Err(impossible());
    }
    Ok(vec![importer.reshape(value, &shape)?])
}

pub fn flatten(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let from = importer.shape(value);
    let axis = match node.int("axis")?.unwrap_or(1) {
        axis if axis == from.len() as i64 => from.len(),
        axis => node.axis(axis, from.len())?,
    };
    match (count(&from[..axis]), count(&from[axis..])) {
        (Some(rows), Some(columns)) if axis == 0 => {
            Ok(vec![importer.reshape_from_the_front(value, &[rows, columns])?])
        }
        (Some(rows), Some(columns)) => Ok(vec![importer.reshape(value, &[rows, columns])?]),
        _ => node.fail("its input is too large"),
    }
}

/// Axes from the attribute before opset 13, from the input since.
fn axes(node: &Node) -> Result<Option<Vec<i64>>> {
    if node.opset < 13 { node.ints("axes") } else { node.optional_ints(1, "list of axes") }
}

pub fn squeeze(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let from = importer.shape(value);
    let axes = match axes(node)? {
        Some(axes) => node.axes(&axes, from.len())?,
        // A dynamic batch has not always size 1, so it stays.
        None => (0..from.len()).filter(|&i| from[i] == 1 && (i > 0 || !importer.has_batch(value))).collect(),
    };
    for &axis in &axes {
        if from[axis] != 1 {
            return node.fail(format!("axis {axis} has size {}, only axes of size 1 can be removed", from[axis]));
        }
    }
    let shape: Vec<usize> = (0..from.len()).filter(|i| !axes.contains(i)).map(|i| from[i]).collect();
    if axes.contains(&0) {
        return Ok(vec![importer.reshape_from_the_front(value, &shape)?]);
    }
    Ok(vec![importer.reshape(value, &shape)?])
}

pub fn unsqueeze(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let mut shape = importer.shape(value);
    let Some(axes) = axes(node)? else { return node.fail("its axes are missing: the file is damaged") };
    let mut axes = node.axes(&axes, shape.len() + axes.len())?;
    axes.sort_unstable();
    let in_front = axes.first() == Some(&0);
    for axis in axes {
        shape.insert(axis, 1);
    }
    if in_front {
        return Ok(vec![importer.reshape_from_the_front(value, &shape)?]);
    }
    Ok(vec![importer.reshape(value, &shape)?])
}
