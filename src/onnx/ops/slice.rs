//! Slice.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut value = node.value(0)?.clone();
    let shape = importer.shape(&value);
    let (starts, ends, axes, steps) = if node.opset < 10 {
        (node.ints("starts")?, node.ints("ends")?, node.ints("axes")?, None)
    } else {
        let [starts, ends] = [node.optional_ints(1, "starts")?, node.optional_ints(2, "ends")?];
        (starts, ends, node.optional_ints(3, "axes")?, node.optional_ints(4, "steps")?)
    };
    let (Some(starts), Some(ends)) = (starts, ends) else {
        return node.fail("its starts or ends are missing: the file is damaged");
    };
    let axes = match axes {
        Some(axes) => node.axes(&axes, shape.len())?,
        None => (0..starts.len().min(shape.len())).collect(),
    };
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if starts.len() != axes.len() || ends.len() != axes.len() || steps.len() != axes.len() {
        return node.fail(format!(
            "{} starts, {} ends and {} steps for {} axes: one each is needed",
            starts.len(),
            ends.len(),
            steps.len(),
            axes.len()
        ));
    }
    for (i, &axis) in axes.iter().enumerate() {
        let whole = (starts[i], steps[i]) == (0, 1) && ends[i] >= i32::MAX as i64;
        if axis == 0 && importer.batch == Batch::Dynamic && !whole {
            importer.not_the_batch(&value, 0)?;
        }
        let Some((start, size)) = range(starts[i], ends[i], steps[i], shape[axis]) else {
            return node.fail("a step is 0: the model is damaged");
        };
        value = importer.slice(&value, axis, start, steps[i] as isize, size)?;
    }
    Ok(vec![value])
}

/// First index and number of indices, clamped as ONNX says.
fn range(start: i64, end: i64, step: i64, size: usize) -> Option<(usize, usize)> {
    let n = size as i64;
    let from_end = |v: i64| if v < 0 { v.saturating_add(n) } else { v };
    let (start, end) = (from_end(start), from_end(end));
    let (start, distance) = match step {
        0 => return None,
        1.. => {
            let start = start.clamp(0, n);
            (start, end.clamp(0, n) - start)
        }
        _ => {
            let start = start.clamp(0, (n - 1).max(0));
            (start, start.min(n - 1) - end.clamp(-1, n - 1))
        }
    };
    let count = distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
    Some((start as usize, count as usize))
}
