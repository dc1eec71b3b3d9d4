//! Batch normalisation with the statistics that training left behind: an affine map of each channel.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    if node.flag("training_mode")? == Some(true) {
        return node.fail("it is in training mode, where samples depend on each other: export the model after model.eval()");
    }
    if node.flag("spatial")? == Some(false) {
        return node.fail("spatial = 0 is not supported: export with opset 9 or later");
    }
    node.ignore(&["momentum"]);
    let epsilon = node.float("epsilon")?.unwrap_or(1e-5f32 as f64);
    let x = importer.node(node.value(0)?)?;
    let shape = importer.builder.shape(x).to_vec();
    let Some(&channels) = shape.get(1) else { return node.fail("its input has no channel axis") };
    let mut parts = Vec::with_capacity(4);
    for (index, what) in ["scale", "bias", "mean", "variance"].into_iter().enumerate() {
        let part = node.constant(index + 1, what)?;
        if part.shape != [channels] {
            return node.fail(format!("its {what} has shape {:?} for {channels} channels", part.shape));
        }
        importer.charge(channels)?;
        parts.push(part.values());
    }
    let scale: Vec<f64> = (0..channels).map(|c| parts[0][c] / (parts[3][c] + epsilon).sqrt()).collect();
    let shift: Vec<f64> = (0..channels).map(|c| parts[1][c] - parts[2][c] * scale[c]).collect();
    let mut per_channel = vec![1; shape.len()];
    per_channel[1] = channels;
    let (scale, shift) = (Tensor::floats(per_channel.clone(), scale), Tensor::floats(per_channel, shift));
    let y = importer.affine(x, Some(&scale), Some(&shift))?;
    // Until opset 13 files may name statistics of training, which inference doesn't compute.
    let statistics = if node.opset < 14 { 4 } else { 2 };
    let mut values = vec![Value::Unusable("a statistic of a BatchNormalization"); statistics + 1];
    values[0] = y.into();
    Ok(values)
}
