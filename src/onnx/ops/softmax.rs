//! Softmax and LogSoftmax.

use super::prelude::*;

pub fn softmax(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, false)
}

pub fn log_softmax(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, true)
}

fn lower(node: &Node, importer: &mut Importer, log: bool) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    // Until opset 12 it runs over all axes from the given one on together.
    let together = node.opset < 13;
    let axis = node.axis(node.int("axis")?.unwrap_or(if together { 1 } else { -1 }), shape.len())?;
    importer.not_the_batch(value, axis)?;
    let mut x = importer.node(value)?;
    if axis == 0 {
        return node.fail("a softmax over the batch of a constant is not supported");
    }
    let sample = importer.builder.shape(x).to_vec();
    if together {
        let Some(last) = count(&sample[axis - 1..]) else { return node.fail("its input is too large") };
        let flat: Vec<usize> = sample[..axis - 1].iter().copied().chain([last]).collect();
        x = importer.builder.reshape(x, &flat)?;
    }
    let y = importer.builder.softmax(x, axis - 1, log)?;
    Ok(vec![importer.builder.reshape(y, &sample)?.into()])
}
