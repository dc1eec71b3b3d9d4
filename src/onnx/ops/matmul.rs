//! Matrix product: with a constant a linear layer, of two values a kernel of its own.

use super::prelude::*;
use crate::model::{Geometry, NodeId};

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![product(importer, node.value(0)?, node.value(1)?)?])
}

/// The matrix product of any two values, as numpy's `matmul` has it.
pub fn product(importer: &mut Importer, a: &Value, b: &Value) -> Result<Value> {
    let (ranks, mut shapes) =
        ([importer.shape(a).len(), importer.shape(b).len()], [importer.shape(a), importer.shape(b)]);
    if ranks.contains(&0) {
        return importer.fail("a matrix product with a number is not defined: the model is damaged");
    }
    // A vector on the left is a row, on the right a column; the product loses that axis again.
    if ranks[0] == 1 {
        shapes[0].insert(0, 1);
    }
    if ranks[1] == 1 {
        shapes[1].push(1);
    }
    let inner = [shapes[0][shapes[0].len() - 1], shapes[1][shapes[1].len() - 2]];
    if inner[0] != inner[1] {
        return importer
            .fail(format!("inner sizes {} and {} of the matrix product differ", inner[0], inner[1]));
    }
    // Axis 0 of each may be the batch, unless it is summed over or the other one's leading axes go before it.
    let inner_axis = [ranks[0] - 1, ranks[1].saturating_sub(2)];
    for (i, value) in [a, b].into_iter().enumerate() {
        let alone = matches!([b, a][i], Value::Constant(_));
        if importer.has_batch(value) && (inner_axis[i] == 0 || (!alone && ranks[i] < ranks[1 - i])) {
            return importer
                .fail("it multiplies along axis 0, which is the batch: each sample must stay by itself");
        }
    }
    let y = match (a, b) {
        (Value::Constant(a), Value::Constant(b)) => {
            let (a, b) = (a.reshaped(&shapes[0]), b.reshaped(&shapes[1]));
            return constants(importer, &a, &b, ranks);
        }
        (_, Value::Constant(b)) => {
            let x = matrix(importer, a, &shapes[0], ranks[0])?;
            right(importer, x, &b.reshaped(&shapes[1]))?
        }
        (Value::Constant(a), _) => {
            // A B = (Bᵀ Aᵀ)ᵀ
            let x = matrix(importer, b, &shapes[1], ranks[1])?;
            let x = swapped(importer, x)?;
            importer.charge(a.len())?;
            let y = right(importer, x, &a.reshaped(&shapes[0]).matrix_transposed())?;
            swapped(importer, y)?
        }
        _ => {
            let (a, b) =
                (matrix(importer, a, &shapes[0], ranks[0])?, matrix(importer, b, &shapes[1], ranks[1])?);
            products(importer, a, b)?
        }
    };
    let mut shape = importer.builder.shape(y).to_vec();
    if ranks[1] == 1 {
        shape.pop();
    }
    if ranks[0] == 1 {
        shape.remove(shape.len().saturating_sub(if ranks[1] == 1 { 1 } else { 2 }));
    }
    Ok(importer.builder.reshape(y, &shape)?.into())
}

/// A value as a matrix, which a vector is with an axis more.
fn matrix(importer: &mut Importer, value: &Value, shape: &[usize], rank: usize) -> Result<NodeId> {
    let x = importer.node(value)?;
    if rank == 1 { importer.builder.reshape(x, shape) } else { Ok(x) }
}

fn swapped(importer: &mut Importer, x: NodeId) -> Result<NodeId> {
    let mut permutation: Vec<usize> = (0..importer.builder.shape(x).len()).collect();
    let n = permutation.len();
    permutation.swap(n - 2, n - 1);
    importer.builder.transpose(x, &permutation)
}

