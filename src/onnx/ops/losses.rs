//! Losses of classifiers with constant targets: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
//!
//! Over scores `x[n, c, d…]` and a target class `t[n, d…]`, each loss is `-w[t] x[n, t, d…]`, 0 where t is `ignore_index`: a sum over the
//! classes of x and a mask of `-w[t]` at t. A mean divides by the sum of the weights that count.

use super::prelude::*;

pub fn negative_log_likelihood(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let scores = node.value(0)?.clone();
    classes(node, importer, &scores)?;
    Ok(vec![loss(node, importer, &scores)?])
}

/// The same of a log-softmax, which is the second output.
pub fn softmax_cross_entropy(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let scores = node.value(0)?.clone();
    classes(node, importer, &scores)?;
    let log_shares = importer.log_softmax(&scores, 1)?;
    Ok(vec![loss(node, importer, &log_shares)?, log_shares])
}

/// Number of classes.
fn classes(node: &Node, importer: &Importer, scores: &Value) -> Result<usize> {
    let shape = importer.shape(scores);
    match shape[..] {
        [_, classes, ..] if classes > 0 => Ok(classes),
        _ => node.fail(format!("its scores of shape {shape:?} have no axis of classes: [batch, classes, …]")),
    }
}

fn loss(node: &Node, importer: &mut Importer, scores: &Value) -> Result<Value> {
    let shape = importer.shape(scores);
    let classes = classes(node, importer, scores)?;
    let reduction = node.text("reduction")?.unwrap_or_else(|| "mean".into());
    let (mut mask, total) = mask(node, importer, &shape, classes)?;
    match reduction.as_str() {
        "none" | "sum" => {}
        "mean" if total == 0.0 => {
            return node.fail("its mean is over targets whose weights sum to 0: none of them counts");
        }
        "mean" => mask = mask.mapped(|w| w / total),
        other => {
            return node.fail(format!("reduction '{other}' is unknown: none, mean and sum are possible"));
        }
    }
    let chosen = importer.arithmetic(Binary::Mul, scores, &mask.into())?;
    match reduction.as_str() {
        "none" => importer.reduce(&chosen, &[1], false, false),
        _ => importer.reduce(&chosen, &(0..shape.len()).collect::<Vec<_>>(), false, false),
    }
}

/// The mask, and the sum of the weights of all targets that count.
fn mask(node: &Node, importer: &mut Importer, shape: &[usize], classes: usize) -> Result<(Tensor, f64)> {
    let target = node.constant(1, "target")?;
    let weight = node.optional_constant(2, "weight")?;
    let ignored = node.int("ignore_index")?;
    let expected = [&shape[..1], &shape[2..]].concat();
    let Data::Int(targets) = &target.data else { return node.fail("its target must be integers") };
    if target.shape != expected {
        return node.fail(format!(
            "its target has shape {:?} for scores of shape {shape:?}; {expected:?} fits (with a dynamic batch, one sample's)",
            target.shape
        ));
    }
    if let Some(weight) = weight.filter(|w| w.shape != [classes]) {
        return node.fail(format!("its weight has shape {:?} for {classes} classes", weight.shape));
    }
    importer.charge_shape(shape)?;
    let weights = weight.map(Tensor::values);
    let mut values = vec![0.0; expected.iter().product::<usize>() * classes];
    let mut total = 0.0;
    let inner = shape[2..].iter().product::<usize>().max(1);
    for (place, &t) in targets.iter().enumerate().filter(|(_, t)| Some(**t) != ignored) {
        let Some(class) = usize::try_from(t).ok().filter(|&class| class < classes) else {
            return node.fail(format!("target {t} is none of {classes} classes, nor its ignore_index"));
        };
        let weight = weights.as_ref().map_or(1.0, |w| w[class]);
        values[(place / inner * classes + class) * inner + place % inner] = -weight;
        total += weight;
    }
    Ok((Tensor::floats(shape.to_vec(), values), total))
}
