//! What a result may claim: whether it is exact, and why.
//!
//! The exact method always is (up to kinks). The published rule keeps only the unmixed derivatives of each
//! layer's units; it is exact where the mixed ones vanish. That is decided statically, from the output
//! back: how does the output y depend on the values of the cut that the backward pass has reached?
//! It is *affine* in the output; affine operators keep that. An elementwise function makes affine *additively
//! separable*, y = Σ h_i(z_i), and keeps separable. An operator with an output that mixes two inputs makes
//! separable *general*. Then a linear operator that feeds one input to two outputs, or a value that feeds
//! two such consumers, loses mixed derivatives: there the rule stops being exact.

use crate::error::Result;
use crate::model::{Conv, Linear, Model, NodeId, Op};
use crate::plan::{Method, first_linear_layers};

/// Kinks of a network: where it is not smooth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kinks {
    /// It is smooth.
    None,
    /// It has kinks, and is nonlinear between them.
    Piecewise,
    /// It is linear between its kinks: orders from 2 are zero there.
    PiecewiseLinear,
}

impl Kinks {
    /// Finds the kinks of a network.
    pub fn of(model: &Model) -> Self {
        let (mut kinks, mut linear) = (false, true);
        for node in model.nodes() {
            match &node.op {
                Op::MaxPool(_) | Op::Select { .. } => kinks = true,
                Op::Elementwise(f) => {
                    kinks |= !f.kinks().is_empty();
                    linear &= f.is_piecewise_linear();
                }
                op => linear &= op.is_affine(),
            }
        }
        match (kinks, linear) {
            (false, _) => Self::None,
            (true, false) => Self::Piecewise,
            (true, true) => Self::PiecewiseLinear,
        }
    }
}

/// Which coefficients are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TermKind {
    /// Pure powers of one input each.
    Unmixed,
    /// Along given directions.
    Along,
    /// All monomials.
    Mixed,
    /// Gradients, along rays.
    Gradient,
    /// Second derivatives.
    Hessian,
    /// A differential operator.
    Operator,
}

impl TermKind {
    /// Name as the command line and results spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unmixed => "unmixed",
            Self::Along => "along",
            Self::Mixed => "mixed",
            Self::Gradient => "gradient",
            Self::Hessian => "hessian",
            Self::Operator => "operator",
        }
    }
}

/// Whether a result is exact, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Exact up to rounding (and up to the nearest kink).
    pub exact: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// Where the published rule stops being exact, seen from the output.
    pub inexact_at: Option<NodeId>,
    /// Whether the network is smooth.
    pub kinks: Kinks,
}

impl Certificate {
    /// Certifies a method on a model.
    ///
    /// # Errors
    /// If the published rule doesn't offer these terms for this model.
    pub fn new(model: &Model, method: Method, terms: TermKind) -> Result<Self> {
        let kinks = Kinks::of(model);
        let (inexact_at, mut reason) = match method {
            Method::Exact if terms == TermKind::Mixed => {
                (None, "truncated Taylor series in all variables drop no term".to_string())
            }
            Method::Exact if matches!(terms, TermKind::Gradient | TermKind::Hessian) => {
                (None, "the adjoint of truncated Taylor series along rays drops no term".to_string())
            }
            Method::Exact => (None, "truncated Taylor series along rays drop no term".to_string()),
            Method::Hope => explain(model, published_rule(model, terms)?),
        };
        match kinks {
            Kinks::None => {}
            Kinks::Piecewise => reason.push_str("; the network has kinks: valid up to the nearest kink t*"),
            Kinks::PiecewiseLinear => {
                reason
                    .push_str("; piecewise linear: orders from 2 are zero, valid up to the nearest kink t*");
            }
        }
        Ok(Self { exact: inexact_at.is_none(), reason, inexact_at, kinks })
    }

    /// The result is a mean of samples.
    pub(crate) fn estimate(&mut self, samples: usize) {
        self.exact = false;
        self.reason = format!(
            "estimate of {samples} samples, not exact: the mean along random directions, unbiased, with a standard error beside each number; along each of them {}",
            self.reason
        );
    }

