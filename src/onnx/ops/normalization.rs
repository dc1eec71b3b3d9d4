//! Normalisations of each sample: over images, groups of channels, chosen axes, a norm, or neighbouring channels.

use super::along::map;
use super::prelude::*;
use crate::activation::{Abs, Pow, Reciprocal, Sqrt};

const EPSILON: f64 = 1e-5f32 as f64;

/// `y · scale + bias`, in one step where both are constant, as they are after training.
pub fn scaled(importer: &mut Importer, y: &Value, scale: &Value, bias: Option<&Value>) -> Result<Value> {
    match (y, scale, bias) {
        (&Value::Node(id), Value::Constant(scale), Some(Value::Constant(bias))) => {
            Ok(importer.affine(id, Some(scale), Some(bias))?.into())
        }
        _ => {
            let product = importer.arithmetic(Binary::Mul, y, scale)?;
            match bias {
                Some(bias) => importer.arithmetic(Binary::Add, &product, bias),
                None => Ok(product),
            }
        }
    }
}

/// Scale and bias of a number for each channel, ready to broadcast to `[images, channels, …]`.
fn per_channel(node: &Node, importer: &mut Importer, channels: usize, rank: usize) -> Result<[Value; 2]> {
    let mut shape = vec![1; rank];
    shape[1] = channels;
    let mut part = |index: usize, what: &str| {
        let part = node.constant(index, what)?;
        if part.shape != [channels] {
            return node.fail(format!("its {what} has shape {:?} for {channels} channels", part.shape));
        }
        importer.charge(channels)?;
        Ok(Value::from(part.reshaped(&shape)))
    };
    Ok([part(1, "scale")?, part(2, "bias")?])
}

fn channels(node: &Node, importer: &Importer) -> Result<(Vec<usize>, usize)> {
    let shape = importer.shape(node.value(0)?);
    match shape[..] {
        [_, channels, _, ..] => Ok((shape, channels)),
        _ => node.fail(format!("its input of shape {shape:?} is no image [batch, channels, …]")),
    }
}

pub fn instance(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (shape, channels) = channels(node, importer)?;
    let epsilon = node.float("epsilon")?.unwrap_or(EPSILON);
    let x = importer.node(node.value(0)?)?;
    let y = importer.builder.normalize(x, shape.len() - 2, epsilon)?.into();
    let [scale, bias] = per_channel(node, importer, channels, shape.len())?;
    Ok(vec![scaled(importer, &y, &scale, Some(&bias))?])
}

pub fn group(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    if node.opset < 21 {
        return node.fail(
            "its form with a scale for each group is deprecated: export the model with opset 21 or later",
        );
    }
    let (_, channels) = channels(node, importer)?;
    let epsilon = node.float("epsilon")?.unwrap_or(EPSILON);
    node.ignore(&["stash_type"]);
    let groups = node.int("num_groups")?.and_then(|n| usize::try_from(n).ok());
    let Some(groups) = groups.filter(|&n| n > 0 && channels.is_multiple_of(n)) else {
        return node.fail(format!(
            "{channels} channels in {groups:?} groups: num_groups must be a divisor of the channels"
        ));
    };
    let x = importer.node(node.value(0)?)?;
    let shape = importer.builder.shape(x).to_vec();
    let units: usize = shape[1..].iter().product(); // checked when it was made
    let split = importer.builder.reshape(x, &[shape[0], groups, units / groups])?;
    let y = importer.builder.normalize(split, 1, epsilon)?;
    let y = importer.builder.reshape(y, &shape)?.into();
    let [scale, bias] = per_channel(node, importer, channels, shape.len())?;
    Ok(vec![scaled(importer, &y, &scale, Some(&bias))?])
}

