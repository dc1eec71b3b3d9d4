//! CumSum: sums of all elements before each one along an axis, a triangular linear map.

use super::along::map;
use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let Some(&[axis]) = node.optional_ints(1, "axis")?.as_deref() else { return node.fail("its axis must be one integer") };
    let axis = node.axis(axis, shape.len())?;
    let (exclusive, reverse) = (node.flag("exclusive")?.unwrap_or(false), node.flag("reverse")?.unwrap_or(false));
    let n = shape[axis];
    importer.charge_shape(&[n, n])?;
    let counts = |i: usize, j: usize| if reverse { j > i } else { j < i } || (i == j && !exclusive);
    let cells = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let matrix: Vec<f64> = cells.map(|(i, j)| counts(i, j) as u8 as f64).collect();
    let sum = map(importer, value, axis, &Tensor::floats(vec![n, n], matrix))?;
    Ok(vec![match (value, &sum) {
        (Value::Constant(of), Value::Constant(sum)) if matches!(of.data, Data::Int(_)) => {
            Tensor::ints(sum.shape.clone(), sum.values().iter().map(|&v| v as i64).collect::<Vec<_>>()).into()
        }
        _ => sum,
    }])
}
