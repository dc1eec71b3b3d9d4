//! Whether a property holds: no point of its boxes is unsafe.
//!
//! An alternative is ruled out in a box if one of its constraints, enclosed, is larger than 0 there. Boxes in which one is left are halved, round by round, all cores
//! at once; in each the network is run at a few points to which the polynomials lead, as one of them may be unsafe.

use std::collections::BTreeMap;

use super::models::{Models, Space};
use super::rounding::plus;
use super::{Axes, Domain, Options, Prover};
use crate::backend::Place;
use crate::error::{Error, Result};
use crate::forward::Forward;
use crate::interval::Interval;
use crate::model::Model;
use crate::property::{Case, Linear, Property, Variable};

/// Alternatives whose points are tried, of each piece, and random points beside.
const TRIED: usize = 3;
/// Random points of a whole box.
const TRIED_AT_FIRST: usize = 64;

/// What was found of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// No point is unsafe: proved.
    Holds,
    /// Neither is known.
    Open,
    /// A point is unsafe, by the network's values as the forward pass gives them in f64.
    Violated {
        /// The point.
        point: Vec<f64>,
        /// The outputs there.
        outputs: Vec<f64>,
    },
}

/// What was found, and by how much work.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Whether it holds.
    pub outcome: Outcome,
    /// Boxes that were looked at, halves of others among them.
    pub boxes: usize,
    /// The part of all boxes' volume in which no point is unsafe: proved.
    pub proved: f64,
}

/// A piece of a case's box.
#[derive(Clone)]
struct Open {
    case: usize,
    /// Alternatives that aren't ruled out.
    alternatives: Vec<usize>,
    domain: Domain,
    /// Of the whole box.
    part: f64,
}

/// What is left of a piece, if anything.
struct Left {
    alternatives: Vec<usize>,
    /// The coordinate to halve.
    along: usize,
    /// Where a point may be unsafe.
    points: Vec<f64>,
}

/// Proves that a property holds, finds a point at which it doesn't, or neither; each of its boxes is cut into so many pieces at the most.
///
/// ```
/// use hope::activation::Relu;
/// use hope::certify::{Options, Outcome, prove_property};
/// use hope::model::Model;
/// use hope::property::Property;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Relu)?;
/// let model = b.build(y)?;
/// let property = Property::parse(
///     "(declare-const X_0 Real) (declare-const Y_0 Real)
///      (assert (and (>= X_0 -1.0) (<= X_0 2.0)))
///      (assert (>= Y_0 2.5)) ; unsafe from here on",
/// )?;
/// let found = prove_property(&model, &property, 100, &Options { order: 1, ..Options::default() })?;
/// assert_eq!(found.outcome, Outcome::Holds);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the property is one of networks with other inputs or outputs, or as [`super::certify_all`].
pub fn prove_property(model: &Model, property: &Property, pieces: usize, options: &Options) -> Result<Proof> {
    for (what, given, own) in
        [("inputs", property.inputs(), model.inputs()), ("outputs", property.outputs(), model.outputs())]
    {
        if given != own {
            let cause = format!("the property is one of a network with {given} {what}, this one has {own}");
            return Err(Error::Mismatch(cause));
        }
    }
    let whole = |case: &Case| Ok(Domain::between(&case.low, &case.high)?.without_flat());
    let domains = property.cases().iter().map(whole).collect::<Result<Vec<Domain>>>()?;
    let prover = Prover::new(model, &domains, &Options { outputs: None, ..options.clone() })?;
    let place = Place { threads: options.threads, memory: options.memory, ..Place::default() };
    let network = Forward::new(model, None, &place)?;
    prover.property(property, domains, pieces, &network)
}

impl Prover {
    fn property(
        &self,
        property: &Property,
        domains: Vec<Domain>,
        pieces: usize,
        network: &Forward,
    ) -> Result<Proof> {
        let share = 1.0 / domains.len() as f64;
        // Pieces that there are, and that there may be.
        let (mut leaves, most) = (domains.len(), pieces.max(1).saturating_mul(domains.len()));
        let begin = |(case, domain): (usize, Domain)| {
            let alternatives = (0..property.cases()[case].unsafe_if.len()).collect();
            Open { case, alternatives, domain, part: share }
        };
        let mut open: Vec<Open> = domains.into_iter().enumerate().map(begin).collect();
        let (mut boxes, mut proved, mut unsettled, mut tried) = (0, 0.0, false, TRIED_AT_FIRST);
        while !open.is_empty() {
            boxes += open.len();
            let before = leaves - open.len();
            let left = self.each(open.len(), [before, most], |i| self.rule_out(property, &open[i], tried))?;
            tried = TRIED;
            if let Some((point, outputs)) = self.violated(property, &open, &left, network)? {
                return Ok(Proof { outcome: Outcome::Violated { point, outputs }, boxes, proved });
            }
            let mut next = Vec::new();
            for (piece, left) in open.into_iter().zip(left) {
                let Some(left) = left else {
                    proved += piece.part;
                    continue;
                };
                if leaves == most || piece.domain.radii()[left.along] == 0.0 {
                    unsettled = true;
                    continue;
                }
                leaves += 1;
                for domain in piece.domain.halves(left.along)? {
                    let alternatives = left.alternatives.clone();
                    next.push(Open { case: piece.case, alternatives, domain, part: piece.part / 2.0 });
                }
            }
            open = next;
        }
        let outcome = if unsettled { Outcome::Open } else { Outcome::Holds };
        // Shares are rounded: all is all.
        let proved = if unsettled { proved.min(1.0) } else { 1.0 };
        Ok(Proof { outcome, boxes, proved })
    }

