//! Operators of the domain `ai.onnx.ml`, which pipelines of scikit-learn are exported with: over a table `[batch, features]`.
//!
//! Where the specification leaves something open, ONNX Runtime decides; where the two differ, it is refused.

use super::super::node::Node;
use super::super::values::{Importer, Value};
use super::Lower;
use crate::error::Result;

mod features;
mod linear;
mod svm;

macro_rules! operators {
    ($($name:ident => $module:ident::$lower:ident),* $(,)?) => {
        /// Names of all operators of the list.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn find(operator: &str) -> Option<Lower> {
            match operator {
                $(stringify!($name) => Some($module::$lower),)*
                _ => None,
            }
        }
    };
}

operators! {
    ArrayFeatureExtractor => features::extract,
    FeatureVectorizer => features::join,
    Imputer => features::impute,
    LinearClassifier => linear::classifier,
    LinearRegressor => linear::regressor,
    Normalizer => linear::normalizer,
    Scaler => linear::scaler,
    SVMClassifier => svm::classifier,
    SVMRegressor => svm::regressor,
}

/// Name of the domain.
pub const DOMAIN: &str = "ai.onnx.ml";

/// Whether there is such an operator.
pub fn is_known(operator: &str) -> bool {
    find(operator).is_some()
}

/// Lowers any supported node of the domain, and checks that all of it was understood.
pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let Some(lower) = find(&node.op) else { return node.fail(reason(&node.op)) };
    let values = lower(node, importer)?;
    node.check_all_read(values.len())?;
    Ok(values)
}

/// Why an operator isn't supported.
fn reason(operator: &str) -> &'static str {
    match operator {
        "TreeEnsembleRegressor" | "TreeEnsembleClassifier" | "TreeEnsemble" => {
            "trees are constant between their thresholds: all derivatives are zero or do not exist; train a smooth model in their place"
        }
        "Binarizer" => "it is a step: all derivatives are zero or do not exist",
        "ZipMap" => {
            "it makes a sequence of maps, which has no derivatives: stop at its input with --to, or export with the option zipmap=False"
        }
        _ => {
            "this operator is not supported, as it is of categories or texts or unknown: stop before it with --to, or start after it with --from"
        }
    }
}

/// Number of features of the first input, a table.
fn features(node: &Node, importer: &Importer) -> Result<usize> {
    let shape = importer.shape(node.value(0)?);
    match shape[..] {
        [_, features] => Ok(features),
        _ => node.fail(format!("its input of shape {shape:?} is no table [batch, features]: reshape it")),
    }
}

/// A list of numbers of this length; `None` where it isn't there.
fn numbers(node: &Node, name: &str, length: Option<usize>) -> Result<Option<Vec<f64>>> {
    let Some(numbers) = node.floats(name)?.filter(|numbers| !numbers.is_empty()) else { return Ok(None) };
    match length {
        Some(length) if length == numbers.len() => Ok(Some(numbers)),
        _ => node.fail(format!(
            "'{name}' has {} numbers, which do not fit the model: the file is damaged",
            numbers.len()
        )),
    }
}

/// The same, which must be there.
fn required(node: &Node, name: &str, length: Option<usize>) -> Result<Vec<f64>> {
    match numbers(node, name, length)? {
        Some(numbers) => Ok(numbers),
        None => node.fail(format!("it has no attribute '{name}': the file is damaged")),
    }
}

/// Number of classes, by their labels.
fn labels(node: &Node) -> Result<usize> {
    let ints = node.ints("classlabels_ints")?.unwrap_or_default().len();
    let strings = node.texts("classlabels_strings")?.unwrap_or_default().len();
    Ok(ints.max(strings))
}
