//! Whether a class is the largest output everywhere in a region.

use super::models::{Models, Space};
use super::rounding::{UNIT, plus};
use super::{Domain, Prover, affine};
use crate::error::{Error, Result};
use crate::model::{Linear, Op};

/// Random points that are tried beside those that the polynomials lead to.
const TRIED: usize = 16;

/// What was found of a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No other output reaches it anywhere in the region.
    Proved,
    /// Neither is proved nor refuted.
    Open {
        /// The output that may exceed it.
        other: usize,
        /// By so much at the most; infinite where nothing is known.
        excess: f64,
    },
    /// There is a point of the region at which another output exceeds it: proved, too.
    Refuted {
        /// That output.
        other: usize,
        /// The point.
        point: Vec<f64>,
    },
}

impl Verdict {
    /// What two pieces have together.
    fn worse(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Refuted { .. }, _) | (_, Self::Proved) => self,
            (Self::Open { excess, .. }, Self::Open { excess: more, .. }) if more <= excess => self,
            _ => other,
        }
    }
}

/// The verdict of a piece, and the coordinate to halve if it is open.
type Found = (Verdict, usize);

impl Prover {
    /// Whether output `class` exceeds all others in each region; where pieces are open they are halved, up to so many pieces of a region, until a point refutes it.
    ///
    /// # Errors
    /// If something other than the regions stands in the way.
    pub(super) fn classes(&self, domains: &[Domain], class: usize, pieces: usize) -> Result<Vec<Verdict>> {
        let mut verdicts = vec![Verdict::Proved; domains.len()];
        let mut room = vec![pieces.saturating_sub(1); domains.len()];
        let (mut leaves, most) = (domains.len(), pieces.max(1).saturating_mul(domains.len()));
        let mut open: Vec<(usize, Domain)> = domains.iter().cloned().enumerate().collect();
        while !open.is_empty() {
            let before = leaves - open.len();
            let found = self.each(open.len(), [before, most], |i| {
                let (region, domain) = &open[i];
                self.class(domain, &domains[*region], class)
            })?;
            let mut next = Vec::new();
            for ((region, domain), (verdict, along)) in open.into_iter().zip(found) {
                match verdict {
                    _ if matches!(verdicts[region], Verdict::Refuted { .. }) => {}
                    Verdict::Open { .. } if room[region] > 0 && domain.radii()[along] > 0.0 => {
                        room[region] -= 1;
                        leaves += 1;
                        next.extend(domain.halves(along)?.map(|half| (region, half)));
                    }
                    verdict => verdicts[region] = verdicts[region].clone().worse(verdict),
                }
            }
            next.retain(|(region, _)| !matches!(verdicts[*region], Verdict::Refuted { .. }));
            open = next;
        }
        Ok(verdicts)
    }

    /// Whether output `class` exceeds all others in a piece of a region.
    fn class(&self, domain: &Domain, whole: &Domain, class: usize) -> Result<Found> {
        let space = self.space(domain)?;
        let along = |weight: Vec<f64>| domain.to_halve(weight, |j| whole.radii()[j]);
        let unknown = vec![0.0; domain.coordinates()];
        let open = |other, excess, weight| (Verdict::Open { other, excess }, along(weight));
        let margins = match self.margins(space, domain, class) {
            Ok(margins) => margins,
            Err(Error::Unproved { .. }) => return Ok(open(usize::from(class == 0), f64::INFINITY, unknown)),
            Err(error) => return Err(error),
        };
        let ranges = margins.ranges(space);
        let mut order: Vec<usize> = (0..margins.units).filter(|&other| other != class).collect();
        order.sort_by(|&a, &b| ranges[b].hi.total_cmp(&ranges[a].hi));
        let Some(&worst) = order.first().filter(|&&other| ranges[other].hi >= 0.0) else {
            return Ok((Verdict::Proved, 0));
        };
        let slopes = |&other: &usize| (0..domain.coordinates()).map(|j| margins.row(j + 1)[other]).collect();
        for point in domain.guesses(order.iter().take(3).map(slopes), TRIED) {
            // The region of this point alone: what is proved there holds for the network without any rounding.
            let alone = Domain::of_inputs(&point, &[0], 0.0)?;
            let single = Space::new(1, 1)?;
            let Ok(margins) = self.margins(&single, &alone, class) else { continue };
            let exceeding =
                margins.ranges(&single).into_iter().enumerate().filter(|(_, range)| range.lo > 0.0);
            if let Some((other, _)) = exceeding.max_by(|a, b| a.1.lo.total_cmp(&b.1.lo)) {
                return Ok((Verdict::Refuted { other, point }, 0));
            }
        }
        let mut weight = unknown;
        for &other in order.iter().filter(|&&other| ranges[other].hi >= 0.0) {
            let dependence = margins.dependence(space, other, ranges[other]);
            weight.iter_mut().zip(dependence).for_each(|(sum, d)| *sum += d);
        }
        Ok(open(worst, ranges[worst].hi, weight))
    }

    /// All outputs less that of a class. A linear layer at the end is taken together with the difference, so that what its outputs have in common cancels.
    fn margins(&self, space: &Space, domain: &Domain, class: usize) -> Result<Models> {
        let model = self.network.model();
        let last = model.node(model.output());
        let (before, layer) = match &last.op {
            Op::Linear(layer) if layer.outputs == model.outputs() => (last.inputs[0], layer),
            _ => {
                let (outputs, _) = self.network.run(space, domain, model.output())?;
                let of_class = outputs.gather(&vec![class; outputs.units]);
                return Ok(outputs.plus(&of_class, -1.0));
            }
        };
        let (x, _) = self.network.run(space, domain, before)?;
        let own = &layer.weight[class * layer.inputs..][..layer.inputs];
        let weight: Vec<f64> = layer
            .weight
            .chunks_exact(layer.inputs)
            .flat_map(|row| row.iter().zip(own).map(|(w, own)| w - own))
            .collect();
        let bias = layer.bias.as_ref().map(|bias| bias.iter().map(|b| b - bias[class]).collect::<Vec<f64>>());
        let difference =
            Linear { weight: weight.into(), bias: bias.clone().map(Into::into), ..layer.clone() };
        // Differences of weights are rounded once more than weights are: an input more counts for that.
        let mut margins = affine::of_linear(&difference, &affine::sizes(&difference.weight), 1, &x);
        for (radius, b) in margins.radius.iter_mut().zip(bias.iter().flatten()) {
            *radius = plus(*radius, (b.abs() * UNIT).next_up());
        }
        Ok(margins)
    }
}