    /// What can't be ruled out in a piece; none if nothing is left.
    fn rule_out(&self, property: &Property, piece: &Open, tried: usize) -> Result<Option<Left>> {
        let space = self.space(&piece.domain)?;
        let case = &property.cases()[piece.case];
        let mut margins: BTreeMap<usize, Margin> = BTreeMap::new();
        let mut alternatives = piece.alternatives.clone();
        match self.network.run(space, &piece.domain, self.network.model().output()) {
            Ok((outputs, _)) => {
                let inputs = piece.domain.models();
                let mut possible = |&constraint: &usize| {
                    let enclose =
                        || Margin::of(&property.constraints()[constraint], &inputs, &outputs, space);
                    margins.entry(constraint).or_insert_with(enclose).range.lo <= 0.0
                };
                alternatives.retain(|&a| case.unsafe_if[a].iter().all(&mut possible));
            }
            Err(Error::Unproved { .. }) => {}
            Err(error) => return Err(error),
        }
        if alternatives.is_empty() {
            return Ok(None);
        }
        // On which coordinates what is undecided depends; if that isn't known, the one that was halved the least.
        let coordinates = piece.domain.coordinates();
        let mut weight = vec![0.0; coordinates];
        let constraints = alternatives.iter().flat_map(|&a| &case.unsafe_if[a]);
        for margin in constraints.filter_map(|constraint| margins.get(constraint)) {
            if margin.range.hi > 0.0 {
                weight.iter_mut().zip(&margin.dependence).for_each(|(sum, d)| *sum += d);
            }
        }
        let widths = |j: usize| match piece.domain.axes() {
            Axes::Inputs(inputs) => case.high[inputs[j]] - case.low[inputs[j]],
            Axes::Directions(_) => 1.0,
        };
        let along = piece.domain.to_halve(weight, widths);

        // An alternative's constraints hold where they are low: down the one that is the farthest from it.
        let down = |&alternative: &usize| {
            let known = case.unsafe_if[alternative].iter().filter_map(|constraint| margins.get(constraint));
            let worst = known.max_by(|a, b| a.range.hi.total_cmp(&b.range.hi))?;
            Some(worst.slopes.iter().map(|slope| -slope).collect())
        };
        let within = |((x, low), high): ((f64, &f64), &f64)| x.clamp(*low, *high);
        let points = piece.domain.guesses(alternatives.iter().take(tried).filter_map(down), tried);
        let points = points
            .flat_map(|point| {
                point.into_iter().zip(&case.low).zip(&case.high).map(within).collect::<Vec<_>>()
            })
            .collect();
        Ok(Some(Left { alternatives, along, points }))
    }

    /// The first of the points that is unsafe, with the outputs there.
    fn violated(
        &self,
        property: &Property,
        open: &[Open],
        left: &[Option<Left>],
        network: &Forward,
    ) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
        let inputs = property.inputs();
        let points: Vec<f64> = left.iter().flatten().flat_map(|left| &left.points).copied().collect();
        if points.is_empty() {
            return Ok(None);
        }
        let cases = open.iter().zip(left).filter_map(|(piece, left)| Some((piece.case, left.as_ref()?)));
        let cases = cases.flat_map(|(case, left)| vec![case; left.points.len() / inputs]);
        let values = network.run_with_gaps(&points)?;
        for ((point, outputs), case) in points.chunks_exact(inputs).zip(values).zip(cases) {
            let Some(outputs) = outputs else { continue };
            if property.is_unsafe(&property.cases()[case], point, &outputs) {
                return Ok(Some((point.to_vec(), outputs)));
            }
        }
        Ok(None)
    }
}

/// A constraint's value over a piece.
struct Margin {
    range: Interval,
    /// By coordinate, from the middle to the end.
    slopes: Vec<f64>,
    /// How much of the range's width depends on each coordinate.
    dependence: Vec<f64>,
}

impl Margin {
    fn of(constraint: &Linear, inputs: &Models, outputs: &Models, space: &Space) -> Self {
        let mut sum = Models::exact(1, vec![0.0]);
        // What is left of coefficients that aren't doubles.
        let mut open = constraint.constant.reach(constraint.constant.mid());
        for &(variable, c) in &constraint.terms {
            let value = match variable {
                Variable::Input(i) => inputs.gather(&[i]),
                Variable::Output(j) => outputs.gather(&[j]),
            };
            let off = c.reach(c.mid());
            if off > 0.0 {
                open = plus(open, (Interval::point(off) * value.ranges(space)[0]).mag());
            }
            sum = sum.plus(&value.scaled(|_| c.mid()), 1.0);
        }
        sum.shift(|_| constraint.constant.mid());
        sum.radius[0] = plus(sum.radius[0], open);
        let range = sum.ranges(space)[0];
        let coordinates = space.monomials.variables();
        let slopes = (0..coordinates).map(|j| sum.coefficients.get(j + 1).copied().unwrap_or(0.0)).collect();
        Self { range, slopes, dependence: sum.dependence(space, 0, range) }
    }
}
