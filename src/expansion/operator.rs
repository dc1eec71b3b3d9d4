//! Linear differential operators: sums of derivatives, as partial differential equations have them. How they are computed: `by_rays`.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::plan::check_order;

/// Rays that a term may take, those that are multiples of each other included: more are better asked for as mixed terms.
const MOST_FORMS: usize = 1 << 16;

/// What a derivative is multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub enum Coefficient {
    /// The same number at all points.
    Constant(f64),
    /// A number for each point.
    PerPoint(Vec<f64>),
}

impl Coefficient {
    /// At a point.
    pub fn at(&self, point: usize) -> f64 {
        match self {
            Self::Constant(number) => *number,
            Self::PerPoint(numbers) => numbers[point],
        }
    }

    /// The largest magnitude at any point.
    pub(super) fn largest(&self) -> f64 {
        match self {
            Self::Constant(number) => number.abs(),
            Self::PerPoint(numbers) => numbers.iter().fold(0.0, |m, number| m.max(number.abs())),
        }
    }
}

impl From<f64> for Coefficient {
    fn from(number: f64) -> Self {
        Self::Constant(number)
    }
}

impl From<Vec<f64>> for Coefficient {
    fn from(numbers: Vec<f64>) -> Self {
        Self::PerPoint(numbers)
    }
}

/// A derivative and its coefficient.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorTerm {
    /// The inputs to derive by, as often as they are named: `[0, 0, 1]` is ∂³/∂x0²∂x1, and none the output itself.
    pub derivative: Vec<usize>,
    /// What it is multiplied by.
    pub coefficient: Coefficient,
}

/// How many random rays estimate an operator, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples {
    /// How many: at least 2, of which there is a standard error.
    pub count: usize,
    /// Equal seeds give equal rays.
    pub seed: u64,
}

/// A power of the Laplacian that is estimated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sampled {
    /// In these inputs.
    pub inputs: Vec<usize>,
    pub power: usize,
    pub samples: Samples,
}

/// A linear differential operator: the sum of its terms, or an estimate of one of very many.
///
/// ```
/// use hope::activation::Sin;
/// use hope::model::Model;
/// use hope::{Operator, Request, Terms, expand};
///
/// // y = sin(x0 + 2 x1): its Laplacian is -5 y.
/// let mut b = Model::builder(&[2]);
/// let h = b.linear(b.input(), &[1, 2], vec![1.0, 2.0], None)?;
/// let y = b.activation(h, Sin)?;
/// let model = b.build(y)?;
///
/// let laplacian = Operator::laplacian(0..2);
/// let request = Request::new(vec![0.5, -0.25], laplacian.order());
/// let expansion = expand(&model, &Request { terms: Terms::Operator(laplacian), ..request })?;
/// let (found, value) = (expansion.operator()?[[0, 0]], expansion.value()[[0, 0]]);
/// assert!((found + 5.0 * value).abs() < 1e-12);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    terms: Vec<OperatorTerm>,
    /// What it is in place of terms.
    sampled: Option<Sampled>,
}

impl Operator {
    /// The sum of some terms.
    pub fn new(terms: Vec<OperatorTerm>) -> Self {
        Self { terms, sampled: None }
    }

    /// An unbiased estimate of [`Self::laplacian`] with its standard error, along random rays: for many inputs. See [`Expansion::operator_error`](super::Expansion::operator_error).
    pub fn sampled_laplacian(inputs: impl IntoIterator<Item = usize>, samples: Samples) -> Self {
        Self::estimated(inputs, 1, samples)
    }

    /// The same of [`Self::biharmonic`].
    pub fn sampled_biharmonic(inputs: impl IntoIterator<Item = usize>, samples: Samples) -> Self {
        Self::estimated(inputs, 2, samples)
    }

    fn estimated(inputs: impl IntoIterator<Item = usize>, power: usize, samples: Samples) -> Self {
        let inputs = inputs.into_iter().collect();
        Self { terms: Vec::new(), sampled: Some(Sampled { inputs, power, samples }) }
    }

    /// `Σ ∂²/∂x_i²` over some inputs.
    pub fn laplacian(inputs: impl IntoIterator<Item = usize>) -> Self {
        let term = |i| OperatorTerm { derivative: vec![i, i], coefficient: 1.0.into() };
        Self::new(inputs.into_iter().map(term).collect())
    }

    /// The Laplacian of the Laplacian, `Σ ∂⁴/∂x_i²∂x_j²` over all pairs of some inputs.
    pub fn biharmonic(inputs: impl IntoIterator<Item = usize>) -> Self {
        let inputs: Vec<usize> = inputs.into_iter().collect();
        let mut terms = Vec::new();
        for (at, &i) in inputs.iter().enumerate() {
            terms.push(OperatorTerm { derivative: vec![i; 4], coefficient: 1.0.into() });
            for &j in &inputs[at + 1..] {
                terms.push(OperatorTerm { derivative: vec![i, i, j, j], coefficient: 2.0.into() });
            }
        }
        Self::new(terms)
    }

    /// Its terms; none of an estimate.
    pub fn terms(&self) -> &[OperatorTerm] {
        &self.terms
    }

