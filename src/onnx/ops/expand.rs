//! Expand and Tile: repetition.

use super::prelude::*;

fn repeats(node: &Node, what: &str) -> Result<Vec<usize>> {
    let Some(values) = node.optional_ints(1, what)? else { return node.fail(format!("its {what} is missing")) };
    let sizes: Option<Vec<usize>> = values.iter().map(|&v| usize::try_from(v).ok()).collect();
    match sizes {
        Some(sizes) => Ok(sizes),
        None => node.fail(format!("its {what} = {values:?} must not be negative")),
    }
}

pub fn expand(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let shape = repeats(node, "shape")?;
    Ok(vec![importer.expand(node.value(0)?, &shape)?])
}

pub fn tile(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut value = node.value(0)?.clone();
    let counts = repeats(node, "repeats")?;
    let shape = importer.shape(&value);
    if counts.len() != shape.len() {
        return node.fail(format!("{} repeats for {} axes", counts.len(), shape.len()));
    }
    let mut tiled = shape.clone();
    for (axis, &count) in counts.iter().enumerate().filter(|(_, count)| **count != 1) {
        importer.not_the_batch(&value, axis)?;
        let Some(size) = tiled[axis].checked_mul(count) else { return node.fail("its result is too large") };
        // [a, b] becomes [a, 1, b], then [a, count, b].
        let mut split = tiled.clone();
        split.insert(axis, 1);
        value = importer.reshape(&value, &split)?;
        split[axis] = count;
        value = importer.expand(&value, &split)?;
        tiled[axis] = size;
        value = importer.reshape(&value, &tiled)?;
    }
    Ok(vec![value])
}
