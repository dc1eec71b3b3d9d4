//! Transposed convolution: zeros between the pixels, as many as the strides skip, then a convolution with the mirrored kernel.

use super::prelude::*;
use super::volume;
use super::window::{each_image, sizes};
use crate::model::{Geometry, NodeId};

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = importer.node(node.value(0)?)?;
    let weight = node.constant(1, "weight")?;
    let bias = node.optional_constant(2, "bias")?.map(|b| b.values().to_vec());
    let input = importer.builder.shape(x).to_vec();
    let axes = input.len().saturating_sub(2);
    if weight.shape.len() != input.len() || !(1..=3).contains(&axes) {
        return node.fail(format!(
            "its weight has shape {:?}, its input {input:?}: a weight [channels, outputs / group, …kernel] and an input [batch, channels, …image] with one to three image axes are needed",
            weight.shape
        ));
    }
    let kernel = &weight.shape[2..];
    if let Some(declared) = sizes(node, "kernel_shape", axes)?
        && declared != kernel
    {
        return node.fail(format!("kernel_shape is {declared:?}, but the weight has shape {:?}", weight.shape));
    }
    let groups = node.int("group")?.unwrap_or(1);
    let groups = usize::try_from(groups).ok().filter(|&g| g > 0 && input[1].is_multiple_of(g));
    let Some(groups) = groups.filter(|_| weight.shape[0] == input[1] && weight.len() > 0) else {
        return node.fail(format!("{} channels do not fit a weight of shape {:?} in groups", input[1], weight.shape));
    };
    let stride = sizes(node, "strides", axes)?.unwrap_or_else(|| vec![1; axes]);
    let dilation = sizes(node, "dilations", axes)?.unwrap_or_else(|| vec![1; axes]);
    let mut extra = sizes(node, "output_padding", axes)?.unwrap_or_else(|| vec![0; axes]);
    let mut places = Vec::with_capacity(axes);
    for i in 0..axes {
        let sized = [input[i + 2], kernel[i], stride[i], dilation[i], extra[i] + 1];
        if sized.iter().any(|&n| n == 0 || n > 1 << 20) {
            return node.fail(format!(
                "kernel {kernel:?}, strides {stride:?}, dilations {dilation:?} and output_padding {extra:?} must be positive and below 2^20"
            ));
        }
        let reach = (kernel[i] - 1) * dilation[i];
        places.push(((input[i + 2] - 1) * stride[i] + reach + 1 + extra[i], reach)); // without pads
    }
    let pads = pads(node, axes, &input[2..], &stride, &places, &mut extra)?;
    let window = Spread { kernel: kernel.to_vec(), stride, dilation, extra, pads };
    Ok(vec![transposed(importer, x, weight, bias.as_ref(), groups, &window)?.into()])
}

/// What a transposed convolution does along each axis.
pub struct Spread {
    pub kernel: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    /// Pixels more at the end.
    pub extra: Vec<usize>,
    /// Pixels that are cut off at the beginning and the end.
    pub pads: Vec<(usize, usize)>,
}

/// A transposed convolution; sizes are below 2^20, and pads leave something.
pub fn transposed(
    importer: &mut Importer,
    x: NodeId,
    weight: &Tensor,
    bias: Option<&Vec<f64>>,
    groups: usize,
    window: &Spread,
) -> Result<NodeId> {
    let Spread { kernel, stride, dilation, extra, pads } = window;
    let axes = kernel.len();
    let reach = |i: usize| (kernel[i] - 1) * dilation[i];
    // The kernel's channels exchanged in each group, its pixels mirrored.
    let mirrored = mirrored(importer, weight, groups)?;
    let depth = importer.builder.shape(x).get(2).copied().unwrap_or(1);
    volume::charge(importer, axes, depth * stride[0] + reach(0) + extra[0])?;
    each_image(importer, x, |builder, x| {
        let mut x = x;
        for i in 0..axes {
            x = spread(builder, x, i + 2, stride[i])?;
        }
        let (mut begin, mut end, mut cut) = (vec![0; axes], vec![0; axes], Vec::new());
        for i in 0..axes {
            // What the window reaches beyond the pixels, less the pads, which cut off.
            let (reach, (first, last)) = (reach(i), pads[i]);
            begin[i] = reach.saturating_sub(first);
            end[i] = (reach + extra[i]).saturating_sub(last);
            cut.push((first.saturating_sub(reach), last.saturating_sub(reach + extra[i])));
        }
        for (i, &(first, last)) in cut.iter().enumerate() {
            let size = builder.shape(x)[i + 2].saturating_sub(first + last);
            x = builder.slice(x, i + 2, first, 1, size)?;
        }
        let geometry = Geometry {
            kernel: kernel.clone(),
            dilation: dilation.clone(),
            pad_begin: begin,
            pad_end: end,
            ..Geometry::default()
        };
        volume::conv(builder, x, (&mirrored.shape, mirrored.values()), bias, groups, &geometry)
    })
}

