//! Pad with a constant, or with what the value has at its edge, mirrored or from its other end; negative pads cut off.

use super::along::take;
use super::prelude::*;

/// What is beyond the edges.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Constant,
    Reflect,
    Edge,
    Wrap,
}

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mode = match node.text("mode")?.as_deref() {
        None | Some("constant") => Mode::Constant,
        Some("reflect") => Mode::Reflect,
        Some("edge") => Mode::Edge,
        Some("wrap") => Mode::Wrap,
        Some(other) => return node.fail(format!("mode = '{other}' is unknown: the file is damaged")),
    };
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
        if mode != Mode::Constant && (begin > 0 || end > 0) {
            let (before, after) = (before[axis], after[axis]);
            let total = left.checked_add(before).and_then(|n| n.checked_add(after));
            let Some(total) = total.filter(|&n| n <= isize::MAX as usize) else { return node.fail("the padding is too large") };
            importer.charge(total)?;
            let indices: Vec<usize> = (0..total).map(|i| source(mode, i as isize - before as isize, left)).collect();
            value = take(importer, &value, axis, &indices)?;
        }
    }
    if mode != Mode::Constant {
        return Ok(vec![value]);
    }
    Ok(vec![filled(node, importer, &value, &before, &after, fill.unwrap_or(0.0))?])
}

/// CenterCropPad: the middle of each axis, or zeros around it; an odd pixel is more at the end.
pub fn center(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut value = node.value(0)?.clone();
    let rank = importer.shape(&value).len();
    let Some(wanted) = node.optional_ints(1, "shape")? else { return node.fail("its shape is missing: the file is damaged") };
    let axes = match node.ints("axes")? {
        Some(axes) => node.axes(&axes, rank)?,
        None => (0..rank).collect(),
    };
    if wanted.len() != axes.len() {
        return node.fail(format!("{} sizes for {} axes: one for each is needed", wanted.len(), axes.len()));
    }
    let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
    for (&wanted, &axis) in wanted.iter().zip(&axes) {
        let size = importer.shape(&value)[axis];
        let Some(wanted) = usize::try_from(wanted).ok().filter(|&n| n > 0) else {
            return node.fail(format!("a size of {wanted} is not positive"));
        };
        if wanted != size {
            importer.not_the_batch(&value, axis)?;
        }
        if wanted <= size {
            value = importer.slice(&value, axis, (size - wanted) / 2, 1, wanted)?;
        } else {
            before[axis] = (wanted - size) / 2;
            after[axis] = wanted - size - before[axis];
        }
    }
    Ok(vec![filled(node, importer, &value, &before, &after, 0.0)?])
}

fn filled(node: &Node, importer: &mut Importer, value: &Value, before: &[usize], after: &[usize], fill: f64) -> Result<Value> {
    if let Value::Constant(tensor) = value {
        return Ok(constant(node, importer, tensor, before, after, fill)?.into());
    }
    let x = importer.node(value)?;
    Ok(importer.builder.pad(x, before, after, fill)?.into())
}

/// The index of `0..size` that an index beyond it takes.
fn source(mode: Mode, index: isize, size: usize) -> usize {
    let n = size as isize;
    let period = 2 * (n - 1);
    let index = match mode {
        Mode::Constant | Mode::Edge => index.clamp(0, n - 1),
        Mode::Wrap => index.rem_euclid(n),
        Mode::Reflect if n == 1 => 0,
        Mode::Reflect => match index.rem_euclid(period) {
            i if i < n => i,
            i => period - i,
        },
    };
    index as usize
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
