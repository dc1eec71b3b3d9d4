//! Quantised values: whole numbers `q` of 8 or 16 bits that stand for `(q - zero point) · scale`.
//!
//! DequantizeLinear of weights is arithmetic. What quantises a value, `q = clip(round(x / scale) + zero point)`, is a step function: the rounding is
//! a node of its own ([`Quantize`]), which a stand-in leaves out. Products of quantised values are those of what they stand for.

use super::prelude::*;
use super::{conv, matmul, reduce};
use crate::activation::{Clip, Quantize};

/// The range of uint8, which quantised values have unless their zero point says otherwise.
const UINT8: [i64; 2] = [0, u8::MAX as i64];

/// How numbers stand for others.
struct Scale<'a> {
    scale: &'a Value,
    zero: Option<&'a Value>,
    /// Along which axis there are several.
    axis: i64,
    /// How many elements along it have one of them; 0: each element, or all.
    block: i64,
}

impl<'a> Scale<'a> {
    /// From two inputs in a row, of a node with the attributes of DequantizeLinear.
    fn read(node: &'a Node, input: usize) -> Result<Self> {
        let (axis, block) = (node.int("axis")?.unwrap_or(1), node.int("block_size")?.unwrap_or(0));
        Ok(Self { block, ..Self::along(node, input, axis)? })
    }

    /// From two inputs in a row, of which there may be several along an axis.
    fn along(node: &'a Node, input: usize, axis: i64) -> Result<Self> {
        Ok(Self { scale: node.value(input)?, zero: node.optional(input + 1)?, axis, block: 0 })
    }

    /// Shapes in which values and scales broadcast: each axis of blocks becomes two.
    fn shapes(&self, node: &Node, importer: &Importer, shape: &[usize]) -> Result<(Vec<usize>, Vec<usize>)> {
        let scales = importer.shape(self.scale);
        if let Some(zero) = self
            .zero
            .map(|zero| importer.shape(zero))
            .filter(|zero| *zero != scales && [zero, &scales].map(|shape| count(shape)) != [Some(1); 2])
        {
            return node.fail(format!("its zero point has shape {zero:?} for scales of shape {scales:?}"));
        }
        let (mut split, mut spread) = (shape.to_vec(), vec![1; shape.len()]);
        if self.block > 0 {
            let axis = node.axis(self.axis, shape.len())?;
            let blocks = scales.get(axis).copied().unwrap_or(0);
            let mut expected = shape.to_vec();
            expected[axis] = blocks;
            let size = usize::try_from(self.block)
                .ok()
                .filter(|&size| blocks.checked_mul(size) == Some(shape[axis]));
            let Some(size) = size.filter(|_| scales == expected) else {
                return node.fail(format!(
                    "scales of shape {scales:?} do not fit blocks of {} along axis {axis} of {shape:?}",
                    self.block
                ));
            };
            split[axis] = blocks;
            split.insert(axis + 1, size);
            spread = scales.clone();
            spread.insert(axis + 1, 1);
        } else if scales.len() > 1 && scales.len() == shape.len() {
            // Of each row, or each column, of matrices.
            if !scales.iter().zip(shape).all(|(&scale, &size)| scale == 1 || scale == size) {
                return node.fail(format!("scales of shape {scales:?} do not fit {shape:?}"));
            }
            spread = scales;
        } else if count(&scales) != Some(1) {
            let axis = node.axis(self.axis, shape.len())?;
            if scales != [shape[axis]] {
                return node.fail(format!("scales of shape {scales:?} do not fit axis {axis} of {shape:?}"));
            }
            spread[axis] = scales[0];
        }
        importer.checked_rank(split.len())?;
        Ok((split, spread))
    }

    /// Away from the zero point, in a shape in which it broadcasts, or back.
    fn moved(&self, importer: &mut Importer, value: Value, op: Binary, spread: &[usize]) -> Result<Value> {
        let Some(zero) = self.zero else { return Ok(value) };
        let zero = importer.number(zero)?;
        let zero = importer.reshape(&zero, spread)?;
        importer.arithmetic(op, &value, &zero)
    }

