//! Gather: constant indices along an axis.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let indices = node.constant(1, "list of indices")?;
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let size = shape[axis];
    let Data::Int(numbers) = &indices.data else { return node.fail("its indices must be integers") };
    importer.charge(numbers.len())?;
    let mut list = Vec::with_capacity(numbers.len());
    for &number in numbers.iter() {
        let index = if number < 0 { number.saturating_add(size as i64) } else { number };
        match usize::try_from(index).ok().filter(|&i| i < size) {
            Some(index) => list.push(index),
            None => return node.fail(format!("index {number} is outside of axis {axis}, whose size is {size}")),
        }
    }
    let mut result = shape[..axis].to_vec();
    result.extend(&indices.shape);
    result.extend(&shape[axis + 1..]);
    let taken = match value {
        Value::Constant(tensor) => {
            importer.charge_shape(&result)?;
            tensor.gathered(axis, &list).into()
        }
        _ => take(importer, value, axis, &list)?,
    };
    Ok(vec![importer.reshape(&taken, &result)?])
}

/// Slices of runs with a constant step, joined.
fn take(importer: &mut Importer, value: &Value, axis: usize, indices: &[usize]) -> Result<Value> {
    importer.not_the_batch(value, axis)?;
    let mut parts = Vec::new();
    let mut rest = indices;
    while let Some(&start) = rest.first() {
        let step = rest.get(1).map_or(1, |&next| next as isize - start as isize);
        let size = if step == 0 { 1 } else { rest.windows(2).take_while(|w| w[1] as isize - w[0] as isize == step).count() + 1 };
        importer.charge(64)?; // a node takes far more memory than an index
        parts.push(importer.slice(value, axis, start, step, size)?);
        rest = &rest[size..];
    }
    match parts.len() {
        0 => importer.fail("it takes nothing"),
        1 => Ok(parts.remove(0)),
        _ => importer.concat(&parts, axis),
    }
}