/// `x B` with a constant `[…, inner, columns]`.
fn right(importer: &mut Importer, x: NodeId, b: &Tensor) -> Result<NodeId> {
    let rank = importer.builder.shape(x).len();
    let b = if b.shape.len() > 2 { importer.per_sample(b, rank)? } else { b.clone() };
    let (leading, matrix) = b.shape.split_at(b.shape.len() - 2);
    importer.charge(b.len())?;
    if leading.iter().all(|&n| n == 1) {
        let mut y_shape = vec![1; b.shape.len().saturating_sub(rank)];
        let weight = b.reshaped(matrix).matrix_transposed();
        let y = importer.builder.linear(x, &[matrix[1], matrix[0]], weight.values(), None)?;
        if y_shape.is_empty() {
            return Ok(y);
        }
        y_shape.extend(importer.builder.shape(y));
        return importer.builder.reshape(y, &y_shape);
    }
    // A matrix for each head: a grouped convolution of width 1 over the rows.
    let x_shape = importer.builder.shape(x).to_vec();
    let (x_leading, x_matrix) = x_shape.split_at(x_shape.len().saturating_sub(2));
    let (Some(heads), &[rows, inner]) = (joint(x_leading, leading), x_matrix) else {
        return importer.fail(format!("shapes {x_shape:?} and {:?} (per sample) do not fit", b.shape));
    };
    let columns = matrix[1];
    let full: Vec<usize> = heads.iter().copied().chain([rows, inner]).collect();
    let x = importer.builder.broadcast(x, &full)?;
    let expanded: Vec<usize> = heads.iter().chain(matrix).copied().collect();
    importer.charge_shape(&expanded)?;
    let weight = b.expanded(&expanded).matrix_transposed();
    let Some(groups) = count(&heads) else { return importer.fail("too many matrices") };
    let x = swapped(importer, x)?;
    let x = importer.builder.reshape(x, &[groups * inner, rows])?;
    let window = Geometry { kernel: vec![1], ..Geometry::default() };
    let y =
        importer.builder.conv(x, &[groups * columns, inner, 1], weight.values(), None, groups, &window)?;
    let shape: Vec<usize> = heads.into_iter().chain([columns, rows]).collect();
    let y = importer.builder.reshape(y, &shape)?;
    swapped(importer, y)
}

/// Two values.
fn products(importer: &mut Importer, a: NodeId, b: NodeId) -> Result<NodeId> {
    let (left, right) = (importer.builder.shape(a).to_vec(), importer.builder.shape(b).to_vec());
    let (Some((before_a, &[rows, inner])), Some((before_b, &[depth, columns]))) =
        (left.split_last_chunk(), right.split_last_chunk())
    else {
        return importer.fail("a matrix product needs matrices");
    };
    let Some(leading) = joint(before_a, before_b) else {
        return importer
            .fail(format!("matrices of shapes {left:?} and {right:?} (per sample) do not broadcast"));
    };
    if rows == 1 || columns == 1 {
        // No more products than numbers: one by one, and summed.
        let b = swapped(importer, b)?;
        let product = importer.builder.mul(a, b)?;
        let axis = importer.builder.shape(product).len() - 1;
        let sum = importer.builder.reduce(product, &[axis], true, false)?;
        return if columns == 1 { Ok(sum) } else { swapped(importer, sum) };
    }
    let full = |matrix: [usize; 2]| leading.iter().copied().chain(matrix).collect::<Vec<_>>();
    let a = importer.builder.broadcast(a, &full([rows, inner]))?;
    let b = importer.builder.broadcast(b, &full([depth, columns]))?;
    importer.builder.matmul(a, b)
}

/// The same of two constants.
fn constants(importer: &mut Importer, a: &Tensor, b: &Tensor, ranks: [usize; 2]) -> Result<Value> {
    importer.charge(b.len())?;
    let b = b.matrix_transposed();
    let (mut left, mut right) = (a.shape.clone(), b.shape.clone());
    left.insert(left.len() - 1, 1);
    right.insert(right.len() - 2, 1);
    let product = importer.fold_binary(Binary::Mul, &a.reshaped(&left), &b.reshaped(&right))?;
    let Value::Constant(product) = product else {
        return importer.fail("a product of constants is not constant");
    };
    let rank = product.shape.len();
    let mut y = importer.fold_reduce(&product, Binary::Add, &[rank - 1], false)?;
    let mut shape = y.shape.clone();
    if ranks[1] == 1 {
        shape.pop();
    }
    if ranks[0] == 1 {
        shape.remove(shape.len().saturating_sub(if ranks[1] == 1 { 1 } else { 2 }));
    }
    y = y.reshaped(&shape);
    Ok(y.into())
}
