//! Pad with a constant; negative pads cut off.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mode = node.text("mode")?.unwrap_or_else(|| "constant".into());
    if mode != "constant" {
        return node.fail(format!("mode = '{mode}' is not supported: pad with a constant"));
    }
    let mut value = node.value(0)?.clone();
    let rank = importer.shape(&value).len();
    let (pads, fill, axes) = if node.opset < 11 {
        (node.ints("pads")?, node.float("value")?, None)
    } else {
        (node.optional_ints(1, "pads")?, node.optional_number(2, "padding value")?, node.optional_ints(3, "axes")?)
    };
    let Some(pads) = pads else { return node.fail("its pads are missing: the file is damaged") };
    let axes = match axes {
        Some(axes) => node.axes(&axes, rank)?,
        None => (0..rank).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return node.fail(format!("{} pads for {} axes: two for each are needed", pads.len(), axes.len()));
    }
    let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
    for (i, &axis) in axes.iter().enumerate() {
        let (begin, end) = (pads[i], pads[axes.len() + i]);
        if begin != 0 || end != 0 {
            importer.not_the_batch(&value, axis)?;
        }
        let cut = |pad: i64| usize::try_from(pad.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let size = importer.shape(&value)[axis];
        let left = size.checked_sub(cut(begin)).and_then(|n| n.checked_sub(cut(end)));
        let Some(left) = left.filter(|&n| n > 0) else {
            return node.fail(format!("pads {begin} and {end} leave nothing of axis {axis}, whose size is {size}"));
        };
        value = importer.slice(&value, axis, cut(begin), 1, left)?;
        (before[axis], after[axis]) = (begin.max(0) as usize, end.max(0) as usize);
    }
    let fill = fill.unwrap_or(0.0);
    if let Value::Constant(tensor) = &value {
        return Ok(vec![constant(node, importer, tensor, &before, &after, fill)?.into()]);
    }
    let x = importer.node(&value)?;
    Ok(vec![importer.builder.pad(x, &before, &after, fill)?.into()])
}

fn constant(node: &Node, importer: &mut Importer, x: &Tensor, before: &[usize], after: &[usize], fill: f64) -> Result<Tensor> {
    let mut x = x.clone();
    let fill = match x.data {
        Data::Int(_) => Tensor::ints(Vec::new(), [fill as i64]),
        Data::Float(_) => Tensor::scalar(fill),
    };
    for axis in 0..x.shape.len() {
        let mut shape = x.shape.clone();
        let total = shape[axis].checked_add(before[axis]).and_then(|n| n.checked_add(after[axis]));
        let Some(total) = total else { return node.fail("the padding is too large") };
        shape[axis] = total;
        importer.charge_shape(&shape)?;
        let mut block = |size: usize| {
            shape[axis] = size;
            fill.expanded(&shape)
        };
        let (first, last) = (block(before[axis]), block(after[axis]));
        x = Tensor::concatenated(&[&first, &x, &last], axis);
    }
    Ok(x)
}
