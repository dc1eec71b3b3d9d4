//! Convolution.

use super::prelude::*;
use super::volume;
use super::window::{each_image, geometry, sizes};
use crate::model::NodeId;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = importer.node(node.value(0)?)?;
    let weight = node.constant(1, "weight")?;
    let bias = node.optional_constant(2, "bias")?;
    Ok(vec![convolved(node, importer, x, weight, bias)?])
}

/// The convolution of a value, as the node's attributes say.
pub fn convolved(
    node: &Node,
    importer: &mut Importer,
    x: NodeId,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Value> {
    let groups = node.int("group")?.unwrap_or(1);
    let image = importer.builder.shape(x).get(2..).unwrap_or_default().to_vec();
    if weight.shape.len() != image.len() + 2 || !(1..=3).contains(&image.len()) {
        return node.fail(format!(
            "its weight has shape {:?}, its input {:?}: a weight [channels, channels / group, …kernel] and an input [batch, channels, …image] with one to three image axes are needed",
            weight.shape,
            importer.builder.shape(x)
        ));
    }
    let kernel = &weight.shape[2..];
    if let Some(declared) = sizes(node, "kernel_shape", image.len())?
        && declared != kernel
    {
        return node
            .fail(format!("kernel_shape is {declared:?}, but the weight has shape {:?}", weight.shape));
    }
    let geometry = geometry(node, importer, &image, kernel)?;
    let Ok(groups) = usize::try_from(groups) else {
        return node.fail(format!("group = {groups} must be positive"));
    };
    let bias = bias.map(|b| b.values().to_vec());
    importer.charge(weight.len() + bias.as_ref().map_or(0, Vec::len))?;
    volume::charge(
        importer,
        image.len(),
        image[0].saturating_add(geometry.pad_begin[0]).saturating_add(geometry.pad_end[0]),
    )?;
    let shared = weight.values();
    let y = each_image(importer, x, |builder, x| {
        volume::conv(builder, x, (&weight.shape, shared.clone()), bias.as_ref(), groups, &geometry)
    })?;
    Ok(y.into())
}
