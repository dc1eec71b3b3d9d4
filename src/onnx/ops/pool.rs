//! Average and maximum pooling.

use super::prelude::*;
use super::window;
use crate::model::{Geometry, NodeId};

fn windows(node: &Node, importer: &mut Importer) -> Result<(NodeId, Geometry)> {
    let x = importer.node(node.value(0)?)?;
    let image = importer.builder.shape(x).get(2..).unwrap_or_default().to_vec();
    let Some(kernel) = window::sizes(node, "kernel_shape", image.len())? else {
        return node.fail("it has no attribute 'kernel_shape': the file is damaged");
    };
    let geometry = window::geometry(node, importer, &image, &kernel)?;
    Ok((x, geometry))
}

pub fn average(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    let include = node.flag("count_include_pad")?.unwrap_or(false);
    let y = window::each_image(importer, x, |builder, x| builder.average_pool(x, &geometry, include))?;
    Ok(vec![y.into()])
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    node.ignore(&["storage_order"]); // of the indices, which nothing may read
    let y = window::each_image(importer, x, |builder, x| builder.max_pool(x, &geometry))?;
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
    let (maps, image) = shape.split_at(shape.len().min(2));
    let (&[_, _], Some(channels), Some(pixels)) = (maps, count(maps), count(image)) else {
        return node.fail("its input has no channel axis");
    };
    importer.charge(pixels)?;
    let flat = importer.builder.reshape(x, &[channels, pixels])?;
    let y = importer.builder.max_pool(flat, &Geometry { kernel: vec![pixels], ..Geometry::default() })?;
    let ones: Vec<usize> = maps.iter().copied().chain(image.iter().map(|_| 1)).collect();
    Ok(vec![importer.builder.reshape(y, &ones)?.into()])
}
