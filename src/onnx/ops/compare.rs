//! Comparisons and choices: of constants, and the one form with the model's input that exporters write (softplus).

use super::super::patterns;
use super::prelude::*;

fn of_constants(op: Binary, node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match (node.value(0)?, node.value(1)?) {
        (Value::Constant(a), Value::Constant(b)) => Ok(vec![importer.fold_binary(op, a, b)?]),
        _ => node.fail(
            "it compares a value that depends on the model's input, which has no derivative: express it by Relu, Clip, Max or Min",
        ),
    }
}

pub fn equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    of_constants(Binary::Equal, node, importer)
}

pub fn and(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    of_constants(Binary::And, node, importer)
}

pub fn or(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    of_constants(Binary::Or, node, importer)
}

pub fn not(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = node.constant(0, "input")?;
    Ok(vec![importer.fold_binary(Binary::Equal, x, &Tensor::ints(Vec::new(), [0]))?])
}

/// A value compared with a number can still choose between the two forms of softplus.
fn above(node: &Node, value: usize, bound: usize) -> Result<Option<Value>> {
    match (node.value(value)?, node.value(bound)?) {
        (Value::Node(id), Value::Constant(bound)) if bound.len() == 1 => {
            Ok(bound.uniform().map(|bound| Value::Above(*id, bound)))
        }
        _ => Ok(None),
    }
}

pub fn greater(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match above(node, 0, 1)? {
        Some(value) => Ok(vec![value]),
        None => of_constants(Binary::Greater, node, importer),
    }
}

pub fn greater_or_equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match above(node, 0, 1)? {
        Some(value) => Ok(vec![value]),
        None => of_constants(Binary::GreaterOrEqual, node, importer),
    }
}

pub fn less(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match above(node, 1, 0)? {
        Some(value) => Ok(vec![value]),
        None => of_constants(Binary::Less, node, importer),
    }
}

pub fn less_or_equal(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match above(node, 1, 0)? {
        Some(value) => Ok(vec![value]),
        None => of_constants(Binary::LessOrEqual, node, importer),
    }
}

/// Where.
pub fn select(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (a, b) = (node.value(1)?, node.value(2)?);
    let condition = match node.value(0)? {
        Value::Constant(condition) => condition,
        Value::Above(above, threshold) => {
            let (x, smooth) = (importer.node(a)?, importer.node(b)?);
            return match patterns::softplus(&importer.builder, *above, *threshold, x, smooth) {
                Some(softplus) => Ok(vec![softplus.into()]),
                None => node.fail(
                    "it chooses by a comparison with the model's input: express it by Relu, Clip, Max or Min (only the guard of softplus is recognised)",
                ),
            };
        }
        _ => return node.fail("its condition depends on the model's input, which is not supported"),
    };
    if let (Value::Constant(a), Value::Constant(b)) = (a, b) {
        let Some(shape) = joint(&a.shape, &b.shape).and_then(|s| joint(&s, &condition.shape)) else {
            return node.fail(format!(
                "shapes {:?}, {:?} and {:?} do not broadcast",
                condition.shape, a.shape, b.shape
            ));
        };
        importer.charge_shape(&shape)?;
        return Ok(vec![condition.choose(a, b, &shape).into()]);
    }
    // Scores that -∞ takes the place of: see `mask`.
    let never = |value: &Value| matches!(value, Value::Constant(c) if c.uniform() == Some(f64::NEG_INFINITY));
    if never(a) || never(b) {
        importer.charge(condition.len())?;
        let (scores, kept) = if never(b) { (a, 1.0) } else { (b, 0.0) };
        let keep = condition.mapped(|v| if v != 0.0 { kept } else { 1.0 - kept });
        return Ok(vec![importer.leave_out(scores, &keep, &Tensor::scalar(0.0))?]);
    }
    // A mask keeps one side, its complement the other; a constant side is masked by itself, since 0 · ∞ is no 0.
    importer.charge(condition.len())?;
    let mask = condition.mapped(|v| (v != 0.0) as u8 as f64);
    let complement = mask.mapped(|v| 1.0 - v);
    let a = masked(importer, a, &mask)?;
    let b = masked(importer, b, &complement)?;
    Ok(vec![importer.arithmetic(Binary::Add, &a, &b)?])
}

/// What a mask of ones and zeros leaves of a value.
pub fn masked(importer: &mut Importer, value: &Value, mask: &Tensor) -> Result<Value> {
    let Value::Constant(tensor) = value else {
        return importer.arithmetic(Binary::Mul, value, &mask.clone().into());
    };
    match joint(&tensor.shape, &mask.shape) {
        Some(shape) => {
            importer.charge_shape(&shape)?;
            Ok(mask.choose(tensor, &Tensor::scalar(0.0), &shape).into())
        }
        None => importer.fail(format!("shapes {:?} and {:?} do not broadcast", tensor.shape, mask.shape)),
    }
}
