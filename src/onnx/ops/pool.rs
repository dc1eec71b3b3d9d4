//! Average and maximum pooling.

use super::prelude::*;
use super::window;
use crate::model::{Geometry, NodeId};

fn windows(node: &Node, importer: &mut Importer) -> Result<(NodeId, Geometry)> {
    let x = importer.node(node.value(0)?)?;
    let image = importer.builder.shape(x).get(1..).unwrap_or_default().to_vec();
    let Some(kernel) = window::sizes(node, "kernel_shape", image.len())? else {
        return node.fail("it has no attribute 'kernel_shape': the file is damaged");
    };
    let geometry = window::geometry(node, importer, &image, &kernel)?;
    Ok((x, geometry))
}

pub fn average(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    let include = node.flag("count_include_pad")?.unwrap_or(false);
    Ok(vec![importer.builder.average_pool(x, &geometry, include)?.into()])
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    node.ignore(&["storage_order"]); // of the indices, which nothing may read
    let y = importer.builder.max_pool(x, &geometry)?;
    Ok(vec![y.into(), Value::Unusable("the indices of a MaxPool")])
}

pub fn global_average(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let axes: Vec<usize> = (2..importer.shape(value).len()).collect();
    if axes.is_empty() {
        return node.fail("its input has no image axes");
    }
    Ok(vec![importer.reduce(value, &axes, true, true)?])
}

pub fn global_max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = importer.node(node.value(0)?)?;
    let shape = importer.builder.shape(x).to_vec();
    let (Some(&channels), Some(pixels)) = (shape.first(), count(shape.get(1..).unwrap_or_default())) else {
        return node.fail("its input has no channel axis");
    };
    importer.charge(pixels)?;
    let flat = importer.builder.reshape(x, &[channels, pixels])?;
    let y = importer.builder.max_pool(flat, &Geometry { kernel: vec![pixels], ..Geometry::default() })?;
    let ones: Vec<usize> = std::iter::once(channels).chain(shape[1..].iter().map(|_| 1)).collect();
    Ok(vec![importer.builder.reshape(y, &ones)?.into()])
}
