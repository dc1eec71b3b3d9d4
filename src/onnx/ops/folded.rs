//! Operators mostly of constants, as shape arithmetic and masks have them: their results have no derivative, or no fixed shape.

use super::lookup;
use super::prelude::*;

pub fn one_hot(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let given = node.value(0)?;
    let depth = node.constant(1, "depth")?.uniform().filter(|d| (1.0..=u32::MAX as f64).contains(d));
    let Some(depth) = depth.map(|d| d as usize) else {
        return node.fail("its depth must be one positive number");
    };
    let values = node.constant(2, "pair of values")?;
    if values.shape != [2] {
        return node.fail(format!("its values have shape {:?}: two are needed", values.shape));
    }
    let axis = node.axis(node.int("axis")?.unwrap_or(-1), importer.shape(given).len() + 1)?;
    if let Value::Integer(_) = given {
        return Ok(vec![lookup::hot(importer, given, axis, depth, values)?]);
    }
    let indices = node.constant(0, "list of indices")?;
    let mut shape = indices.shape.clone();
    shape.insert(axis, depth);
    importer.charge_shape(&shape)?;
    let inner = indices.shape[axis..].iter().product::<usize>().max(1);
    let numbers = indices.values();
    let mut chosen = Vec::new();
    for block in numbers.chunks_exact(inner) {
        for k in 0..depth {
            // Negative ones count from the end, as in Gather; what is outside chooses nothing.
            let hit = |v: f64| v == k as f64 || v + depth as f64 == k as f64;
            chosen.extend(block.iter().map(|&v| hit(v) as i64));
        }
    }
    let (off, on) = (values.sliced(0, 0, 1, 1), values.sliced(0, 1, 1, 1));
    Ok(vec![Tensor::ints(shape.clone(), chosen).choose(&on, &off, &shape).into()])
}

pub fn non_zero(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let tensor = node.constant(0, "input")?;
    let rank = tensor.shape.len();
    importer.charge(tensor.len().saturating_mul(rank.max(1)))?;
    let found: Vec<usize> =
        tensor.values().iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i).collect();
    let mut positions = Vec::with_capacity(rank * found.len());
    for axis in 0..rank {
        let inner: usize = tensor.shape[axis + 1..].iter().product();
        positions.extend(found.iter().map(|i| (i / inner % tensor.shape[axis]) as i64));
    }
    Ok(vec![Tensor::ints(vec![rank, found.len()], positions).into()])
}

fn tested(node: &Node, importer: &mut Importer, test: impl Fn(f64) -> bool) -> Result<Vec<Value>> {
    // What depends on the input is a number: where it isn't, there is no result.
    let tensor = match node.value(0)? {
        Value::Constant(tensor) => tensor,
        value => {
            let shape = importer.shape(value);
            return Ok(vec![importer.filled(Tensor::ints(Vec::new(), [0]), &shape)?]);
        }
    };
    importer.charge(tensor.len())?;
    let truths = tensor.values().iter().map(|&v| test(v) as i64).collect::<Vec<_>>();
    Ok(vec![Tensor::ints(tensor.shape.clone(), truths).into()])
}

pub fn is_nan(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    tested(node, importer, f64::is_nan)
}

pub fn is_inf(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let above = node.flag("detect_positive")?.unwrap_or(true);
    let below = node.flag("detect_negative")?.unwrap_or(true);
    tested(node, importer, |v| v.is_infinite() && if v > 0.0 { above } else { below })
}

/// A unit matrix of the shape of its input, which is known of any value.
pub fn eye_like(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let shape = importer.shape(node.value(0)?);
    let &[rows, columns] = &shape[..] else {
        return node.fail(format!("its input of shape {shape:?} is no matrix"));
    };
    let shift = node.int("k")?.unwrap_or(0);
    let whole = match node.int("dtype")? {
        Some(to) => kind(i32::try_from(to).unwrap_or(-1)).map_err(|cause| node.error(cause))? != Kind::Float,
        None => matches!(node.value(0)?, Value::Constant(tensor) if matches!(tensor.data, Data::Int(_))),
    };
    importer.charge_shape(&shape)?;
    let cells = (0..rows).flat_map(|i| (0..columns).map(move |j| (i as i64, j as i64)));
    let ones: Vec<i64> = cells.map(|(i, j)| (i.checked_add(shift) == Some(j)) as i64).collect();
    let matrix = Tensor::ints(shape.clone(), ones);
    Ok(vec![if whole { matrix } else { Tensor::floats(shape, matrix.values()) }.into()])
}
