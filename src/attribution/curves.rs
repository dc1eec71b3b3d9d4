//! How well a ranking of inputs explains a score: deletion and insertion curves.
//!
//! Inputs (or groups) are replaced by those of a baseline, the most important first, and the score is watched as it falls: the sooner, the smaller the area
//! under it. The other way round, the baseline gets the image's inputs back: the sooner the score rises, the larger the area (Petsiuk, Das, Saenko,
//! "RISE", 2018). The score is the class's probability, by softmax over all outputs
//! unless the network ends in a softmax or a sigmoid itself; the output itself, if it is the only one.

use super::compare::BLOCK;
use super::groups::Groups;
use super::heatmap::check_sizes;
use crate::activation::{Function, Sigmoid};
use crate::error::{Error, Result};
use crate::forward::values;
use crate::model::{Model, Op};
use crate::sampling;

/// Most points of a curve.
const MOST_STEPS: usize = 100_000;

/// Scores while inputs are replaced.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Curves {
    /// Which part of the groups has been replaced, from 0 to 1.
    pub parts: Vec<f64>,
    /// The score while the point's inputs become the baseline's.
    pub deletion: Vec<f64>,
    /// The score while the baseline's inputs become the point's.
    pub insertion: Vec<f64>,
}

impl Curves {
    /// Areas under deletion and insertion: low and high are good.
    pub fn areas(&self) -> [f64; 2] {
        [&self.deletion, &self.insertion].map(|scores| {
            let pieces = self.parts.windows(2).zip(scores.windows(2));
            pieces.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum()
        })
    }
}

/// Whether a network's outputs are probabilities as they are: it ends in a softmax or a sigmoid.
fn ends_in_probabilities(model: &Model) -> bool {
    let mut node = model.node(model.output());
    while let (Op::Reshape, [before]) = (&node.op, &node.inputs[..]) {
        node = model.node(*before);
    }
    match &node.op {
        Op::Softmax { log, .. } => !log,
        Op::Elementwise(function) => function.name() == Sigmoid::NAME,
        _ => false,
    }
}

/// A class's probability by softmax over all outputs.
fn softmax(outputs: &[f64], output: usize) -> f64 {
    let most = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (outputs[output] - most).exp() / outputs.iter().map(|y| (y - most).exp()).sum::<f64>()
}

/// Deletion and insertion curves of a class for a ranking of groups, by forward passes in f64 on the CPU: about `steps` of them for each curve.
///
/// `importance` is a number for each group; of equals the first comes first.
///
/// ```
/// use hope::attribution::{Groups, curves};
/// use hope::model::Model;
///
/// // y = x0 + 3 x1, from (1, 1) to 0.
/// let mut b = Model::builder(&[2]);
/// let x = b.input();
/// let y = b.linear(x, &[1, 2], vec![1.0, 3.0], None)?;
/// let model = b.build(y)?;
/// let found = curves(&model, 0, &[1.0, 1.0], &[0.0, 0.0], &[1.0, 3.0], &Groups::new(vec![0, 1])?, 2)?;
/// assert_eq!((found.deletion, found.insertion), (vec![4.0, 1.0, 0.0], vec![0.0, 3.0, 4.0]));
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the sizes don't fit the model, a number isn't finite, there are no steps, or there is no such output.
pub fn curves(
    model: &Model,
    output: usize,
    from: &[f64],
    to: &[f64],
    importance: &[f64],
    groups: &Groups,
    steps: usize,
) -> Result<Curves> {
    let (inputs, count) = (model.inputs(), groups.count());
    check_sizes(inputs, from, to)?;
    groups.check(inputs)?;
    if importance.len() != count {
        let cause = format!("{} numbers were given to rank {count} groups", importance.len());
        return Err(Error::Size { expected: count, given: importance.len(), cause });
    }
    sampling::finite("the importance", importance)?;
    if !(1..=MOST_STEPS).contains(&steps) {
        let cause = format!("{steps} steps: a curve has 1 to {MOST_STEPS}");
        return Err(Error::OutOfRange { what: "steps", value: steps as f64, cause });
    }
    if output >= model.outputs() {
        return Err(Error::NoOutput { output, outputs: model.outputs() });
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| importance[b].total_cmp(&importance[a]));
    let mut rank = vec![0; count];
    order.iter().enumerate().for_each(|(place, &group)| rank[group] = place);

    let as_it_is = model.outputs() == 1 || ends_in_probabilities(model);
    let score = |outputs: &[f64]| if as_it_is { outputs[output] } else { softmax(outputs, output) };
    // How many groups have been replaced.
    let mut replaced: Vec<usize> = (0..=steps).map(|step| step * count / steps).collect();
    replaced.dedup();
    let scores = |from: &[f64], to: &[f64]| -> Result<Vec<f64>> {
        let mut scores = Vec::with_capacity(replaced.len());
        for block in replaced.chunks((BLOCK / inputs).max(1)) {
            let points: Vec<f64> = block
                .iter()
                .flat_map(|&n| (0..inputs).map(move |i| (n, i)))
                .map(|(n, i)| if rank[groups.of()[i]] < n { to[i] } else { from[i] })
                .collect();
            let found = values(model, points, None)?;
            scores.extend(found.chunks_exact(model.outputs()).map(score));
        }
        Ok(scores)
    };
    let (deletion, insertion) = (scores(from, to)?, scores(to, from)?);
    let parts = replaced.iter().map(|&n| n as f64 / count as f64).collect();
    Ok(Curves { parts, deletion, insertion })
}