    /// What quantised numbers stand for.
    fn real(&self, node: &Node, importer: &mut Importer, q: &Value) -> Result<Value> {
        let shape = importer.shape(q);
        let (split, spread) = self.shapes(node, importer, &shape)?;
        let number = importer.number(q)?;
        let number = importer.reshape(&number, &split)?;
        let y = self.moved(importer, number, Binary::Sub, &spread)?;
        let scale = importer.reshape(self.scale, &spread)?;
        let y = importer.arithmetic(Binary::Mul, &y, &scale)?;
        importer.reshape(&y, &shape)
    }

    /// The quantised numbers that stand for real ones, clipped to a range.
    fn quantised(
        &self,
        node: &Node,
        importer: &mut Importer,
        x: &Value,
        range: Option<[i64; 2]>,
    ) -> Result<Value> {
        let shape = importer.shape(x);
        let (split, spread) = self.shapes(node, importer, &shape)?;
        let x = importer.reshape(x, &split)?;
        let scale = importer.reshape(self.scale, &spread)?;
        let steps = importer.arithmetic(Binary::Div, &x, &scale)?;
        let q = rounded(importer, &steps)?;
        let mut q = self.moved(importer, q, Binary::Add, &spread)?;
        if let Some([min, max]) = range {
            q = importer.activation(&q, Clip { min: min as f64, max: max as f64 })?;
        }
        let q = importer.reshape(&q, &shape)?;
        whole(importer, &q)
    }

    /// The least and the greatest of the numbers that have its zero point's type.
    fn range(&self, node: &Node) -> Result<Option<[i64; 2]>> {
        match self.zero {
            Some(Value::Constant(zero)) => match zero.range {
                Some(range) => Ok(Some(range)),
                None => node.fail(
                    "the type of its zero point is not known, or none of up to 16 bits: store the zero point in the model as int8, uint8, int16 or uint16",
                ),
            },
            // DynamicQuantizeLinear makes them, of this type.
            _ => Ok(Some(UINT8)),
        }
    }
}

/// To the nearest whole number, halves to the even one.
fn rounded(importer: &mut Importer, x: &Value) -> Result<Value> {
    match x {
        // In f32, in which it was divided.
        Value::Constant(tensor) => {
            importer.charge(tensor.len())?;
            Ok(tensor.mapped(|v| f64::from((v as f32).round_ties_even())).into())
        }
        _ => importer.activation(x, Quantize),
    }
}

/// Whole numbers as values of an integer type.
fn whole(importer: &Importer, value: &Value) -> Result<Value> {
    match value {
        Value::Constant(tensor) if tensor.has_nan() => {
            importer.fail("it quantises a constant that is not a number (NaN): repair the model")
        }
        Value::Constant(tensor) => {
            let values: Vec<i64> = tensor.values().iter().map(|&v| v as i64).collect();
            Ok(Tensor::ints(tensor.shape.clone(), values).into())
        }
        _ => Ok(value.clone().whole()),
    }
}

pub fn dequantize(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let scale = Scale::read(node, 1)?;
    node.ignore(&["output_dtype"]);
    Ok(vec![scale.real(node, importer, node.value(0)?)?])
}

pub fn quantize(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let scale = Scale::read(node, 1)?;
    node.ignore(&["saturate", "precision"]);
    let given = node.int("output_dtype")?.filter(|&given| given != 0);
    let range = match given.map(|given| i32::try_from(given).ok().and_then(range)) {
        None => scale.range(node)?,
        Some(Some(range)) => Some(range),
        Some(None) => {
            return node.fail("it quantises to a type that is not supported: integers of up to 16 bits are");
        }
    };
    let x = importer.number(node.value(0)?)?;
    Ok(vec![scale.quantised(node, importer, &x, range)?])
}