    /// Along some rays a unit stays on its kink, whose branches differ, so that the network has no gradient there; `first`: the point and the layer of the first of them.
    pub(crate) fn undecided(&mut self, rays: usize, first: &str) {
        self.exact = false;
        self.reason = format!(
            "on a kink ({rays}, the first: {first}) that the ray doesn't leave the network has no gradient, its branches differ: units there take one of their own; elsewhere: {}",
            self.reason
        );
    }

    /// Some series begin on a kink; `first`: the point and the layer of the first of them.
    pub(crate) fn on_kinks(&mut self, series: usize, first: &str, method: Method, terms: TermKind) {
        self.exact &= method == Method::Exact && !matches!(terms, TermKind::Mixed | TermKind::Operator);
        // What takes exactness away is said first.
        self.reason = match (method, terms, &self.reason) {
            (Method::Hope, _, elsewhere) => format!(
                "on a kink (the first: {first}) each unit takes a branch of its own by the published rule; elsewhere: {elsewhere}"
            ),
            (Method::Exact, TermKind::Operator, elsewhere) => format!(
                "on a kink (the first: {first}) there are no such derivatives: each ray takes those for t > 0; elsewhere: {elsewhere}"
            ),
            (Method::Exact, TermKind::Mixed, elsewhere) => format!(
                "on a kink (the first: {first}) no single polynomial holds on all sides, only coefficients along rays are exact there, one-sided; elsewhere: {elsewhere}"
            ),
            (Method::Exact, _, everywhere) => format!(
                "{everywhere}; one-sided where a ray begins on a kink ({series}, the first: {first}): the coefficients hold for t > 0"
            ),
        };
    }
}

/// How the output depends on a value that the backward pass has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dependence {
    Affine,
    Separable,
    General,
}

/// Where the rule fails.
enum Failure {
    /// At an operator that feeds one input to several outputs.
    Operator(NodeId),
    /// At a value that several branches read and that they mix.
    Branch(NodeId),
    /// Mixed terms: the output isn't separable in the first linear layer's output.
    FirstLayer(NodeId),
}

fn explain(model: &Model, failure: Option<Failure>) -> (Option<NodeId>, String) {
    let name = |id: NodeId| format!("'{}' ({})", model.node(id).name, model.node(id).kind);
    match failure {
        None => (
            None,
            "the mixed derivatives that the published rule leaves out all vanish in this network".into(),
        ),
        Some(Failure::Operator(id)) => (
            Some(id),
            format!(
                "the published rule leaves out mixed derivatives at {}: the output is not a sum of functions of its single units",
                name(id)
            ),
        ),
        Some(Failure::Branch(id)) => (
            Some(id),
            format!(
                "the published rule leaves out mixed derivatives of the branches that {} feeds: they are not just added up",
                name(id)
            ),
        ),
        Some(Failure::FirstLayer(id)) => (
            Some(id),
            format!(
                "the published rule leaves out mixed derivatives after the first layer {}: the output is not a sum of functions of its single units",
                name(id)
            ),
        ),
    }
}

