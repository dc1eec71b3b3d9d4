//! ReverseSequence: the first steps of each sequence the other way round, as many as constants say.

use super::along::take;
use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let axis = |name: &str, default: i64| node.axis(node.int(name)?.unwrap_or(default), shape.len().min(2));
    let (time, batch) = (axis("time_axis", 0)?, axis("batch_axis", 1)?);
    let Some(lengths) = node.optional_ints(1, "sequence_lens")? else {
        return node.fail("its lengths are missing: the file is damaged");
    };
    let steps = shape[time];
    let fits = |&n: &i64| usize::try_from(n).is_ok_and(|n| n <= steps);
    if time == batch || lengths.is_empty() || lengths.len() != shape[batch] || !lengths.iter().all(fits) {
        return node.fail(format!(
            "lengths {lengths:?} along axis {time}, one for each of axis {batch}, do not fit the shape {shape:?}"
        ));
    }
    let order = |length: i64| -> Vec<usize> {
        let length = length as usize;
        (0..steps).map(|i| if i < length { length - 1 - i } else { i }).collect()
    };
    importer.charge(lengths.len().saturating_mul(steps))?;
    // The same for all is one selection, which leaves the batch alone.
    if let [first, rest @ ..] = &lengths[..]
        && rest.iter().all(|length| length == first)
    {
        return Ok(vec![take(importer, value, time, &order(*first))?]);
    }
    let mut parts = Vec::with_capacity(lengths.len());
    for (row, &length) in lengths.iter().enumerate() {
        let part = importer.slice(value, batch, row, 1, 1)?;
        parts.push(take(importer, &part, time, &order(length))?);
    }
    Ok(vec![importer.concat(&parts, batch)?])
}