/// `(x - mean) / (std + 1e-9)`, as its definition by other operators says.
pub fn mean_variance(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let axes = node.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    let axes = node.axes(&axes, importer.shape(value).len())?;
    let mean = importer.reduce(value, &axes, true, true)?;
    let centred = importer.arithmetic(Binary::Sub, value, &mean)?;
    let squares = importer.activation(&centred, Pow { exponent: 2.0 })?;
    let variance = importer.reduce(&squares, &axes, true, true)?;
    let deviation = importer.activation(&variance, Sqrt)?;
    let deviation = importer.arithmetic(Binary::Add, &deviation, &Tensor::scalar(1e-9).into())?;
    Ok(vec![importer.arithmetic(Binary::Div, &centred, &deviation)?])
}

pub fn lp(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let axis = node.axis(node.int("axis")?.unwrap_or(-1), importer.shape(value).len())?;
    let norm = match node.int("p")?.unwrap_or(2) {
        1 => {
            let sizes = importer.activation(value, Abs)?;
            importer.reduce(&sizes, &[axis], true, false)?
        }
        2 => {
            let squares = importer.activation(value, Pow { exponent: 2.0 })?;
            let total = importer.reduce(&squares, &[axis], true, false)?;
            importer.activation(&total, Sqrt)?
        }
        p => return node.fail(format!("p = {p}: 1 or 2 are possible, the file is damaged")),
    };
    // ONNX has 0 where the norm is 0, a jump: there is no series. A quotient would take the limit along a ray.
    let inverse = importer.activation(&norm, Reciprocal)?;
    Ok(vec![importer.arithmetic(Binary::Mul, value, &inverse)?])
}

/// `x / sqrt(mean(x²) + ε) · scale` over the last axes.
pub fn root_mean_square(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let (value, scale) = (node.value(0)?, node.value(1)?);
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(-1), shape.len())?;
    let epsilon = node.float("epsilon")?.unwrap_or(EPSILON);
    node.ignore(&["stash_type"]);
    if joint(&importer.shape(scale), &shape).as_deref() != Some(&shape) {
        return node.fail(format!("its scale of shape {:?} does not fit {shape:?}", importer.shape(scale)));
    }
    let axes: Vec<usize> = (axis..shape.len()).collect();
    let squares = importer.activation(value, Pow { exponent: 2.0 })?;
    let mean = importer.reduce(&squares, &axes, true, true)?;
    let shifted = importer.arithmetic(Binary::Add, &mean, &Tensor::scalar(epsilon).into())?;
    let inverse = importer.activation(&shifted, Pow { exponent: -0.5 })?;
    let y = importer.arithmetic(Binary::Mul, value, &inverse)?;
    Ok(vec![scaled(importer, &y, scale, None)?])
}

/// `x / (k + α/size Σ x²)^β`, the sum over neighbouring channels: a linear map with a band of ones.
pub fn local_response(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let (_, channels) = channels(node, importer)?;
    let size = node.int("size")?.filter(|&n| n > 0);
    let Some(size) = size else { return node.fail("its size must be positive") };
    let alpha = node.float("alpha")?.unwrap_or(1e-4f32 as f64);
    let beta = node.float("beta")?.unwrap_or(0.75);
    let shift = node.float("bias")?.unwrap_or(1.0);
    importer.charge_shape(&[channels, channels])?;
    let (before, after) = ((size - 1) / 2, size - 1 - (size - 1) / 2);
    let cells = (0..channels as i64).flat_map(|i| (0..channels as i64).map(move |j| j - i));
    let band: Vec<f64> = cells.map(|d| (d >= -before && d <= after) as u8 as f64).collect();
    let squares = importer.activation(value, Pow { exponent: 2.0 })?;
    let sums = map(importer, &squares, 1, &Tensor::floats(vec![channels, channels], band))?;
    let sums = importer.arithmetic(Binary::Mul, &sums, &Tensor::scalar(alpha / size as f64).into())?;
    let sums = importer.arithmetic(Binary::Add, &sums, &Tensor::scalar(shift).into())?;
    let factor = importer.activation(&sums, Pow { exponent: -beta })?;
    Ok(vec![importer.arithmetic(Binary::Mul, value, &factor)?])
}
