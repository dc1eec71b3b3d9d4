//! Add, Sub, Mul, Div, Pow, Neg, and Sum and Mean of any number of values.

use super::super::mask::is_mask;
use super::along::{row, sample_shape, shaped, take};
use super::prelude::*;
use crate::activation::Pow;

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
    match (node.value(0)?, node.value(1)?) {
        (x @ Value::Node(_), Value::Constant(exponents))
            if exponents.len() > 1 && exponents.uniform().is_none() =>
        {
            Ok(vec![each_to_its_power(node, importer, x, exponents)?])
        }
        _ => binary(Binary::Pow, node, importer),
    }
}

/// Different exponents in one node at most.
const MOST_EXPONENTS: usize = 64;

/// `x^e` with exponents e of their own: the elements of each together, so that whole powers need no logarithm.
fn each_to_its_power(node: &Node, importer: &mut Importer, x: &Value, exponents: &Tensor) -> Result<Value> {
    // Under the shape of both.
    let x = importer.arithmetic(Binary::Mul, x, &exponents.mapped(|_| 1.0).into())?;
    let shape = sample_shape(importer, &x);
    let exponents = importer.per_sample(exponents, importer.shape(&x).len())?;
    if exponents.shape.len() > shape.len() {
        return node.fail(format!("its exponents have the shape {:?}, its base {shape:?}", exponents.shape));
    }
    importer.charge_shape(&shape)?;
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for (position, &exponent) in exponents.expanded(&shape).values().iter().enumerate() {
        match groups.iter().position(|(other, _)| *other == exponent) {
            Some(group) => groups[group].1.push(position),
            None if groups.len() == MOST_EXPONENTS => {
                return node
                    .fail(format!("its elements have more than {MOST_EXPONENTS} different exponents"));
            }
            None => groups.push((exponent, vec![position])),
        }
    }
    let units = row(importer, &x)?;
    let mut powers = Vec::with_capacity(groups.len());
    for (exponent, positions) in &groups {
        let elements = take(importer, &units, 1, positions)?;
        powers.push(match *exponent {
            1.0 => elements,
            exponent => importer.activation(&elements, Pow { exponent })?,
        });
    }
    let powers = importer.concat(&powers, 1)?;
    // Back to where they were.
    let mut places = vec![0; shape.iter().product()];
    let moved = groups.iter().flat_map(|(_, positions)| positions);
    moved.enumerate().for_each(|(place, &position)| places[position] = place);
    let powers = take(importer, &powers, 1, &places)?;
    shaped(importer, &powers, &shape)
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
