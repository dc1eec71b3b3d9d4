//! Average and maximum pooling, and pooling by p-norms.

use super::prelude::*;
use super::{volume, window};
use crate::activation::{Abs, Pow, Sqrt};
use crate::model::{Geometry, ModelBuilder, NodeId};

fn windows(node: &Node, importer: &mut Importer) -> Result<(NodeId, Geometry)> {
    let x = importer.node(node.value(0)?)?;
    let image = importer.builder.shape(x).get(2..).unwrap_or_default().to_vec();
    if !(1..=3).contains(&image.len()) {
        return node.fail(format!(
            "its input has shape {:?}: [batch, channels, …image] with one to three image axes are needed",
            importer.builder.shape(x)
        ));
    }
    let Some(kernel) = window::sizes(node, "kernel_shape", image.len())? else {
        return node.fail("it has no attribute 'kernel_shape': the file is damaged");
    };
    let geometry = window::geometry(node, importer, &image, &kernel)?;
    Ok((x, geometry))
}

pub fn average(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    let include = node.flag("count_include_pad")?.unwrap_or(false);
    let y = window::each_image(importer, x, |builder, x| {
        volume::pool(builder, x, &geometry, |builder, x, geometry| builder.average_pool(x, geometry, include))
    })?;
    Ok(vec![y.into()])
}

pub fn max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    node.ignore(&["storage_order"]); // of the indices, which nothing may read
    let y = window::each_image(importer, x, |builder, x| volume::pool(builder, x, &geometry, ModelBuilder::max_pool))?;
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

/// `(Σ |x|^p)^(1/p)` over windows: a convolution of each channel with ones.
pub fn norm(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (x, geometry) = windows(node, importer)?;
    if geometry.ceil {
        return node.fail("ceil_mode = 1 is not supported here: pad the image instead");
    }
    let powers = powers(node, importer, &x.into())?;
    let x = importer.node(&powers)?;
    let shape = importer.builder.shape(x).to_vec();
    let slices = if shape.len() == 5 { shape[2] } else { 1 };
    let all: Vec<usize> = [shape[0], shape[1], slices].iter().chain(&geometry.kernel).copied().collect();
    importer.charge_shape(&all)?;
    let y = window::each_image(importer, x, |builder, x| {
        volume::pool(builder, x, &geometry, |builder, x, geometry| {
            let channels = builder.shape(x)[1];
            let weight = [&[channels, 1], &geometry.kernel[..]].concat();
            builder.conv(x, &weight, vec![1.0; weight.iter().product()], None, channels, geometry)
        })
    })?;
    Ok(vec![root(node, importer, &y.into())?])
}

pub fn global_norm(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let axes: Vec<usize> = (2..importer.shape(node.value(0)?).len()).collect();
    if axes.is_empty() {
        return node.fail("its input has no image axes");
    }
    let powers = powers(node, importer, node.value(0)?)?;
    let total = importer.reduce(&powers, &axes, true, false)?;
    Ok(vec![root(node, importer, &total)?])
}

/// The p of a norm, from 1 on.
fn exponent(node: &Node) -> Result<f64> {
    match node.int("p")?.unwrap_or(2) {
        p @ 1..=64 => Ok(p as f64),
        p => node.fail(format!("p = {p}: 1 to 64 are supported")),
    }
}

fn powers(node: &Node, importer: &mut Importer, x: &Value) -> Result<Value> {
    let exponent = exponent(node)?;
    let even = exponent % 2.0 == 0.0; // no kink then
    let sizes = if even { x.clone() } else { importer.activation(x, Abs)? };
    if exponent == 1.0 { Ok(sizes) } else { importer.activation(&sizes, Pow { exponent }) }
}

fn root(node: &Node, importer: &mut Importer, total: &Value) -> Result<Value> {
    match exponent(node)? {
        1.0 => Ok(total.clone()),
        2.0 => importer.activation(total, Sqrt),
        p => importer.activation(total, Pow { exponent: 1.0 / p }),
    }
}