/// To uint8, by the range of its values, 0 among them: nothing lies outside, so nothing is clipped, and there is no kink at the extremes.
pub fn dynamic(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = importer.number(node.value(0)?)?;
    let zero = Tensor::scalar(0.0).into();
    // Each sample by itself, as with a batch of 1; with as many axes, so that the batch stays where it is.
    let first = usize::from(importer.has_batch(&x));
    let axes: Vec<usize> = (first..importer.shape(&x).len()).collect();
    let mut end = |op| -> Result<Value> {
        let extreme = reduce::extremes(importer, op, &x, &axes, true)?;
        importer.arithmetic(op, &extreme, &zero)
    };
    let (most, least) = (end(Binary::Max)?, end(Binary::Min)?);
    let range = importer.arithmetic(Binary::Sub, &most, &least)?;
    let steps = Tensor::scalar(UINT8[1] as f64).into();
    let scale = importer.arithmetic(Binary::Div, &range, &steps)?;
    let ratio = importer.arithmetic(Binary::Div, &least, &scale)?;
    let ratio = importer.arithmetic(Binary::Mul, &ratio, &Tensor::scalar(-1.0).into())?;
    let zero = rounded(importer, &ratio)?;
    let zero = whole(importer, &zero)?;
    let by = Scale { scale: &scale, zero: Some(&zero), axis: 0, block: 0 };
    let q = by.quantised(node, importer, &x, None)?;
    Ok(vec![q, scale, zero])
}

/// Differences from a zero point, of which there may be one for each row, `axis` -2, or each column, -1, or each channel.
fn shifted(
    node: &Node,
    importer: &mut Importer,
    q: &Value,
    zero: Option<&Value>,
    axis: i64,
) -> Result<Value> {
    let number = importer.number(q)?;
    let Some(zero) = zero else { return Ok(number) };
    let shape = importer.shape(q);
    // Of the scale only the shape matters: that of the zero point.
    let by = Scale { scale: zero, zero: Some(zero), axis, block: 0 };
    let (_, spread) = by.shapes(node, importer, &shape)?;
    by.moved(importer, number, Binary::Sub, &spread)
}

pub fn matmul_integer(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let a = shifted(node, importer, node.value(0)?, node.optional(2)?, -2)?;
    let b = shifted(node, importer, node.value(1)?, node.optional(3)?, -1)?;
    let y = matmul::product(importer, &a, &b)?;
    Ok(vec![whole(importer, &y)?])
}

pub fn matmul_linear(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let a = Scale::along(node, 1, -2)?.real(node, importer, node.value(0)?)?;
    let b = Scale::along(node, 4, -1)?.real(node, importer, node.value(3)?)?;
    let y = matmul::product(importer, &a, &b)?;
    let scale = Scale::along(node, 6, -2)?;
    Ok(vec![scale.quantised(node, importer, &y, scale.range(node)?)?])
}

pub fn conv_integer(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = shifted(node, importer, node.value(0)?, node.optional(2)?, 1)?;
    let weight = shifted(node, importer, node.value(1)?, node.optional(3)?, 0)?;
    let y = convolved(node, importer, &x, &weight, None)?;
    Ok(vec![whole(importer, &y)?])
}

pub fn conv_linear(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let inputs = Scale::along(node, 1, 1)?;
    let weights = Scale::along(node, 4, 0)?;
    let x = inputs.real(node, importer, node.value(0)?)?;
    let weight = weights.real(node, importer, node.value(3)?)?;
    let results = Scale::along(node, 6, 1)?;
    let bias = match node.optional(8)? {
        Some(bias) => {
            let step = importer.arithmetic(Binary::Mul, inputs.scale, weights.scale)?;
            Some(importer.arithmetic(Binary::Mul, bias, &step)?)
        }
        None => None,
    };
    let y = convolved(node, importer, &x, &weight, bias.as_ref())?;
    Ok(vec![results.quantised(node, importer, &y, results.range(node)?)?])
}

fn convolved(
    node: &Node,
    importer: &mut Importer,
    x: &Value,
    weight: &Value,
    bias: Option<&Value>,
) -> Result<Value> {
    let constant = |value: &Value| match value {
        Value::Constant(tensor) => Ok(tensor.clone()),
        _ => node.fail("its weights depend on the model's input: only constant ones are supported"),
    };
    let (weight, bias) = (constant(weight)?, bias.map(constant).transpose()?);
    let x = importer.node(x)?;
    conv::convolved(node, importer, x, &weight, bias.as_deref())
}