    /// How it is estimated, if it is.
    pub fn samples(&self) -> Option<Samples> {
        Some(self.sampled.as_ref()?.samples)
    }

    /// What is estimated: the inputs of a Laplacian, and its power.
    pub fn estimates(&self) -> Option<(&[usize], usize)> {
        self.sampled.as_ref().map(|sampled| (&sampled.inputs[..], sampled.power))
    }

    pub(super) fn sampled(&self) -> Option<&Sampled> {
        self.sampled.as_ref()
    }

    /// The order of its highest derivative: that of the request. At least 1, as the least that an expansion has.
    pub fn order(&self) -> usize {
        let power = self.sampled.as_ref().map(|sampled| 2 * sampled.power);
        power.unwrap_or_else(|| self.terms.iter().map(|term| term.derivative.len()).max().unwrap_or(0).max(1))
    }

    /// The operator at some of the points.
    pub fn at(&self, points: std::ops::Range<usize>) -> Self {
        let part = |term: &OperatorTerm| {
            let coefficient = match &term.coefficient {
                Coefficient::PerPoint(numbers) => numbers[points.clone()].to_vec().into(),
                constant => constant.clone(),
            };
            OperatorTerm { derivative: term.derivative.clone(), coefficient }
        };
        Self { terms: self.terms.iter().map(part).collect(), sampled: self.sampled.clone() }
    }

    /// Checks it against a model and the order of a request.
    pub(super) fn check(&self, inputs: usize, order: usize) -> Result<()> {
        check_order(self.order())?;
        let wrong = |cause: String| Err(Error::Terms(cause));
        if let Some(Sampled { inputs: of, samples, .. }) = &self.sampled {
            if samples.count < 2 {
                return wrong("a single sample has no standard error: take at least 2".into());
            }
            let mut sorted = of.clone();
            sorted.sort_unstable();
            if let Some(&input) = sorted.iter().find(|&&input| input >= inputs) {
                return wrong(format!(
                    "the operator derives by input {input}, but the model has {inputs} inputs, 0 to {}",
                    inputs - 1
                ));
            }
            if sorted.is_empty() || sorted.windows(2).any(|pair| pair[0] == pair[1]) {
                return wrong("an estimate is of at least one input, and of each once".into());
            }
        } else if self.terms.is_empty() {
            return wrong("the operator has no terms: give it at least one".into());
        }
        if order != self.order() {
            return wrong(format!(
                "the operator is of order {}, not {order}: leave --order out",
                self.order()
            ));
        }
        for (i, term) in self.terms.iter().enumerate() {
            if let Some(input) = term.derivative.iter().find(|&&input| input >= inputs) {
                return wrong(format!(
                    "term {i} of the operator derives by input {input}, but the model has {inputs} inputs, 0 to {}",
                    inputs - 1
                ));
            }
            let finite = match &term.coefficient {
                Coefficient::Constant(number) => number.is_finite(),
                Coefficient::PerPoint(numbers) => numbers.iter().all(|number| number.is_finite()),
            };
            if !finite {
                return wrong(format!("term {i} of the operator has a coefficient that is not finite"));
            }
            if forms(&powers(&term.derivative)) > MOST_FORMS {
                return wrong(format!(
                    "term {i} of the operator derives by too many inputs at once, it takes more than {MOST_FORMS} rays: use --terms mixed"
                ));
            }
        }
        Ok(())
    }

    /// Checks that there are coefficients for all points.
    pub(super) fn check_points(&self, points: usize) -> Result<()> {
        for (i, term) in self.terms.iter().enumerate() {
            match &term.coefficient {
                Coefficient::PerPoint(numbers) if numbers.len() != points => {
                    return Err(Error::Size {
                        expected: points,
                        given: numbers.len(),
                        cause: format!(
                            "term {i} of the operator has coefficients of {} points, and there are {points} points",
                            numbers.len()
                        ),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a term derives by several inputs: then rays mix inputs, and their scales matter.
    pub(super) fn mixes(&self) -> bool {
        self.terms.iter().any(|term| powers(&term.derivative).len() > 1)
    }

    /// Bytes of the rays and of what becomes of them, at most.
    pub(super) fn bytes(&self, inputs: usize) -> u64 {
        if let Some(sampled) = &self.sampled {
            return (sampled.samples.count as u64).saturating_mul(8 * inputs as u64 + 64);
        }
        let forms = self.terms.iter().map(|term| forms(&powers(&term.derivative)) as u64);
        let width = if self.mixes() { 8 * inputs as u64 } else { 0 };
        forms.fold(0, u64::saturating_add).saturating_mul(width.saturating_add(64))
    }
}

/// How often each input is named.
pub(super) fn powers(derivative: &[usize]) -> Vec<(usize, usize)> {
    let mut powers = BTreeMap::new();
    derivative.iter().for_each(|&input| *powers.entry(input).or_insert(0) += 1);
    powers.into_iter().collect()
}

/// Number of linear forms whose powers make a monomial.
pub(super) fn forms(powers: &[(usize, usize)]) -> usize {
    powers.iter().fold(1, |forms, (_, power)| forms.saturating_mul(power + 1))
}
