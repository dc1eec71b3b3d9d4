//! Support vector machines: sums of a kernel between a row and each support vector.

use super::super::along::linear;
use super::super::prelude::*;
use super::{features, labels, required};
use crate::activation::{Exp, Pow, Tanh};

pub fn regressor(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    if node.int("one_class")?.unwrap_or(0) != 0 {
        return node.fail("one_class: its result is a sign, a step without derivatives");
    }
    only_scores(node)?;
    let count = match node.int("n_supports")?.and_then(|n| usize::try_from(n).ok()) {
        Some(count) if count > 0 => count,
        _ => return node.fail("it has no support vectors: export it as LinearRegressor"),
    };
    let kernel = kernel(node, importer, count, features)?;
    let weight = Tensor::floats(vec![1, count], required(node, "coefficients", Some(count))?);
    let bias = Tensor::floats(vec![1], required(node, "rho", Some(1))?);
    Ok(vec![linear(importer, &kernel, &weight, Some(&bias))?])
}

/// Its scores, the second output, are one for each pair of classes; of two classes -f and f.
pub fn classifier(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let features = features(node, importer)?;
    only_scores(node)?;
    let probabilities = |name| Ok(node.floats(name)?.is_some_and(|numbers| !numbers.is_empty()));
    if probabilities("prob_a")? || probabilities("prob_b")? {
        return node.fail("its probabilities are found by iteration: train it without (probability=False)");
    }
    let per_class = node.ints("vectors_per_class")?.unwrap_or_default();
    let per_class: Option<Vec<usize>> = per_class.iter().map(|&n| usize::try_from(n).ok()).collect();
    let count =
        per_class.as_ref().and_then(|sizes| sizes.iter().try_fold(0usize, |sum, &n| sum.checked_add(n)));
    let (Some(per_class), Some(count)) = (per_class, count.filter(|&n| n > 0)) else {
        return node.fail("it has no support vectors: export it as LinearClassifier");
    };
    let classes = per_class.len();
    if classes < 2 || classes != labels(node)? {
        return node.fail(format!(
            "vectors_per_class has {classes} classes, unlike its labels: the file is damaged"
        ));
    }
    let coefficients = required(node, "coefficients", (classes - 1).checked_mul(count))?;
    if coefficients.iter().all(|&c| c >= 0.0) {
        return node.fail("all of its coefficients are positive, for which its scores are not defined");
    }
    let pairs = classes * (classes - 1) / 2;
    let rho = required(node, "rho", Some(pairs))?;
    let rows = if classes == 2 { 2 } else { pairs };
    importer.charge_shape(&[rows, count])?;
    let starts: Vec<usize> = per_class
        .iter()
        .scan(0, |next, &n| {
            *next += n;
            Some(*next - n)
        })
        .collect();
    let mut weight = Vec::with_capacity(rows * count);
    for i in 0..classes {
        for j in i + 1..classes {
            let mut row = vec![0.0; count];
            for (class, other) in [(i, j - 1), (j, i)] {
                let range = starts[class]..starts[class] + per_class[class];
                row[range.clone()].copy_from_slice(&coefficients[other * count..][range]);
            }
            weight.extend(row);
        }
    }
    let mut bias = rho;
    if classes == 2 {
        weight = weight.iter().map(|w| -w).chain(weight.iter().copied()).collect();
        bias = vec![-bias[0], bias[0]];
    }
    let kernel = kernel(node, importer, count, features)?;
    let (weight, bias) = (Tensor::floats(vec![rows, count], weight), Tensor::floats(vec![rows], bias));
    Ok(vec![Value::Unusable("a label"), linear(importer, &kernel, &weight, Some(&bias))?])
}

fn only_scores(node: &Node) -> Result<()> {
    match node.text("post_transform")?.as_deref() {
        None | Some("NONE") => Ok(()),
        Some(other) => node.fail(format!("post_transform = {other} is not supported here: export with NONE")),
    }
}

/// The kernel between each row and each of `count` support vectors.
fn kernel(node: &Node, importer: &mut Importer, count: usize, features: usize) -> Result<Value> {
    let vectors = required(node, "support_vectors", count.checked_mul(features))?;
    importer.charge(vectors.len())?;
    let parameters = required(node, "kernel_params", Some(3))?;
    let (gamma, shift, exponent) = (parameters[0], parameters[1], parameters[2]);
    let x = node.value(0)?;
    let scaled = |factor: f64| {
        Tensor::floats(vec![count, features], vectors.iter().map(|v| factor * v).collect::<Vec<_>>())
    };
    let affine = |importer: &mut Importer| {
        let shift = Tensor::floats(vec![count], vec![shift; count]);
        linear(importer, x, &scaled(gamma), Some(&shift))
    };
    match node.text("kernel_type")?.unwrap_or_else(|| "LINEAR".into()).as_str() {
        "LINEAR" => linear(importer, x, &scaled(1.0), None),
        "POLY" => {
            let base = affine(importer)?;
            importer.activation(&base, Pow { exponent })
        }
        "SIGMOID" => {
            let inner = affine(importer)?;
            importer.activation(&inner, Tanh)
        }
        "RBF" => radial(importer, x, &vectors, gamma, features),
        other => {
            node.fail(format!("kernel_type {other} is unknown: LINEAR, POLY, RBF and SIGMOID are possible"))
        }
    }
}

/// `e^(-γ |x - v|²)`, the square as `|x|² - 2 x v + |v|²` from the mean of the vectors, about which nothing large cancels.
fn radial(importer: &mut Importer, x: &Value, vectors: &[f64], gamma: f64, features: usize) -> Result<Value> {
    let count = vectors.len() / features.max(1);
    let mut centre = vec![0.0; features];
    for vector in vectors.chunks_exact(features.max(1)) {
        centre.iter_mut().zip(vector).for_each(|(c, v)| *c += v / count as f64);
    }
    let vectors: Vec<f64> = vectors.iter().zip(centre.iter().cycle()).map(|(v, c)| v - c).collect();
    let squares =
        vectors.chunks_exact(features.max(1)).map(|v| -gamma * v.iter().map(|v| v * v).sum::<f64>());
    let bias = Tensor::floats(vec![count], squares.collect::<Vec<_>>());
    let weight =
        Tensor::floats(vec![count, features], vectors.iter().map(|v| 2.0 * gamma * v).collect::<Vec<_>>());
    let x = importer.arithmetic(Binary::Sub, x, &Tensor::floats(vec![features], centre).into())?;
    let products = linear(importer, &x, &weight, Some(&bias))?;
    let squares = importer.activation(&x, Pow { exponent: 2.0 })?;
    let square = importer.reduce(&squares, &[1], true, false)?;
    let square = importer.arithmetic(Binary::Mul, &square, &Tensor::scalar(-gamma).into())?;
    let exponent = importer.arithmetic(Binary::Add, &products, &square)?;
    importer.activation(&exponent, Exp)
}