/// The first failure of the rule, from the output back.
fn published_rule(model: &Model, terms: TermKind) -> Result<Option<Failure>> {
    let mut is_end = vec![false; model.nodes().len()];
    if terms == TermKind::Mixed {
        first_linear_layers(model)?.iter().for_each(|end| is_end[end.index()] = true);
    }
    let mut dependence: Vec<Option<Dependence>> = vec![None; model.nodes().len()];
    let mut general_readers = vec![0; model.nodes().len()];
    dependence[model.output().index()] = Some(Dependence::Affine);
    for (index, node) in model.nodes().iter().enumerate().rev() {
        let id = NodeId(index);
        let Some(here) = dependence[index] else { continue };
        if general_readers[index] > 1 {
            return Ok(Some(Failure::Branch(id)));
        }
        if is_end[index] {
            if here == Dependence::General {
                return Ok(Some(Failure::FirstLayer(id)));
            }
            continue;
        }
        let below = match (here, shape_of(&node.op)) {
            (Dependence::Affine, Shape::Nonlinear) => Dependence::Separable,
            (_, Shape::Nonlinear) => here,
            (Dependence::Affine, Shape::Linear { .. }) => Dependence::Affine,
            (Dependence::Separable, Shape::Linear { mixes: false, .. }) => Dependence::Separable,
            (Dependence::Separable, Shape::Linear { mixes: true, .. }) => Dependence::General,
            (Dependence::General, Shape::Linear { shares: false, .. }) => Dependence::General,
            (Dependence::General, Shape::Linear { shares: true, .. }) => {
                return Ok(Some(Failure::Operator(id)));
            }
        };
        // The selector of a choice moves kinks, and nothing else.
        let selectors = usize::from(matches!(node.op, Op::Select { .. }));
        for input in &node.inputs[selectors..] {
            let known = &mut dependence[input.index()];
            *known = (*known).max(Some(below));
            general_readers[input.index()] += usize::from(below == Dependence::General);
        }
    }
    Ok(None)
}

/// What an operator does to single units.
enum Shape {
    /// A function of each unit alone.
    Nonlinear,
    /// Linear (in the current region).
    Linear {
        /// Some output depends on two inputs.
        mixes: bool,
        /// Some input feeds two outputs.
        shares: bool,
    },
}

fn shape_of(op: &Op) -> Shape {
    let linear = |mixes, shares| Shape::Linear { mixes, shares };
    match op {
        Op::Input | Op::Reshape | Op::Affine(_) => linear(false, false),
        Op::Elementwise(f) if f.is_piecewise_linear() => linear(false, false),
        // Those with several branches or units are refused by the rule's plan.
        Op::Elementwise(_)
        | Op::Multiply
        | Op::Divide
        | Op::MatMul(_)
        | Op::Softmax { .. }
        | Op::Normalize { .. } => Shape::Nonlinear,
        Op::Add => linear(true, false),
        Op::Linear(l) => linear_shape(l),
        Op::Conv(c) => conv_shape(c),
        Op::AveragePool(pool) => linear(pool.window.kernel_size() > 1, !pool.window.is_disjoint()),
        // A selection: an output is one input.
        Op::MaxPool(pool) => linear(false, !pool.window.is_disjoint()),
        Op::Select { .. } => linear(false, false),
        Op::Strided(copy) => linear(copy.is_sum(), copy.dims.iter().any(|d| d.input == 0 && d.size > 1)),
        Op::Concat(_) => linear(false, false),
    }
}

fn linear_shape(linear: &Linear) -> Shape {
    let mut feeds = vec![0usize; linear.inputs];
    let mut mixes = false;
    for row in linear.weight.chunks_exact(linear.inputs.max(1)) {
        let mut seen = 0;
        for (input, _) in row.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            seen += 1;
            feeds[input] += 1;
        }
        mixes |= seen > 1;
    }
    Shape::Linear { mixes, shares: feeds.iter().any(|&n| n > 1) }
}

fn conv_shape(conv: &Conv) -> Shape {
    let cells = conv.window.kernel_size();
    let depth = conv.in_channels / conv.groups * cells;
    let outputs = conv.out_channels / conv.groups;
    let mut mixes = false;
    let mut shares = false;
    for group in conv.weight.chunks_exact(outputs * depth) {
        mixes |= group.chunks_exact(depth).any(|filter| filter.iter().filter(|w| **w != 0.0).count() > 1);
        // An input channel feeds two outputs by two output channels, or by two overlapping cells.
        for channel in 0..conv.in_channels / conv.groups {
            let weights =
                |filter: &[f64]| filter[channel * cells..][..cells].iter().filter(|w| **w != 0.0).count();
            let counts: Vec<usize> = group.chunks_exact(depth).map(weights).collect();
            let used = counts.iter().filter(|&&n| n > 0).count();
            shares |= used > 1 || (counts.iter().any(|&n| n > 1) && !conv.window.is_disjoint());
        }
    }
    Shape::Linear { mixes, shares }
}
