//! Choosing and joining features.

use super::super::along::take;
use super::super::prelude::*;
use super::features;

/// ArrayFeatureExtractor: the features at constant indices.
pub fn extract(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    let indices = node.constant(1, "list of indices")?;
    let Data::Int(numbers) = &indices.data else { return node.fail("its indices must be integers") };
    let inside = |&number: &i64| usize::try_from(number).ok().filter(|&index| index < features);
    match numbers.iter().map(inside).collect::<Option<Vec<_>>>() {
        Some(indices) => Ok(vec![take(importer, node.value(0)?, 1, &indices)?]),
        None => node.fail(format!("one of its indices is none of {features} features: the file is damaged")),
    }
}

/// Imputer: what stands for a missing value is never one of a point's numbers, which are all there.
pub fn impute(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    features(node, importer)?;
    node.ignore(&["imputed_value_floats"]);
    let missing = node.float("replaced_value_float")?.unwrap_or(0.0);
    if !missing.is_nan() {
        return node.fail(format!(
            "it replaces the number {missing}, a jump: export it with NaN for missing values, or start after it with --from"
        ));
    }
    Ok(vec![node.value(0)?.clone()])
}

/// FeatureVectorizer: tables side by side.
pub fn join(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let values = node.values()?;
    let sizes = node.ints("inputdimensions")?.unwrap_or_default();
    for (index, value) in values.iter().enumerate() {
        let shape = importer.shape(value);
        let size = sizes.get(index).and_then(|&size| usize::try_from(size).ok());
        if shape.len() != 2 || size != Some(shape[1]) {
            return node.fail(format!(
                "input {} has shape {shape:?}, but inputdimensions says {size:?} features",
                index + 1
            ));
        }
    }
    Ok(vec![importer.concat(&values, 1)?])
}
