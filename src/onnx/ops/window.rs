//! Geometry of windows, as the attributes of convolution and pooling give it.

use super::prelude::*;
use crate::model::{Geometry, ModelBuilder, NodeId};

/// Most pixels along one axis, counted once for each window that they are in.
const MAX_PIXELS: usize = 1 << 28;

/// An operator on images `[images, channels, …]`: there is one, unless axes of the sample were made images.
pub fn each_image(
    importer: &mut Importer,
    x: NodeId,
    mut operator: impl FnMut(&mut ModelBuilder, NodeId) -> Result<NodeId>,
) -> Result<NodeId> {
    let images = importer.builder.shape(x).first().copied().unwrap_or(1);
    if images == 1 {
        return operator(&mut importer.builder, x);
    }
    importer.charge(images.saturating_mul(64))?; // a node takes far more memory than an element
    let mut parts = Vec::with_capacity(images);
    for image in 0..images {
        let one = importer.builder.slice(x, 0, image, 1, 1)?;
        parts.push(operator(&mut importer.builder, one)?);
    }
    importer.builder.concat(&parts, 0)
}

/// Reads kernel, strides, dilations and padding of a window over an image of this size.
pub fn geometry(node: &Node, importer: &mut Importer, image: &[usize], kernel: &[usize]) -> Result<Geometry> {
    let axes = image.len();
    let stride = sizes(node, "strides", axes)?.unwrap_or_else(|| vec![1; axes]);
    let dilation = sizes(node, "dilations", axes)?.unwrap_or_else(|| vec![1; axes]);
    let pads = sizes(node, "pads", 2 * axes)?.unwrap_or_else(|| vec![0; 2 * axes]);
    let auto_pad = node.text("auto_pad")?.unwrap_or_else(|| "NOTSET".into());
    if stride.contains(&0) || dilation.contains(&0) || kernel.contains(&0) || kernel.len() != axes {
        return node.fail(format!(
            "kernel {kernel:?}, strides {stride:?} and dilations {dilation:?} must be positive, one for each of {axes} axes"
        ));
    }
    let (pad_begin, pad_end) = match auto_pad.as_str() {
        "NOTSET" => (pads[..axes].to_vec(), pads[axes..].to_vec()),
        "VALID" => (vec![0; axes], vec![0; axes]),
        "SAME_UPPER" | "SAME_LOWER" => {
            let total: Option<Vec<usize>> = (0..axes)
                .map(|i| {
                    let extent = (kernel[i] - 1).checked_mul(dilation[i])?.checked_add(1)?;
                    let last = (image[i].div_ceil(stride[i]).saturating_sub(1)).checked_mul(stride[i])?;
                    Some(last.checked_add(extent)?.saturating_sub(image[i]))
                })
                .collect();
            let Some(total) = total else { return node.fail("the window is too large") };
            let smaller: Vec<usize> = total.iter().map(|t| t / 2).collect();
            let larger: Vec<usize> = total.iter().map(|t| t - t / 2).collect();
            if auto_pad == "SAME_UPPER" { (smaller, larger) } else { (larger, smaller) }
        }
        _ => return node.fail(format!("auto_pad = '{auto_pad}' is unknown: the file is damaged")),
    };
    for i in 0..axes {
        let padded = image[i].saturating_add(pad_begin[i]).saturating_add(pad_end[i]);
        let extent = (kernel[i] - 1).saturating_mul(dilation[i]).saturating_add(1);
        if extent > padded {
            return node.fail(format!(
                "a window of {} pixels, {extent} with dilation {}, does not fit an image of {}, {padded} with padding",
                kernel[i], dilation[i], image[i]
            ));
        }
        // Whoever walks the windows takes this many steps.
        let steps = (padded / stride[i]).saturating_add(1).saturating_mul(kernel[i]);
        if padded > MAX_PIXELS || steps > MAX_PIXELS {
            return node.fail(format!(
                "windows of {} pixels over an image of {}, {padded} with padding, are too large",
                kernel[i], image[i]
            ));
        }
        importer.charge(steps / 8)?; // far cheaper than an element
    }
    let ceil = node.flag("ceil_mode")?.unwrap_or(false);
    Ok(Geometry { kernel: kernel.to_vec(), stride, dilation, pad_begin, pad_end, ceil })
}

/// An attribute that lists as many sizes.
pub fn sizes(node: &Node, name: &str, count: usize) -> Result<Option<Vec<usize>>> {
    let Some(values) = node.ints(name)? else { return Ok(None) };
    let sizes: Option<Vec<usize>> = values.iter().map(|&v| usize::try_from(v).ok()).collect();
    match sizes.filter(|sizes| sizes.len() == count) {
        Some(sizes) => Ok(Some(sizes)),
        None => node.fail(format!("{name} = {values:?}: {count} numbers that are not negative are needed")),
    }
}
