//! Predicted changes of an output, input by input (or group by group) and order by order.

use super::groups::Groups;
use crate::error::{Error, Result};
use crate::expansion::{Expansion, Report, Request, Terms, expand, expand_async};
use crate::model::Model;
use crate::rays::Directions;
use crate::sampling;

/// How inputs are changed, one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Push {
    /// By an amount, the same for all.
    By(f64),
    /// By amounts of their own, `[inputs]`.
    ByEach(Vec<f64>),
    /// To the numbers of a baseline, `[inputs]`: zeros, a data set's mean.
    To(Vec<f64>),
}

impl Push {
    /// The change of each input at a point.
    ///
    /// # Errors
    /// If there are not as many numbers as inputs, one isn't finite, or nothing changes at all.
    pub fn deltas(&self, point: &[f64]) -> Result<Vec<f64>> {
        let deltas: Vec<f64> = match self {
            Self::By(delta) => vec![*delta; point.len()],
            Self::ByEach(all) | Self::To(all) if all.len() != point.len() => {
                return Err(Error::Size {
                    expected: point.len(),
                    given: all.len(),
                    cause: format!("{} numbers were given to change {} inputs", all.len(), point.len()),
                });
            }
            Self::ByEach(all) => all.clone(),
            Self::To(baseline) => baseline.iter().zip(point).map(|(b, x)| b - x).collect(),
        };
        if let Some(i) = deltas.iter().position(|d| !d.is_finite()) {
            let cause = format!("the change of input {i}, {}, is not finite", deltas[i]);
            return Err(Error::NotFinite { index: i, cause });
        }
        if deltas.iter().all(|&d| d == 0.0) {
            return Err(nothing_changes());
        }
        Ok(deltas)
    }
}

/// Predicted changes of one output at one point.
#[derive(Clone, Debug)]
pub struct Heatmap {
    /// The output at the point.
    pub value: f64,
    /// `[orders, inputs]`, or `[orders, groups]`: row k−1 is the change that the polynomial of order k predicts, `Σ_{l≤k} c_l[i] δ_i^l`.
    pub predicted: Vec<f64>,
    /// Number of inputs or groups that meet a kink of the network on their way (there the prediction need not hold).
    pub across_kinks: usize,
    /// Whether the coefficients are exact, and what else is known of them.
    pub report: Report,
}

/// Predicts the change of an output for changing each input, alone, by its δ.
///
/// `request` says how to compute: method, order, device; its points, terms and outputs are replaced.
///
/// ```
/// use hope::attribution::{Push, heatmap, measured};
/// use hope::model::Model;
/// use hope::onnx::ImportOptions;
/// use hope::Request;
///
/// let model = Model::from_onnx("examples/mnist/mnist_mlp1_sigmoid.onnx", &ImportOptions::default())?;
/// let image = vec![0.25; 784];
/// let deltas = Push::By(0.1).deltas(&image)?;
/// let map = heatmap(&model, &image, 3, &deltas, &Request::new(vec![], 4))?;
/// let truth = measured(&model, &image, 3, &deltas)?;
/// let last = &map.predicted[3 * 784..]; // order 4
/// assert!(last.iter().zip(&truth).all(|(a, b)| (a - b).abs() < 1e-5));
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the sizes don't fit the model, the method has no answer, or numbers overflow.
pub fn heatmap(
    model: &Model,
    point: &[f64],
    output: usize,
    deltas: &[f64],
    request: &Request,
) -> Result<Heatmap> {
    pollster::block_on(heatmap_async(model, point, output, deltas, request))
}

/// [`heatmap`] without blocking while a GPU computes.
///
/// # Errors
/// As [`heatmap`].
pub async fn heatmap_async(
    model: &Model,
    point: &[f64],
    output: usize,
    deltas: &[f64],
    request: &Request,
) -> Result<Heatmap> {
    let inputs = model.inputs();
    check_sizes(inputs, point, deltas)?;
    let request = Request {
        points: point.to_vec().into(),
        terms: Terms::Unmixed,
        outputs: Some(vec![output]),
        ..request.clone()
    };
    let Expansion { value, coefficients, kinks, report, .. } = expand_async(model, &request).await?;
    let mut predicted = coefficients;
    let mut powers = vec![1.0; inputs];
    for k in 0..request.order {
        let (lower, rest) = predicted.split_at_mut(k * inputs);
        for i in 0..inputs {
            powers[i] *= deltas[i];
            // 0 ∞ never comes up: an input that isn't changed has power 0 and a finite coefficient.
            rest[i] = rest[i] * powers[i] + if k > 0 { lower[(k - 1) * inputs + i] } else { 0.0 };
        }
    }
    sampling::finite("the predicted change", &predicted)?;
    let across_kinks = kinks.iter().zip(deltas).filter(|(t, d)| **t < d.abs()).count();
    Ok(Heatmap { value: value[0], predicted, across_kinks, report })
}

