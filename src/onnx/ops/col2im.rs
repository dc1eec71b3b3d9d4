//! Col2Im: columns of blocks summed to an image, a transposed convolution whose kernel puts each row of a column in its place.

use super::conv_transpose::{Spread, transposed};
use super::prelude::*;
use super::window::sizes;

/// Largest size along an axis.
const MAX_SIZE: usize = 1 << 20;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let [image, kernel] = [list(node, 1, "image_shape")?, list(node, 2, "block_shape")?];
    let axes = image.len();
    let stride = sizes(node, "strides", axes)?.unwrap_or_else(|| vec![1; axes]);
    let dilation = sizes(node, "dilations", axes)?.unwrap_or_else(|| vec![1; axes]);
    let given = sizes(node, "pads", 2 * axes)?.unwrap_or_else(|| vec![0; 2 * axes]);
    let fits = |sizes: &[usize]| sizes.len() == axes && sizes.iter().all(|n| (1..=MAX_SIZE).contains(n));
    if !(1..=3).contains(&axes) || ![&image, &kernel, &stride, &dilation].into_iter().all(|sizes| fits(sizes))
    {
        return node.fail(format!(
            "image_shape {image:?}, block_shape {kernel:?}, strides {stride:?} and dilations {dilation:?} must be positive, for one to three axes"
        ));
    }
    let (mut blocks, mut extra, mut pads) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..axes {
        let (first, last) = (given[i], given[axes + i]);
        let reach = (kernel[i] - 1) * dilation[i];
        let padded = image[i].saturating_add(first).saturating_add(last);
        let Some(left) = padded.checked_sub(reach + 1).filter(|_| padded <= MAX_SIZE) else {
            return node.fail(format!(
                "blocks of {} pixels do not fit an image of {padded} with padding",
                kernel[i]
            ));
        };
        blocks.push(left / stride[i] + 1);
        extra.push(left % stride[i]);
        pads.push((first, last));
    }
    let shape = importer.shape(node.value(0)?);
    let (cells, positions) = (count(&kernel).unwrap_or(0), count(&blocks));
    let &[images, rows, columns] = &shape[..] else {
        return node
            .fail(format!("its input has shape {shape:?}: [batch, channels · block, blocks] is needed"));
    };
    if cells == 0 || !rows.is_multiple_of(cells) || positions != Some(columns) {
        return node.fail(format!(
            "its input has shape {shape:?}, which does not fit {blocks:?} blocks of {kernel:?}"
        ));
    }
    let channels = rows / cells;
    // For each cell of a block a kernel with 1 there, the same for all channels.
    let weight: Vec<usize> = [rows, 1].iter().chain(&kernel).copied().collect();
    importer.charge_shape(&weight)?;
    let ones = (0..rows).flat_map(|row| (0..cells).map(move |cell| (row % cells == cell) as u8 as f64));
    let weight = Tensor::floats(weight, ones.collect::<Vec<_>>());
    let split: Vec<usize> = [images, rows].iter().chain(&blocks).copied().collect();
    let x = importer.reshape(node.value(0)?, &split)?;
    let x = importer.node(&x)?;
    let window = Spread { kernel, stride, dilation, extra, pads };
    Ok(vec![transposed(importer, x, &weight, None, channels, &window)?.into()])
}

fn list(node: &Node, index: usize, what: &str) -> Result<Vec<usize>> {
    let Some(values) = node.optional_ints(index, what)? else {
        return node.fail(format!("its {what} is missing"));
    };
    Ok(values.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect())
}
