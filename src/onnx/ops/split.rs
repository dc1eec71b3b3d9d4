//! Split.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let size = shape[axis];
    let parts = node.outputs.len();
    let declared = if node.opset >= 18 { node.int("num_outputs")? } else { None };
    if let Some(declared) = declared.filter(|&n| n != parts as i64) {
        return node.fail(format!("num_outputs = {declared}, but it has {parts} outputs: the file is damaged"));
    }
    let given = if node.opset < 13 { node.ints("split")? } else { node.optional_ints(1, "sizes")? };
    let sizes: Vec<usize> = match given {
        Some(given) => {
            let sizes: Option<Vec<usize>> = given.iter().map(|&s| usize::try_from(s).ok()).collect();
            let fits = |s: &Vec<usize>| s.len() == parts && s.iter().try_fold(0usize, |n, &s| n.checked_add(s)) == Some(size);
            match sizes.filter(fits) {
                Some(sizes) => sizes,
                None => {
                    return node.fail(format!("sizes {given:?} for {parts} outputs do not make up axis {axis} of size {size}"));
                }
            }
        }
        None => {
            // The last part may be smaller, if the number of outputs is given.
            let each = size.div_ceil(parts.max(1));
            if declared.is_none() && each * parts != size {
                return node.fail(format!("axis {axis} of size {size} cannot be split into {parts} equal parts"));
            }
            (0..parts).map(|i| each.min(size.saturating_sub(i * each))).collect()
        }
    };
    importer.not_the_batch(value, axis)?;
    let mut start = 0;
    let mut values = Vec::with_capacity(parts);
    for (part, name) in sizes.into_iter().zip(&node.outputs) {
        // Parts that nobody reads may be empty.
        values.push(if name.is_empty() { Value::Unusable("a part of a Split") } else { importer.slice(value, axis, start, 1, part)? });
        start += part;
    }
    Ok(values)
}
