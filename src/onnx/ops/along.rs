//! What several operators do along one axis, or with all units of a sample: take some of them, or a constant linear map.

use super::prelude::*;
use crate::model::NodeId;

/// The units at some indices along an axis: slices of runs with a constant step, joined.
pub fn take(importer: &mut Importer, value: &Value, axis: usize, indices: &[usize]) -> Result<Value> {
    if let Value::Constant(tensor) = value {
        let mut shape = tensor.shape.clone();
        shape[axis] = indices.len();
        importer.charge_shape(&shape)?;
        return Ok(tensor.gathered(axis, indices).into());
    }
    importer.not_the_batch(value, axis)?;
    let mut parts = Vec::new();
    let mut rest = indices;
    while let Some(&start) = rest.first() {
        let step = rest.get(1).map_or(1, |&next| next as isize - start as isize);
        let size = if step == 0 {
            1
        } else {
            rest.windows(2).take_while(|w| w[1] as isize - w[0] as isize == step).count() + 1
        };
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

/// The shape of one sample, or of a constant as one sample sees it.
pub fn sample_shape(importer: &Importer, value: &Value) -> Vec<usize> {
    match value {
        Value::Node(id) => importer.builder.shape(*id).to_vec(),
        _ => importer.shape(value),
    }
}

/// All units of a sample in one row `[1, units]`.
pub fn row(importer: &mut Importer, value: &Value) -> Result<Value> {
    match value {
        Value::Constant(tensor) => Ok(tensor.reshaped(&[1, tensor.len()]).into()),
        _ => {
            let x = importer.node(value)?;
            let units = importer.builder.shape(x).iter().product(); // checked when it was made
            Ok(importer.builder.reshape(x, &[1, units])?.into())
        }
    }
}

/// A row of one sample under its shape; a constant, too.
pub fn shaped(importer: &mut Importer, row: &Value, shape: &[usize]) -> Result<Value> {
    match row {
        Value::Node(id) if shape.first() == Some(&1) => {
            importer.checked_rank(shape.len())?;
            Ok(importer.builder.reshape(*id, shape)?.into())
        }
        _ => importer.reshape(row, shape),
    }
}

/// `Σ_j matrix[i][j] x_j` along an axis: a constant linear map, `matrix` of shape `[outputs, inputs]`, which the caller has paid for.
pub fn map(importer: &mut Importer, value: &Value, axis: usize, matrix: &Tensor) -> Result<Value> {
    importer.not_the_batch(value, axis)?;
    let &[outputs, inputs] = &matrix.shape[..] else { return importer.fail("a linear map needs a matrix") };
    if let Value::Constant(tensor) = value {
        let mut shape = tensor.shape.clone();
        shape[axis] = outputs;
        importer.charge_shape(&shape)?;
        importer.charge(tensor.len().saturating_mul(outputs))?;
        let inner: usize = shape[axis + 1..].iter().product();
        let (x, m) = (tensor.values(), matrix.values());
        let mut y = Vec::new();
        for block in x.chunks_exact((inputs * inner).max(1)) {
            for row in m.chunks_exact(inputs.max(1)) {
                y.extend(
                    (0..inner)
                        .map(|i| row.iter().enumerate().map(|(j, w)| w * block[j * inner + i]).sum::<f64>()),
                );
            }
        }
        return Ok(Tensor::floats(shape, y).into());
    }
    let rank = importer.shape(value).len();
    let mut permutation: Vec<usize> = (0..rank).collect();
    permutation.swap(axis, rank - 1);
    let x = importer.node(value)?;
    let x = importer.builder.transpose(x, &permutation)?;
    let y = importer.builder.linear(x, &[outputs, inputs], matrix.values(), None)?;
    Ok(importer.builder.transpose(y, &permutation)?.into())
}

/// `W x + b` along the last axis, `weight` of shape `[outputs, inputs]`.
pub fn linear(
    importer: &mut Importer,
    value: &Value,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Value> {
    let &[outputs, inputs] = &weight.shape[..] else { return importer.fail("a linear layer needs a matrix") };
    if let Value::Constant(tensor) = value {
        let last = tensor.shape.len().saturating_sub(1);
        let product = map(importer, value, last, weight)?;
        return match bias {
            Some(bias) => importer.arithmetic(Binary::Add, &product, &bias.clone().into()),
            None => Ok(product),
        };
    }
    let x = importer.node(value)?;
    let y =
        importer.builder.linear(x, &[outputs, inputs], weight.values(), bias.map(|b| b.values().to_vec()))?;
    importer.follow(y, &[x]);
    Ok(y.into())
}

/// Some axes of a node as the columns of a matrix, the others as its rows; and the shape of what has one number for each row.
pub struct Columns {
    /// The matrix.
    pub x: NodeId,
    /// Its number of columns.
    pub columns: usize,
    /// Shape of a result with one number for each row.
    pub reduced: Vec<usize>,
}

/// Brings axes to the end, as one.
pub fn columns(importer: &mut Importer, value: &Value, axes: &[usize], keep: bool) -> Result<Columns> {
    for &axis in axes {
        importer.not_the_batch(value, axis)?;
    }
    let x = importer.node(value)?;
    let shape = importer.builder.shape(x).to_vec();
    let (kept, folded): (Vec<usize>, Vec<usize>) = (0..shape.len()).partition(|axis| !axes.contains(axis));
    let size = |axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product(); // checked with the node
    let (rows, columns) = (size(&kept), size(&folded));
    let permutation: Vec<usize> = kept.iter().chain(&folded).copied().collect();
    let x = importer.builder.transpose(x, &permutation)?;
    let x = importer.builder.reshape(x, &[rows, columns])?;
    let reduced = match keep {
        true => (0..shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] }).collect(),
        false => kept.iter().map(|&axis| shape[axis]).collect(),
    };
    Ok(Columns { x, columns, reduced })
}
