//! Constants: given, filled, counted, and the shapes of values, which are all known.

use prost::Message;

use super::super::proto::TensorProto;
use super::prelude::*;

fn decoded(node: &Node, importer: &mut Importer, bytes: &[u8]) -> Result<Tensor> {
    let proto = TensorProto::decode(bytes).map_err(|e| node.error(format!("its tensor is damaged: {e}")))?;
    let (tensor, outside) = Tensor::decode(&proto, &mut importer.external)
        .map_err(|e| node.error(format!("its tensor is unusable: {e}")))?;
    importer.grant(outside);
    Ok(tensor)
}

/// Constant.
pub fn constant(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    if let Some(bytes) = node.tensor("value")? {
        found.push(decoded(node, importer, bytes)?);
    }
    found.extend(node.float("value_float")?.map(Tensor::scalar));
    found.extend(node.int("value_int")?.map(|v| Tensor::ints(Vec::new(), [v])));
    found.extend(node.floats("value_floats")?.map(|v| Tensor::floats(vec![v.len()], v)));
    found.extend(node.ints("value_ints")?.map(|v| Tensor::ints(vec![v.len()], v)));
    match (found.pop(), found.is_empty()) {
        (Some(tensor), true) => Ok(vec![tensor.into()]),
        _ => node.fail("it must have one value, of numbers"),
    }
}

/// ConstantOfShape.
pub fn of_shape(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let sizes = node.optional_ints(0, "shape")?.unwrap_or_default();
    let shape: Option<Vec<usize>> = sizes.iter().map(|&s| usize::try_from(s).ok()).collect();
    let Some(shape) = shape else { return node.fail(format!("the shape {sizes:?} is impossible")) };
    let value = match node.tensor("value")? {
        Some(bytes) => decoded(node, importer, bytes)?,
        None => Tensor::scalar(0.0),
    };
    if value.len() != 1 {
        return node.fail(format!("its value must be one number, not of shape {:?}", value.shape));
    }
    Ok(vec![importer.filled(value.reshaped(&[]), &shape)?])
}

/// Range.
pub fn range(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let parts = [node.constant(0, "start")?, node.constant(1, "limit")?, node.constant(2, "step")?];
    let ints: Option<Vec<i64>> = parts
        .iter()
        .map(|part| match &part.data {
            Data::Int(values) => values.first().copied(),
            Data::Float(_) => None,
        })
        .collect();
    let numbers: Vec<f64> = parts.iter().filter_map(|part| part.uniform()).collect();
    let (&[start, limit, step], false) = (&numbers[..], parts.iter().any(|part| part.len() != 1)) else {
        return node.fail("its start, limit and step must be numbers");
    };
    let count = ((limit - start) / step).ceil();
    if count.is_nan() || count > u32::MAX as f64 {
        return node.fail(format!("a range from {start} to {limit} in steps of {step} is too long"));
    }
    let count = count.max(0.0) as usize;
    importer.charge(count)?;
    Ok(vec![match ints.as_deref() {
        Some(&[start, _, step]) => {
            // Within the limit, hence no overflow; wrapping only for what rounding of huge numbers may add.
            let values = (0..count as i64).map(|i| start.wrapping_add(i.wrapping_mul(step)));
            Tensor::ints(vec![count], values.collect::<Vec<_>>()).into()
        }
        _ => Tensor::floats(vec![count], (0..count).map(|i| start + i as f64 * step).collect::<Vec<_>>())
            .into(),
    }])
}

/// Shape.
pub fn shape(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let sizes: Vec<i64> = importer.shape(node.value(0)?).iter().map(|&s| s as i64).collect();
    let rank = sizes.len() as i64;
    let clamp = |v: i64| (if v < 0 { v.saturating_add(rank) } else { v }).clamp(0, rank) as usize;
    let start = clamp(node.int("start")?.unwrap_or(0));
    let end = clamp(node.int("end")?.unwrap_or(rank));
    let part = sizes.get(start..end).unwrap_or_default().to_vec();
    Ok(vec![Tensor::ints(vec![part.len()], part).into()])
}

/// Size.
pub fn size(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    match count(&importer.shape(node.value(0)?)) {
        Some(units) => Ok(vec![Tensor::ints(Vec::new(), [units as i64]).into()]),
        None => node.fail("its input is too large"),
    }
}
