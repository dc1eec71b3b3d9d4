//! Comparisons, logic and Where: of constants at once, of computed values as [choices](super::super::choices).

use super::super::condition::Logic;
use super::prelude::*;

fn comparison(op: Binary, node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![importer.compare(op, node.value(0)?, node.value(1)?)?])
}

pub fn equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    comparison(Binary::Equal, node, importer)
}

pub fn greater(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    comparison(Binary::Greater, node, importer)
}

pub fn greater_or_equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    comparison(Binary::GreaterOrEqual, node, importer)
}

pub fn less(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    comparison(Binary::Less, node, importer)
}

pub fn less_or_equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    comparison(Binary::LessOrEqual, node, importer)
}

pub fn and(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match (node.value(0)?, node.value(1)?) {
        (Value::Constant(a), Value::Constant(b)) => Ok(vec![importer.fold_binary(Binary::And, a, b)?]),
        (a, b) => Ok(vec![importer.join(Logic::And, a, b)?]),
    }
}

pub fn or(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match (node.value(0)?, node.value(1)?) {
        (Value::Constant(a), Value::Constant(b)) => Ok(vec![importer.fold_binary(Binary::Or, a, b)?]),
        (a, b) => Ok(vec![importer.join(Logic::Or, a, b)?]),
    }
}

pub fn xor(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match (node.value(0)?, node.value(1)?) {
        (Value::Constant(a), Value::Constant(b)) => {
            let truths = [a, b].map(|t| t.mapped(|v| f64::from(v != 0.0)));
            let same = importer.fold_binary(Binary::Equal, &truths[0], &truths[1])?;
            Ok(vec![importer.not(&same)?])
        }
        (a, b) => Ok(vec![importer.join(Logic::Xor, a, b)?]),
    }
}

pub fn not(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![importer.not(node.value(0)?)?])
}

/// Where.
pub fn select(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let sides = [node.value(1)?.clone(), node.value(2)?.clone()];
    let condition = node.value(0)?;
    if Value::any_condition(&sides) || Value::any_integer(&sides) {
        return Ok(vec![
            importer.of_numbers(&sides, |importer, sides| choice(node, importer, condition, sides))?,
        ]);
    }
    Ok(vec![choice(node, importer, condition, &sides)?])
}

fn choice(node: &Node, importer: &mut Importer, condition: &Value, sides: &[Value]) -> Result<Value> {
    match (condition, sides) {
        (Value::Constant(condition), [a, b]) => importer.by_mask(condition, a, b),
        (Value::Filled(all), [a, b]) => {
            let side = if all.number.uniform() == Some(0.0) { b } else { a };
            importer.expand(side, &all.shape)
        }
        (Value::Condition(condition), [a, b]) => importer.choose(condition, a, b),
        _ => node.fail("its condition is a number: compare it with one"),
    }
}

/// The number with the sign of a value: 1, 0 or -1.
pub fn sign(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    if let Value::Constant(tensor) = value {
        importer.charge(tensor.len())?;
        return Ok(vec![tensor.mapped(|v| if v == 0.0 { 0.0 } else { v.signum() }).into()]);
    }
    let [plus, zero, minus] = [1.0, 0.0, -1.0].map(|v| Tensor::scalar(v).into());
    let rest = sides(importer, value, 0.0, &minus, &zero)?;
    let above = importer.compare(Binary::Greater, value, &zero)?;
    Ok(vec![importer.chosen(&above, &plus, &rest)?])
}

/// `below` where a value is less than a bound, else `rest`.
fn sides(importer: &mut Importer, value: &Value, bound: f64, below: &Value, rest: &Value) -> Result<Value> {
    let less = importer.compare(Binary::Less, value, &Tensor::scalar(bound).into())?;
    importer.chosen(&less, below, rest)
}

/// `x` above alpha, else 0.
pub fn thresholded_relu(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let alpha = Tensor::scalar(node.float("alpha")?.unwrap_or(1.0));
    let above = importer.compare(Binary::Greater, value, &alpha.into())?;
    Ok(vec![importer.chosen(&above, value, &Tensor::scalar(0.0).into())?])
}

/// `x + bias` below -lambd, `x - bias` above lambd, else 0.
pub fn shrink(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let (lambd, bias) = (node.float("lambd")?.unwrap_or(0.5), node.float("bias")?.unwrap_or(0.0));
    let mut moved = |by: f64| importer.arithmetic(Binary::Add, value, &Tensor::scalar(by).into());
    let (raised, lowered) = (moved(bias)?, moved(-bias)?);
    let above = importer.compare(Binary::Greater, value, &Tensor::scalar(lambd).into())?;
    let rest = importer.chosen(&above, &lowered, &Tensor::scalar(0.0).into())?;
    Ok(vec![sides(importer, value, -lambd, &raised, &rest)?])
}
