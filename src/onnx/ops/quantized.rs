//! DequantizeLinear: `(x - zero point) · scale` of quantised weights. What quantises values is a step function.

use super::prelude::*;

pub fn dequantize(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let Value::Constant(x) = node.value(0)? else {
        return node.fail(
            "its input is quantised from a value that depends on the model's input, a step function without derivatives: take the model before its quantisation",
        );
    };
    let scale = node.value(1)?;
    let zero = node.optional_constant(2, "zero point")?;
    let block = node.int("block_size")?.unwrap_or(0);
    let axis = node.int("axis")?.unwrap_or(1);
    node.ignore(&["output_dtype"]);
    let scales = importer.shape(scale);
    if let Some(zero) = zero.filter(|zero| zero.shape != scales) {
        return node
            .fail(format!("its zero point has shape {:?} for scales of shape {scales:?}", zero.shape));
    }
    // Shapes in which the scales broadcast: each axis of blocks becomes two.
    let (mut split, mut spread) = (x.shape.clone(), vec![1; x.shape.len()]);
    if block > 0 {
        let axis = node.axis(axis, x.shape.len())?;
        let blocks = scales.get(axis).copied().unwrap_or(0);
        let mut expected = x.shape.clone();
        expected[axis] = blocks;
        let size =
            usize::try_from(block).ok().filter(|&size| blocks.checked_mul(size) == Some(x.shape[axis]));
        let Some(size) = size.filter(|_| scales == expected) else {
            return node.fail(format!(
                "scales of shape {scales:?} do not fit blocks of {block} along axis {axis} of {:?}",
                x.shape
            ));
        };
        split[axis] = blocks;
        split.insert(axis + 1, size);
        spread = scales.clone();
        spread.insert(axis + 1, 1);
    } else if count(&scales) != Some(1) {
        let axis = node.axis(axis, x.shape.len())?;
        if scales != [x.shape[axis]] {
            return node.fail(format!("scales of shape {scales:?} do not fit axis {axis} of {:?}", x.shape));
        }
        spread[axis] = scales[0];
    }
    importer.checked_rank(split.len())?;
    let mut y = importer.reshape(&Value::Constant(x.clone()), &split)?;
    if let Some(zero) = zero {
        y = importer.arithmetic(Binary::Sub, &y, &zero.reshaped(&spread).into())?;
    }
    let scale = importer.reshape(scale, &spread)?;
    let y = importer.arithmetic(Binary::Mul, &y, &scale)?;
    Ok(vec![importer.reshape(&y, &x.shape)?])
}

/// Why an operator that computes with quantised values isn't supported.
pub fn reason(operator: &str) -> Option<&'static str> {
    match operator {
        "QuantizeLinear"
        | "DynamicQuantizeLinear"
        | "QLinearMatMul"
        | "QLinearConv"
        | "MatMulInteger"
        | "ConvInteger" => Some(
            "it computes with rounded values, a step function, whose derivatives are zero or do not exist: take the model before its quantisation (quantised weights alone, with DequantizeLinear, are fine)",
        ),
        _ => None,
    }
}
