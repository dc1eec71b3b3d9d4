//! Layer normalisation over the last axes.

use super::normalization::scaled;
use super::prelude::*;
use crate::activation::Pow;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let rank = importer.shape(value).len();
    let axis = node.axis(node.int("axis")?.unwrap_or(-1), rank)?;
    let epsilon = node.float("epsilon")?.unwrap_or(1e-5f32 as f64);
    node.ignore(&["stash_type"]);
    importer.not_the_batch(value, axis)?;
    let x = importer.node(value)?;
    let y = Value::Node(importer.builder.normalize(x, rank - axis, epsilon)?);
    let shape = importer.shape(&y);
    let (scale, bias) = (node.value(1)?, node.optional(2)?);
    for part in [Some(scale), bias].into_iter().flatten() {
        if joint(&importer.shape(part), &shape[axis..]).as_deref() != Some(&shape[axis..]) {
            return node.fail(format!(
                "its scale or bias of shape {:?} does not fit the normalised axes {:?}",
                importer.shape(part),
                &shape[axis..]
            ));
        }
    }
    let y = scaled(importer, &y, scale, bias)?;
    if node.outputs.len() == 1 {
        return Ok(vec![y]);
    }
    // The mean, and one over the standard deviation.
    let axes: Vec<usize> = (axis..rank).collect();
    let mean = importer.reduce(value, &axes, true, true)?;
    let centred = importer.arithmetic(Binary::Sub, value, &mean)?;
    let squares = importer.activation(&centred, Pow { exponent: 2.0 })?;
    let variance = importer.reduce(&squares, &axes, true, true)?;
    let shifted = importer.arithmetic(Binary::Add, &variance, &Tensor::scalar(epsilon).into())?;
    let inverse = importer.activation(&shifted, Pow { exponent: -0.5 })?;
    Ok(vec![y, mean, inverse])
}
