//! CumSum: sums of all elements before each one along an axis, a triangular linear map. CumProd: their products.

use super::along::map;
use super::prelude::*;

/// Along what, whether without the element itself, whether from the end.
fn options(node: &Node, rank: usize) -> Result<(usize, bool, bool)> {
    let Some(&[axis]) = node.optional_ints(1, "axis")?.as_deref() else {
        return node.fail("its axis must be one integer");
    };
    let axis = node.axis(axis, rank)?;
    Ok((axis, node.flag("exclusive")?.unwrap_or(false), node.flag("reverse")?.unwrap_or(false)))
}

/// Products of the last 1, 2, 4, … elements before each one.
pub fn products(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let (axis, exclusive, reverse) = options(node, shape.len())?;
    importer.not_the_batch(value, axis)?;
    let n = shape[axis];
    if n == 0 {
        return Ok(vec![value.clone()]);
    }
    let mut x = if reverse { importer.slice(value, axis, n - 1, -1, n)? } else { value.clone() };
    if exclusive {
        let mut first = shape.clone();
        first[axis] = 1;
        importer.charge_shape(&first)?;
        let one = Tensor::scalar(1.0).expanded(&first).into();
        let rest = importer.slice(&x, axis, 0, 1, n - 1)?;
        x = importer.concat(&[one, rest], axis)?;
    }
    let mut step = 1;
    while step < n {
        let (start, later) =
            (importer.slice(&x, axis, 0, 1, step)?, importer.slice(&x, axis, step, 1, n - step)?);
        let earlier = importer.slice(&x, axis, 0, 1, n - step)?;
        let product = importer.arithmetic(Binary::Mul, &later, &earlier)?;
        x = importer.concat(&[start, product], axis)?;
        step *= 2;
    }
    Ok(vec![if reverse { importer.slice(&x, axis, n - 1, -1, n)? } else { x }])
}

pub fn sums(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    if matches!(value, Value::Integer(_)) {
        let number = importer.number(value)?;
        return Ok(vec![sum(node, importer, &number)?.whole()]);
    }
    Ok(vec![sum(node, importer, value)?])
}

fn sum(node: &Node, importer: &mut Importer, value: &Value) -> Result<Value> {
    let shape = importer.shape(value);
    let (axis, exclusive, reverse) = options(node, shape.len())?;
    let n = shape[axis];
    importer.charge_shape(&[n, n])?;
    let counts = |i: usize, j: usize| if reverse { j > i } else { j < i } || (i == j && !exclusive);
    let cells = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let matrix: Vec<f64> = cells.map(|(i, j)| counts(i, j) as u8 as f64).collect();
    let sum = map(importer, value, axis, &Tensor::floats(vec![n, n], matrix))?;
    Ok(match (value, &sum) {
        (Value::Constant(of), Value::Constant(sum)) if matches!(of.data, Data::Int(_)) => {
            Tensor::ints(sum.shape.clone(), sum.values().iter().map(|&v| v as i64).collect::<Vec<_>>()).into()
        }
        _ => sum,
    })
}