/// Pads of each axis, from the attribute or so that the result has a given size, for which there may be `extra` pixels.
fn pads(
    node: &Node,
    axes: usize,
    image: &[usize],
    stride: &[usize],
    places: &[(usize, usize)],
    extra: &mut [usize],
) -> Result<Vec<(usize, usize)>> {
    let given = sizes(node, "pads", 2 * axes)?.unwrap_or_else(|| vec![0; 2 * axes]);
    let output = sizes(node, "output_shape", axes)?;
    let auto_pad = node.text("auto_pad")?.unwrap_or_else(|| "NOTSET".into());
    let wanted = match (auto_pad.as_str(), output) {
        (_, Some(output)) => Some(output),
        ("SAME_UPPER" | "SAME_LOWER", None) => Some(image.iter().zip(stride).map(|(n, s)| n * s).collect()),
        ("NOTSET", None) => None,
        ("VALID", None) => return Ok(vec![(0, 0); axes]),
        _ => return node.fail(format!("auto_pad = '{auto_pad}' is unknown: the file is damaged")),
    };
    let mut pads = Vec::with_capacity(axes);
    for i in 0..axes {
        let full = places[i].0;
        pads.push(match &wanted {
            None => (given[i], given[axes + i]),
            Some(wanted) => {
                let more = wanted[i].saturating_sub(full);
                if more > 1 << 20 {
                    return node.fail(format!("a result of {} pixels is wanted, far more than the {full} that there are", wanted[i]));
                }
                extra[i] += more;
                let total = full.saturating_sub(wanted[i]);
                let half = total / 2;
                if auto_pad == "SAME_UPPER" { (half, total - half) } else { (total - half, half) }
            }
        });
        if pads[i].0.saturating_add(pads[i].1) >= full {
            return node.fail(format!("pads {:?} leave nothing of {full} pixels", pads[i]));
        }
    }
    Ok(pads)
}

/// Zeros between neighbours along an axis.
fn spread(builder: &mut crate::model::ModelBuilder, x: NodeId, axis: usize, stride: usize) -> Result<NodeId> {
    if stride == 1 {
        return Ok(x);
    }
    let mut shape = builder.shape(x).to_vec();
    let size = shape[axis];
    shape.insert(axis + 1, 1);
    let apart = builder.reshape(x, &shape)?;
    let (none, mut after) = (vec![0; shape.len()], vec![0; shape.len()]);
    after[axis + 1] = stride - 1;
    let padded = builder.pad(apart, &none, &after, 0.0)?;
    shape.remove(axis + 1);
    shape[axis] = size * stride;
    let y = builder.reshape(padded, &shape)?;
    builder.slice(y, axis, 0, 1, (size - 1) * stride + 1)
}

/// From `[channels, outputs / groups, …kernel]` to `[outputs, channels / groups, …kernel]`, mirrored along each axis of the kernel.
fn mirrored(importer: &mut Importer, weight: &Tensor, groups: usize) -> Result<Tensor> {
    importer.charge(weight.len().saturating_mul(weight.shape.len()))?;
    let (channels, outputs, kernel) = (weight.shape[0], weight.shape[1], &weight.shape[2..]);
    let mut split = vec![groups, channels / groups, outputs];
    split.extend(kernel);
    let mut permutation: Vec<usize> = (0..split.len()).collect();
    permutation.swap(1, 2);
    let mut shape = vec![groups * outputs, channels / groups];
    shape.extend(kernel);
    let mut turned = weight.reshaped(&split).transposed(&permutation).reshaped(&shape);
    for axis in 2..shape.len() {
        turned = turned.sliced(axis, shape[axis] - 1, -1, shape[axis]);
    }
    Ok(turned)
}
