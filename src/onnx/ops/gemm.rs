//! General matrix product `α A B + β C`: a linear layer, or a product of two values.

use super::matmul::product;
use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let alpha = node.float("alpha")?.unwrap_or(1.0);
    let beta = node.float("beta")?.unwrap_or(1.0);
    let (trans_a, trans_b) = (node.flag("transA")?.unwrap_or(false), node.flag("transB")?.unwrap_or(false));
    let value = node.value(0)?;
    let Value::Constant(weight) = node.value(1)? else {
        return of_two(node, importer, [trans_a, trans_b], [alpha, beta]);
    };
    if trans_a && importer.has_batch(value) {
        return node.fail("transA = 1 makes the product run over the batch: each sample must stay by itself");
    }
    let rank = importer.shape(value).len();
    if rank != 2 || weight.shape.len() != 2 {
        return node
            .fail(format!("it takes matrices, but its inputs have {rank} and {} axes", weight.shape.len()));
    }
    let value = if trans_a { importer.transpose(value, &[1, 0])? } else { value.clone() };
    let x = importer.node(&value)?;
    importer.charge(weight.len())?;
    let weight = if trans_b {
        weight.as_ref().clone()
    } else {
        importer.charge(weight.len())?;
        weight.matrix_transposed()
    };
    let [outputs, inputs] = [weight.shape[0], weight.shape[1]];
    let weight = if alpha == 1.0 {
        weight
    } else {
        importer.charge(weight.len())?;
        weight.mapped(|w| alpha * w)
    };
    let rows = importer.builder.shape(x)[0];
    let mut rest = node.optional(2)?;
    let mut bias = None;
    if let Some(Value::Constant(c)) = rest {
        let c = importer.per_sample(c, 2)?;
        if joint(&c.shape, &[rows, outputs]).as_deref() != Some(&[rows, outputs]) {
            return node.fail(format!("its bias C of shape {:?} does not fit {outputs} outputs", c.shape));
        }
        if count(&c.shape[..c.shape.len().saturating_sub(1)]) == Some(1) {
            importer.charge(outputs)?;
            let row = c.reshaped(&c.shape[c.shape.len().saturating_sub(1)..]);
            bias = Some(row.expanded(&[outputs]).values().iter().map(|b| beta * b).collect());
            rest = None;
        }
    }
    let y = importer.builder.linear(x, &[outputs, inputs], weight.values(), bias)?;
    match rest {
        None => Ok(vec![y.into()]),
        Some(other) => {
            let scaled = importer.arithmetic(Binary::Mul, other, &Tensor::scalar(beta).into())?;
            Ok(vec![importer.arithmetic(Binary::Add, &y.into(), &scaled)?])
        }
    }
}

/// Of a B that is no constant.
fn of_two(
    node: &Node,
    importer: &mut Importer,
    transposed: [bool; 2],
    [alpha, beta]: [f64; 2],
) -> Result<Vec<Value>> {
    let mut factors = Vec::with_capacity(2);
    for (index, transposed) in transposed.into_iter().enumerate() {
        let value = node.value(index)?;
        let shape = importer.shape(value);
        if shape.len() != 2 {
            return node.fail(format!("it takes matrices, but input {} has shape {shape:?}", index + 1));
        }
        factors.push(if transposed { importer.transpose(value, &[1, 0])? } else { value.clone() });
    }
    let mut y = product(importer, &factors[0], &factors[1])?;
    if alpha != 1.0 {
        y = importer.arithmetic(Binary::Mul, &y, &Tensor::scalar(alpha).into())?;
    }
    if let Some(c) = node.optional(2)? {
        let scaled = importer.arithmetic(Binary::Mul, c, &Tensor::scalar(beta).into())?;
        y = importer.arithmetic(Binary::Add, &y, &scaled)?;
    }
    Ok(vec![y])
}
