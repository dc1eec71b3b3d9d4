//! Swish: `x · sigmoid(α x)`; SwiGLU: the same times a second value.

use super::prelude::*;
use crate::activation::Silu;

pub fn gated(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let gate = swish(node, importer)?;
    Ok(vec![importer.arithmetic(Binary::Mul, &gate[0], node.value(1)?)?])
}

pub fn swish(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let alpha = node.float("alpha")?.unwrap_or(1.0);
    let times = |factor: f64| Value::from(Tensor::scalar(factor));
    if alpha == 0.0 {
        return Ok(vec![importer.arithmetic(Binary::Mul, value, &times(0.5))?]);
    }
    if alpha == 1.0 {
        return Ok(vec![importer.activation(value, Silu)?]);
    }
    let inner = importer.arithmetic(Binary::Mul, value, &times(alpha))?;
    let gated = importer.activation(&inner, Silu)?;
    Ok(vec![importer.arithmetic(Binary::Mul, &gated, &times(1.0 / alpha))?])
}