/// Predicts the change of an output for changing all inputs of a group together, each by its δ, group by group: the coefficients along the direction of
/// the group's changes, interactions within the group included. Of an image's patches that is occlusion, as a series.
///
/// `request` says how to compute: order, device; its points, terms and outputs are replaced.
///
/// ```
/// use hope::attribution::{Groups, Push, heatmap_of};
/// use hope::model::Model;
/// use hope::Request;
///
/// // y = x0 x1 + x2
/// let mut b = Model::builder(&[3]);
/// let x = b.input();
/// let [x0, x1, x2] = [0, 1, 2].map(|i| [0, 1, 2].map(|j| f64::from(u8::from(i == j))).to_vec());
/// let (x0, x1) = (b.linear(x, &[1, 3], x0, None)?, b.linear(x, &[1, 3], x1, None)?);
/// let (product, x2) = (b.mul(x0, x1)?, b.linear(x, &[1, 3], x2, None)?);
/// let y = b.add(product, x2)?;
/// let model = b.build(y)?;
/// let point = [1.0, 2.0, 3.0];
/// let deltas = Push::To(vec![0.0; 3]).deltas(&point)?;
/// let map = heatmap_of(&model, &point, 0, &deltas, &Groups::new(vec![0, 0, 1])?, &Request::new(vec![], 2))?;
/// assert_eq!(map.predicted, [-4.0, -3.0, -2.0, -3.0]); // order 1, order 2
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// As [`heatmap`], or if the method is the published rule, which has no answer along directions.
pub fn heatmap_of(
    model: &Model,
    point: &[f64],
    output: usize,
    deltas: &[f64],
    groups: &Groups,
    request: &Request,
) -> Result<Heatmap> {
    let inputs = model.inputs();
    check_sizes(inputs, point, deltas)?;
    groups.check(inputs)?;
    let which = groups.changed(deltas);
    if which.is_empty() {
        return Err(nothing_changes());
    }
    let mut request = request.clone();
    request.reserve((which.len() as u64).saturating_mul(8 * inputs as u64))?;
    let request = Request {
        points: point.to_vec().into(),
        terms: Terms::Along(Directions::Shared { inputs, rows: groups.directions(deltas, &which) }),
        outputs: Some(vec![output]),
        ..request
    };
    let Expansion { value, coefficients, kinks, report, .. } = expand(model, &request)?;
    let mut predicted = vec![0.0; request.order * groups.count()];
    for (row, &group) in which.iter().enumerate() {
        let mut sum = 0.0;
        for k in 0..request.order {
            sum += coefficients[k * which.len() + row];
            predicted[k * groups.count() + group] = sum;
        }
    }
    sampling::finite("the predicted change", &predicted)?;
    let across_kinks = kinks.iter().filter(|t| **t < 1.0).count();
    Ok(Heatmap { value: value[0], predicted, across_kinks, report })
}

/// The error of a push that does nothing.
fn nothing_changes() -> Error {
    let cause = "no input is changed: the push is zero everywhere".into();
    Error::TooFew { given: 0, least: 1, cause }
}

/// Checks that a point and its changes are a model's.
pub(super) fn check_sizes(inputs: usize, point: &[f64], deltas: &[f64]) -> Result<()> {
    if point.len() != inputs || deltas.len() != inputs {
        return Err(Error::Size {
            expected: inputs,
            given: if point.len() == inputs { deltas.len() } else { point.len() },
            cause: format!(
                "the model has {inputs} inputs, but {} numbers and {} changes were given",
                point.len(),
                deltas.len()
            ),
        });
    }
    Ok(())
}
