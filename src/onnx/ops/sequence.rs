//! Sequences of values, as far as constants say which value is where: lists that are known on import.

use std::rc::Rc;

use super::prelude::*;

fn sequence(values: Vec<Value>) -> Result<Vec<Value>> {
    Ok(vec![Value::Sequence(Rc::new(values))])
}

pub fn empty(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    node.ignore(&["dtype"]);
    sequence(Vec::new())
}

pub fn construct(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    sequence(node.values()?)
}

/// A position, counted from the end if it is negative; the end if it is left out.
fn position(node: &Node, index: usize, end: usize) -> Result<Option<usize>> {
    let Some(given) = node.optional_ints(index, "position")? else { return Ok(None) };
    let &[given] = &given[..] else { return node.fail("its position must be one integer") };
    let counted = if given < 0 { given.checked_add(end as i64) } else { Some(given) };
    match counted.and_then(|at| usize::try_from(at).ok()) {
        Some(at) if at <= end => Ok(Some(at)),
        _ => node.fail(format!("position {given} is not one of a sequence of {end} values")),
    }
}

pub fn insert(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut values = node.sequence(0)?.to_vec();
    importer.charge(values.len())?; // of which there is a copy at each step of a loop
    let at = position(node, 2, values.len())?.unwrap_or(values.len());
    values.insert(at, node.value(1)?.clone());
    sequence(values)
}

pub fn erase(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut values = node.sequence(0)?.to_vec();
    importer.charge(values.len())?;
    let at = position(node, 1, values.len())?.unwrap_or(values.len().saturating_sub(1));
    if at >= values.len() {
        return node.fail(format!("position {at} is not one of a sequence of {} values", values.len()));
    }
    values.remove(at);
    sequence(values)
}

pub fn at(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    let values = node.sequence(0)?;
    let Some(at) = position(node, 1, values.len())? else {
        return node.fail("its position is missing: the file is damaged");
    };
    match values.get(at) {
        Some(value) => Ok(vec![value.clone()]),
        None => node.fail(format!("position {at} is not one of a sequence of {} values", values.len())),
    }
}

pub fn length(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![Tensor::ints(Vec::new(), [node.sequence(0)?.len() as i64]).into()])
}

pub fn concat(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let values = node.sequence(0)?.to_vec();
    let new = node.flag("new_axis")?.unwrap_or(false);
    let Some(axis) = node.int("axis")? else {
        return node.fail("it has no attribute 'axis': the file is damaged");
    };
    let Some(first) = values.first() else { return node.fail("an empty sequence can't be joined") };
    let axis = node.axis(axis, importer.shape(first).len() + usize::from(new))?;
    Ok(vec![if new { importer.stack(&values, axis)? } else { importer.concat(&values, axis)? }])
}

pub fn split(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let keep = node.flag("keepdims")?.unwrap_or(true);
    let size = shape[axis];
    importer.not_the_batch(value, axis)?;
    let number = node.optional_constant(1, "sizes")?.is_some_and(|sizes| sizes.shape.is_empty());
    let given = node.optional_ints(1, "sizes")?;
    let single = given.is_none();
    // Equal parts, of which the last one may be smaller, or parts of given sizes.
    let sizes = match given {
        Some(sizes) if !number => {
            let sizes: Vec<usize> = sizes.iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
            if sizes.iter().try_fold(0usize, |n, &size| n.checked_add(size)) != Some(size) {
                return node.fail(format!("parts of {sizes:?} do not make up axis {axis} of size {size}"));
            }
            sizes
        }
        each => {
            let each = each.map_or(1, |each| each.first().copied().unwrap_or(0));
            let Some(each) = usize::try_from(each).ok().filter(|&n| n > 0) else {
                return node.fail(format!("parts of {each} are not possible"));
            };
            let parts = size.div_ceil(each);
            importer.charge(parts)?;
            (0..parts).map(|i| each.min(size - i * each)).collect()
        }
    };
    importer.charge(sizes.len().saturating_mul(64))?; // a node takes far more memory than an element
    let mut start = 0;
    let mut parts = Vec::with_capacity(sizes.len());
    for part in sizes {
        parts.push(match single && !keep {
            true => importer.at(value, axis, start)?,
            false => importer.slice(value, axis, start, 1, part)?,
        });
        start += part;
    }
    sequence(parts)
}
