//! PRelu: a rectifier with learned slopes below 0.

use super::prelude::*;
use crate::activation::{LeakyRelu, Relu};

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let slope = node.constant(1, "slope")?;
    let shape = importer.shape(value);
    let x = importer.node(value)?;
    let slope = importer.per_sample(slope, shape.len())?;
    if joint(&slope.shape, importer.builder.shape(x)).as_deref() != Some(importer.builder.shape(x)) {
        return node.fail(format!(
            "its slope of shape {:?} does not fit its input of shape {:?} per sample",
            slope.shape,
            importer.builder.shape(x)
        ));
    }
    if let Some(alpha) = slope.uniform() {
        return Ok(vec![importer.builder.activation(x, LeakyRelu { alpha })?.into()]);
    }
    // relu(x) - slope · relu(-x)
    let above = importer.builder.activation(x, Relu)?;
    let minus = importer.affine(x, Some(&Tensor::scalar(-1.0)), None)?;
    let below = importer.builder.activation(minus, Relu)?;
    importer.charge(slope.len())?;
    let below = importer.affine(below, Some(&slope.mapped(|a| -a)), None)?;
    Ok(vec![importer.builder.add(above, below)?.into()])
}
