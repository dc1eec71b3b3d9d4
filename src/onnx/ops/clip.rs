//! Clip, and Max and Min, which clamp if one of two is a number.

use super::prelude::*;
use crate::activation::Clip;

pub fn clip(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (min, max) = if node.opset < 11 {
        (node.float("min")?, node.float("max")?)
    } else {
        (node.optional_number(1, "lower bound")?, node.optional_number(2, "upper bound")?)
    };
    // Writers give the largest float32 where they mean no bound.
    let bound = |v: Option<f64>, none: f64| v.filter(|v| v.is_nan() || v.abs() < f32::MAX as f64).unwrap_or(none);
    let (min, max) = (bound(min, f64::NEG_INFINITY), bound(max, f64::INFINITY));
    if min.is_nan() || max.is_nan() {
        return node.fail(format!("its bounds {min} and {max} are not numbers (NaN): the model is damaged"));
    }
    let value = node.value(0)?;
    match value {
        // Sizes stay integers.
        Value::Constant(tensor) if matches!(tensor.data, Data::Int(_)) => {
            let low = Tensor::ints(Vec::new(), [min as i64]);
            let high = Tensor::ints(Vec::new(), [max as i64]);
            let raised = importer.fold_binary(Binary::Max, tensor, &low)?;
            Ok(vec![importer.arithmetic(Binary::Min, &raised, &high.into())?])
        }
        _ if min == f64::NEG_INFINITY && max == f64::INFINITY => Ok(vec![value.clone()]),
        // The specification's Min(max, Max(x, min)) is then the upper bound everywhere: there is no kink.
        Value::Node(id) if min >= max => {
            let (zero, bound) = (Tensor::scalar(0.0), Tensor::scalar(max));
            Ok(vec![importer.affine(*id, Some(&zero), Some(&bound))?.into()])
        }
        _ if min >= max => Ok(vec![importer.activation(value, Clip { min: max, max })?]),
        _ => Ok(vec![importer.activation(value, Clip { min, max })?]),
    }
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Max)
}

pub fn min(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    extreme(node, importer, Binary::Min)
}

fn extreme(node: &Node, importer: &mut Importer, op: Binary) -> Result<Vec<Value>> {
    let values = node.values()?;
    let mut result = values[0].clone();
    for value in &values[1..] {
        result = pair(importer, op, &result, value)?;
    }
    Ok(vec![result])
}

fn pair(importer: &mut Importer, op: Binary, a: &Value, b: &Value) -> Result<Value> {
    let (x, other) = match (a, b) {
        (Value::Constant(a), Value::Constant(b)) => return importer.fold_binary(op, a, b),
        (Value::Constant(_), _) => (b, a),
        _ => (a, b),
    };
    if let Value::Constant(tensor) = other
        && let Some(bound) = tensor.uniform().filter(|_| tensor.len() == 1 && tensor.shape.len() <= importer.shape(x).len())
    {
        let clip = match op {
            Binary::Max => Clip { min: bound, max: f64::INFINITY },
            _ => Clip { min: f64::NEG_INFINITY, max: bound },
        };
        return importer.activation(x, clip);
    }
    importer.arithmetic(op, x, other)
}
