//! Scaler, Normalizer, and linear models with what comes after their scores.

use super::super::along::linear;
use super::super::prelude::*;
use super::super::reduce::extremes;
use super::{features, labels, numbers, required};
use crate::activation::{Abs, Pow, Reciprocal, Sigmoid, Sqrt};

/// `(x - offset) scale`.
pub fn scaler(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    importer.charge(features)?;
    let part = |name: &str| {
        let numbers = match node.floats(name)? {
            Some(numbers) if numbers.len() == 1 => numbers,
            _ => required(node, name, Some(features))?,
        };
        Ok(Value::from(Tensor::floats(vec![numbers.len()], numbers)))
    };
    let (offset, scale) = (part("offset")?, part("scale")?);
    let centred = importer.arithmetic(Binary::Sub, node.value(0)?, &offset)?;
    Ok(vec![importer.arithmetic(Binary::Mul, &centred, &scale)?])
}

/// `x / norm(x)` for each row. MAX is the largest number, not the largest size.
pub fn normalizer(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    features(node, importer)?;
    let value = node.value(0)?;
    let norm = match node.text("norm")?.as_deref() {
        None | Some("MAX") => extremes(importer, Binary::Max, value, &[1], true)?,
        Some("L1") => {
            let sizes = importer.activation(value, Abs)?;
            importer.reduce(&sizes, &[1], true, false)?
        }
        Some("L2") => {
            let squares = importer.activation(value, Pow { exponent: 2.0 })?;
            let total = importer.reduce(&squares, &[1], true, false)?;
            importer.activation(&total, Sqrt)?
        }
        Some(other) => return node.fail(format!("norm '{other}' is unknown: MAX, L1 and L2 are possible")),
    };
    // Where the norm is 0 runtimes leave x as it is, a jump: there is no series.
    let inverse = importer.activation(&norm, Reciprocal)?;
    Ok(vec![importer.arithmetic(Binary::Mul, value, &inverse)?])
}

/// `W x + b`, a row of W for each output.
fn scores(node: &Node, importer: &mut Importer, outputs: usize, features: usize) -> Result<Value> {
    let weight = required(node, "coefficients", outputs.checked_mul(features))?;
    let bias = numbers(node, "intercepts", Some(outputs))?;
    importer.charge(weight.len())?;
    let weight = Tensor::floats(vec![outputs, features], weight);
    let bias = bias.map(|bias| Tensor::floats(vec![outputs], bias));
    linear(importer, node.value(0)?, &weight, bias.as_ref())
}

pub fn regressor(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    let targets = node.int("targets")?.unwrap_or(1);
    let Some(targets) = usize::try_from(targets).ok().filter(|&targets| targets > 0) else {
        return node.fail(format!("targets = {targets}: the file is damaged"));
    };
    let scores = scores(node, importer, targets, features)?;
    Ok(vec![transformed(node, importer, &scores, targets)?])
}

/// Its scores are the second output.
pub fn classifier(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    let classes = labels(node)?;
    node.ignore(&["multi_class"]); // which is about its label
    let rows = match node.floats("coefficients")?.map(|numbers| numbers.len()) {
        Some(length) if length == features && classes == 2 => 1,
        _ => classes,
    };
    let scores = scores(node, importer, rows, features)?;
    let scores = match (rows, classes) {
        // Of two classes with one score.
        (1, 2) if node.text("post_transform")?.as_deref() == Some("LOGISTIC") => {
            let both = Tensor::floats(vec![2], vec![-1.0, 1.0]);
            let both = importer.arithmetic(Binary::Mul, &scores, &both.into())?;
            importer.activation(&both, Sigmoid)?
        }
        (1, _) => {
            return node.fail(
                "its one score is not defined without post_transform = LOGISTIC: give each of two classes a score",
            );
        }
        _ => transformed(node, importer, &scores, classes)?,
    };
    Ok(vec![Value::Unusable("a label"), scores])
}

/// What comes after the scores.
fn transformed(node: &Node, importer: &mut Importer, scores: &Value, count: usize) -> Result<Value> {
    let transform = node.text("post_transform")?.unwrap_or_else(|| "NONE".into());
    match transform.as_str() {
        "NONE" => Ok(scores.clone()),
        _ if count == 1 => node.fail(format!(
            "post_transform = {transform} of one score: ONNX Runtime leaves it out, the specification does not; export with NONE"
        )),
        "SOFTMAX" => importer.softmax(scores),
        "LOGISTIC" => importer.activation(scores, Sigmoid),
        "SOFTMAX_ZERO" => node.fail("post_transform = SOFTMAX_ZERO jumps where a score is 0: export with SOFTMAX"),
        other => node.fail(format!(
            "post_transform = {other} is not supported: export with NONE, SOFTMAX or LOGISTIC"
        )),
    }
}
