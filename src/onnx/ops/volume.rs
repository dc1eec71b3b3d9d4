//! Windows over one, two or three axes; those over volumes `[1, channels, depth, height, width]` become ones over images.
//!
//! A convolution at one position of depth is one over images, of which the slices of depth that its kernel reaches are channels. A maximum,
//! sum or mean over a box is that over height and width, then over depth.

use super::prelude::*;
use crate::model::{Geometry, ModelBuilder, NodeId, Weights};

/// Pays for the nodes that a convolution with `positions` along the first axis of its image is made of.
pub fn charge(importer: &mut Importer, axes: usize, positions: usize) -> Result<()> {
    if axes < 3 {
        return Ok(());
    }
    importer.charge(positions.saturating_mul(4 * 64)) // a node takes far more memory than an element
}

/// Convolution, `weight` of shape `[outputs, channels / groups, …kernel]`.
pub fn conv(
    builder: &mut ModelBuilder,
    x: NodeId,
    (shape, weight): (&[usize], Weights),
    bias: Option<&Vec<f64>>,
    groups: usize,
    geometry: &Geometry,
) -> Result<NodeId> {
    let volume = builder.shape(x).to_vec();
    let (&[_, channels, depth, height, width], &[outputs, inputs, kernel, ref rest @ ..]) =
        (&volume[..], shape)
    else {
        return builder.conv(x, shape, weight, bias.cloned(), groups, geometry);
    };
    let (window, image) = (first(geometry), others(geometry));
    let reach = (kernel.saturating_sub(1)).saturating_mul(window.dilation).saturating_add(1);
    let padded = depth.saturating_add(window.begin).saturating_add(window.end);
    let positions = padded.checked_sub(reach).map_or(0, |left| left / window.stride + 1);
    let x = builder.pad(x, &[0, 0, window.begin, 0, 0], &[0, 0, window.end, 0, 0], 0.0)?;
    let flat = [&[outputs, inputs * kernel], rest].concat();
    let mut parts = Vec::with_capacity(positions);
    for position in 0..positions {
        let slices = builder.slice(x, 2, position * window.stride, window.dilation as isize, kernel)?;
        let slices = builder.reshape(slices, &[1, channels * kernel, height, width])?;
        let y = builder.conv(slices, &flat, weight.clone(), bias.cloned(), groups, &image)?;
        let mut one = builder.shape(y).to_vec();
        one.insert(2, 1);
        parts.push(builder.reshape(y, &one)?);
    }
    builder.concat(&parts, 2)
}

/// Pooling: `pool` does it over one or two axes.
pub fn pool(
    builder: &mut ModelBuilder,
    x: NodeId,
    geometry: &Geometry,
    mut pool: impl FnMut(&mut ModelBuilder, NodeId, &Geometry) -> Result<NodeId>,
) -> Result<NodeId> {
    let &[_, channels, depth, height, width] = builder.shape(x) else { return pool(builder, x, geometry) };
    let images = builder.reshape(x, &[1, channels * depth, height, width])?;
    let y = pool(builder, images, &others(geometry))?;
    let image = builder.shape(y).get(2..).unwrap_or_default().to_vec();
    let columns = builder.reshape(y, &[1, channels, depth, image.iter().product()])?;
    let window = first(geometry);
    let along_depth = Geometry {
        kernel: vec![geometry.kernel[0], 1],
        stride: vec![window.stride, 1],
        dilation: vec![window.dilation, 1],
        pad_begin: vec![window.begin, 0],
        pad_end: vec![window.end, 0],
        ceil: geometry.ceil,
    };
    let y = pool(builder, columns, &along_depth)?;
    let depth = builder.shape(y).get(2).copied().unwrap_or(1);
    builder.reshape(y, &[&[1, channels, depth], &image[..]].concat())
}

/// A window along one axis.
struct Along {
    stride: usize,
    dilation: usize,
    begin: usize,
    end: usize,
}

fn first(geometry: &Geometry) -> Along {
    let of = |list: &[usize], default| list.first().copied().unwrap_or(default);
    Along {
        stride: of(&geometry.stride, 1).max(1),
        dilation: of(&geometry.dilation, 1),
        begin: of(&geometry.pad_begin, 0),
        end: of(&geometry.pad_end, 0),
    }
}

/// The window along the other axes.
fn others(geometry: &Geometry) -> Geometry {
    let of = |list: &[usize]| list.get(1..).unwrap_or_default().to_vec();
    Geometry {
        kernel: of(&geometry.kernel),
        stride: of(&geometry.stride),
        dilation: of(&geometry.dilation),
        pad_begin: of(&geometry.pad_begin),
        pad_end: of(&geometry.pad_end),
        ceil: geometry.ceil,
    }
}
