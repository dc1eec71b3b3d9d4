//! Lookups by whole numbers that depend on the model's input, as ArgMax and TopK give them: sums over all places, of which one counts. The choice is
//! constant up to where the indices jump.

use super::matmul::product;
use super::prelude::*;
use super::ranking::{one_hot, positions, unsqueezed};

/// For each index, along an axis of `n` places behind `axis`, 1 at its place, else 0; negative ones count from the end.
fn places(importer: &mut Importer, indices: &Value, axis: usize, n: usize) -> Result<Value> {
    let number = importer.number(indices)?;
    let index = unsqueezed(importer, &number, axis)?;
    let rank = importer.shape(&index).len();
    importer.charge(n)?;
    let first = one_hot(importer, &index, &positions(rank, axis, 0, n))?;
    let from_the_end = one_hot(importer, &index, &positions(rank, axis, -(n as i64), n))?;
    importer.arithmetic(Binary::Add, &first, &from_the_end)
}

/// OneHot: the second of two values at the place of each index, else the first.
pub fn hot(
    importer: &mut Importer,
    indices: &Value,
    axis: usize,
    depth: usize,
    values: &Tensor,
) -> Result<Value> {
    let (values, place) = (values.values(), places(importer, indices, axis, depth)?);
    let scaled = importer.arithmetic(Binary::Mul, &place, &Tensor::scalar(values[1] - values[0]).into())?;
    importer.arithmetic(Binary::Add, &scaled, &Tensor::scalar(values[0]).into())
}

/// Gather from a constant: a row of a table for each index.
pub fn rows(importer: &mut Importer, table: &Tensor, axis: usize, indices: &Value) -> Result<Value> {
    let (rank, n) = (table.shape.len(), table.shape[axis]);
    let shape = importer.shape(indices);
    let place = places(importer, indices, shape.len(), n)?;
    // [n, everything else], a row for each place.
    let order: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|&i| i != axis)).collect();
    importer.charge(table.len().saturating_mul(2))?;
    let table = table.transposed(&order);
    let others = &table.shape[1..];
    let matrix = table.reshaped(&[n, others.iter().product()]);
    let found = product(importer, &place, &matrix.into())?;
    let found = importer.reshape(&found, &[&shape[..], others].concat())?;
    if axis == 0 {
        return Ok(found);
    }
    // The axes of the indices go where the table's axis was.
    let k = shape.len();
    let order: Vec<usize> = (k..k + axis).chain(0..k).chain(k + axis..k + rank - 1).collect();
    importer.transpose(&found, &order)
}

/// The shapes of a value and of indices into it, which agree but along an axis.
fn alike(node: &Node, importer: &Importer, value: &Value, indices: &Value, axis: usize) -> Result<usize> {
    let (from, of) = (importer.shape(value), importer.shape(indices));
    if from.len() != of.len() || (0..of.len()).any(|i| i != axis && of[i] != from[i]) {
        return node.fail(format!(
            "its indices, which depend on the model's input, have shape {of:?} for a value of shape {from:?}: they have to agree but along axis {axis}"
        ));
    }
    importer.not_the_batch(indices, axis)?;
    Ok(from[axis])
}

/// GatherElements.
pub fn elements(
    node: &Node,
    importer: &mut Importer,
    value: &Value,
    indices: &Value,
    axis: usize,
) -> Result<Value> {
    let n = alike(node, importer, value, indices, axis)?;
    let place = places(importer, indices, axis + 1, n)?;
    let along = unsqueezed(importer, value, axis)?;
    let picked = importer.arithmetic(Binary::Mul, &place, &along)?;
    importer.reduce(&picked, &[axis + 1], false, false)
}

/// ScatterElements without reduction or with sums; indices without one don't repeat.
pub fn scattered(node: &Node, importer: &mut Importer, indices: &Value, axis: usize) -> Result<Value> {
    let (value, updates) = (node.value(0)?, node.value(2)?);
    let n = alike(node, importer, value, indices, axis)?;
    alike(node, importer, indices, updates, axis)?;
    let add = match node.text("reduction")?.as_deref() {
        None | Some("none") => false,
        Some("add") => true,
        Some(other) => {
            return node.fail(format!(
                "reduction = '{other}' with indices that depend on the model's input is not supported"
            ));
        }
    };
    let place = places(importer, indices, axis + 1, n)?;
    let along = unsqueezed(importer, updates, axis + 1)?;
    let moved = importer.arithmetic(Binary::Mul, &place, &along)?;
    let written = importer.reduce(&moved, &[axis], false, false)?;
    let kept = match add {
        true => value.clone(),
        false => {
            let hit = importer.reduce(&place, &[axis], false, false)?;
            let free = importer.arithmetic(Binary::Sub, &Tensor::scalar(1.0).into(), &hit)?;
            importer.arithmetic(Binary::Mul, &free, value)?
        }
    };
    importer.arithmetic(Binary::Add, &kept, &written)
}
