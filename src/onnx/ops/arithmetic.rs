//! Add, Sub, Mul, Div, Pow, Neg, and Sum and Mean of any number of values.

use super::super::mask::is_mask;
use super::prelude::*;

fn binary(op: Binary, node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![importer.arithmetic(op, node.value(0)?, node.value(1)?)?])
}

pub fn add(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match (node.value(0)?, node.value(1)?) {
        (Value::Constant(_), Value::Constant(_)) => {}
        (scores, Value::Constant(mask)) | (Value::Constant(mask), scores) if is_mask(mask) => {
            return Ok(vec![importer.add_mask(scores, mask)?]);
        }
        _ => {}
    }
    binary(Binary::Add, node, importer)
}

pub fn sub(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    binary(Binary::Sub, node, importer)
}

pub fn mul(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    binary(Binary::Mul, node, importer)
}

pub fn div(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    binary(Binary::Div, node, importer)
}

pub fn pow(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    binary(Binary::Pow, node, importer)
}

pub fn neg(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let minus = match node.value(0)? {
        Value::Constant(tensor) if matches!(tensor.data, Data::Int(_)) => Tensor::ints(Vec::new(), [-1]),
        _ => Tensor::scalar(-1.0),
    };
    Ok(vec![importer.arithmetic(Binary::Mul, node.value(0)?, &minus.into())?])
}

pub fn sum(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let values = node.values()?;
    let mut total = values[0].clone();
    for value in &values[1..] {
        total = importer.arithmetic(Binary::Add, &total, value)?;
    }
    Ok(vec![total])
}

pub fn mean(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let total = sum(node, importer)?;
    let weight = Tensor::scalar(1.0 / node.input_count() as f64);
    Ok(vec![importer.arithmetic(Binary::Mul, &total[0], &weight.into())?])
}
