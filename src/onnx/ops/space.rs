//! DepthToSpace and SpaceToDepth: blocks of pixels become channels, or the other way round; no number changes.

use super::prelude::*;

fn image(node: &Node, importer: &Importer) -> Result<([usize; 4], usize)> {
    let shape = importer.shape(node.value(0)?);
    let Ok(shape) = <[usize; 4]>::try_from(&shape[..]) else {
        return node.fail(format!("its input of shape {shape:?} is no image [batch, channels, height, width]"));
    };
    match node.int("blocksize")?.and_then(|b| usize::try_from(b).ok()) {
        Some(block) if block > 0 && block < 1 << 16 && !shape.contains(&0) => Ok((shape, block)),
        _ => node.fail("its blocksize must be positive, and its image not empty"),
    }
}

fn moved(importer: &mut Importer, value: &Value, split: &[usize], order: &[usize], result: &[usize]) -> Result<Vec<Value>> {
    let split = importer.reshape(value, split)?;
    let ordered = importer.transpose(&split, order)?;
    Ok(vec![importer.reshape(&ordered, result)?])
}

pub fn depth_to_space(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let ([n, c, h, w], b) = image(node, importer)?;
    if !c.is_multiple_of(b * b) {
        return node.fail(format!("{c} channels cannot be split into blocks of {b} x {b}"));
    }
    let (less, result) = (c / (b * b), [n, c / (b * b), h * b, w * b]);
    match node.text("mode")?.as_deref() {
        None | Some("DCR") => moved(importer, node.value(0)?, &[n, b, b, less, h, w], &[0, 3, 4, 1, 5, 2], &result),
        Some("CRD") => moved(importer, node.value(0)?, &[n, less, b, b, h, w], &[0, 1, 4, 2, 5, 3], &result),
        Some(other) => node.fail(format!("mode = '{other}' is unknown: the file is damaged")),
    }
}

pub fn space_to_depth(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let ([n, c, h, w], b) = image(node, importer)?;
    if !h.is_multiple_of(b) || !w.is_multiple_of(b) {
        return node.fail(format!("an image of {h} x {w} cannot be cut into blocks of {b} x {b}"));
    }
    let split = [n, c, h / b, b, w / b, b];
    moved(importer, node.value(0)?, &split, &[0, 3, 5, 1, 2, 4], &[n, c * b * b, h / b, w / b])
}
