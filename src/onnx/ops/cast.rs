//! Cast: between floating-point types nothing changes, since all numbers are computed in one precision.

use super::prelude::*;
use super::rounding;

pub fn cast(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let Some(to) = node.int("to")? else { return node.fail("it has no attribute 'to': the file is damaged") };
    node.ignore(&["saturate", "round_mode"]);
    match kind(i32::try_from(to).unwrap_or(-1)) {
        Ok(to) => convert(node, importer, to),
        Err(cause) => node.fail(format!("it casts to what is not supported: {cause}")),
    }
}

pub fn cast_like(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    node.ignore(&["saturate", "round_mode"]);
    let to = match node.value(1)? {
        Value::Constant(tensor) if matches!(tensor.data, Data::Int(_)) => Kind::Int,
        Value::Integer(_) => Kind::Int,
        Value::Condition(_) => Kind::Bool,
        _ => Kind::Float,
    };
    convert(node, importer, to)
}

fn convert(node: &Node, importer: &mut Importer, to: Kind) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let tensor = match (value, to) {
        (Value::Constant(tensor), _) => tensor,
        // 1 or 0; whether something holds; whether a number isn't 0.
        (_, Kind::Float) => return Ok(vec![importer.number(value)?]),
        (Value::Condition(_), Kind::Bool) | (Value::Integer(_), Kind::Int) => return Ok(vec![value.clone()]),
        (Value::Condition(_), Kind::Int) => return Ok(vec![importer.number(value)?.whole()]),
        (_, Kind::Bool) => {
            let zero = importer.compare(Binary::Equal, value, &Tensor::scalar(0.0).into())?;
            return Ok(vec![importer.not(&zero)?]);
        }
        (_, Kind::Int) => return Ok(vec![rounding::truncated(importer, value)?.whole()]),
    };
    importer.charge(tensor.len())?;
    let converted = match (&tensor.data, to) {
        (Data::Float(_), Kind::Float) | (Data::Int(_), Kind::Int) => return Ok(vec![value.clone()]),
        (Data::Int(_), Kind::Float) => Tensor::floats(tensor.shape.clone(), tensor.values()),
        (Data::Float(_), Kind::Int | Kind::Bool) if tensor.has_nan() => {
            return node.fail("it casts a constant that is not a number (NaN): repair the model");
        }
        (Data::Float(values), Kind::Int) => {
            Tensor::ints(tensor.shape.clone(), values.iter().map(|&v| v as i64).collect::<Vec<_>>())
        }
        (_, Kind::Bool) => {
            let truths = tensor.values().iter().map(|&v| (v != 0.0) as i64).collect::<Vec<_>>();
            Tensor::ints(tensor.shape.clone(), truths)
        }
    };
    Ok(vec![converted.into()])
}
