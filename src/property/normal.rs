//! From formulas to boxes with alternatives: the disjunctive normal form, in which what all alternatives share stands once.

use super::parse::{File, Formula};
use super::term::{Linear, Variable};
use super::{Case, Error, Property, Result, wrong};
use crate::interval::Interval;

/// Constraints in all alternatives together at the most,
const MOST: usize = 1 << 22;
/// and numbers of all their boxes.
const MOST_NUMBERS: usize = 1 << 25;

/// Constraints that hold together, by their numbers.
type Together = Vec<usize>;

/// Brings a file into boxes.
///
/// # Errors
/// If that takes too much, an input has no bounds, or no point is in any box.
pub(super) fn property(file: File) -> Result<Property> {
    let File { inputs, outputs, constraints, assertions } = file;
    let (mut common, mut parts) = (Vec::new(), Vec::new());
    assertions.into_iter().for_each(|assertion| flatten(assertion, &mut common, &mut parts));
    let whole = Bounds { low: vec![f64::NEG_INFINITY; inputs], high: vec![f64::INFINITY; inputs] };
    let (base, common) = whole.within(&constraints, &common);
    let mut cases: Vec<Case> = Vec::new();
    let alternatives = product(parts)?;
    let bounding = |together: &&Together| together.iter().any(|&c| input_of(&constraints[c]).is_some());
    let boxes = 1 + alternatives.iter().filter(bounding).count();
    let listed = alternatives.len().saturating_mul(common.len());
    if boxes.saturating_mul(2 * inputs).saturating_add(listed) > MOST_NUMBERS {
        return Err(too_many());
    }
    // Alternatives of the common box come first, so that they are one case.
    let (own, shared): (Vec<Together>, Vec<Together>) = alternatives.into_iter().partition(|t| bounding(&t));
    let shared = (!shared.is_empty()).then(|| (base.clone(), shared));
    let own = own.into_iter().map(|together| {
        let (bounds, rest) = base.clone().within(&constraints, &together);
        (bounds, vec![rest])
    });
    for (bounds, mut alternatives) in shared.into_iter().chain(own) {
        bounds.check()?;
        if bounds.low.iter().zip(&bounds.high).any(|(low, high)| low > high) {
            continue;
        }
        alternatives.iter_mut().for_each(|together| together.extend(&common));
        match cases.last_mut().filter(|case| case.low == bounds.low && case.high == bounds.high) {
            Some(case) => case.unsafe_if.append(&mut alternatives),
            None => cases.push(Case { low: bounds.low, high: bounds.high, unsafe_if: alternatives }),
        }
    }
    if cases.is_empty() {
        return Err(wrong(
            "no point satisfies what is asserted of the inputs: lower ends are above upper ends",
        ));
    }
    Ok(Property { inputs, outputs, constraints, cases })
}

fn too_many() -> Error {
    wrong(
        "its alternatives are too many once they are multiplied out: state them one by one, in several files",
    )
}

/// Takes apart what has to hold together: constraints, and alternatives.
fn flatten(formula: Formula, constraints: &mut Together, alternatives: &mut Vec<Vec<Formula>>) {
    match formula {
        Formula::Holds(constraint) => constraints.push(constraint),
        Formula::All(parts) => parts.into_iter().for_each(|part| flatten(part, constraints, alternatives)),
        Formula::Any(parts) => alternatives.push(parts),
    }
}

/// All ways to take one of each group of alternatives.
fn product(groups: Vec<Vec<Formula>>) -> Result<Vec<Together>> {
    let mut all: Vec<Together> = vec![Vec::new()];
    for group in groups {
        let mut ways: Vec<Together> = Vec::new();
        for formula in group {
            let (mut constraints, mut inner) = (Vec::new(), Vec::new());
            flatten(formula, &mut constraints, &mut inner);
            for mut way in product(inner)? {
                way.extend(&constraints);
                ways.push(way);
            }
        }
        let size = |ways: &[Together]| ways.iter().map(|way| way.len() + 1).sum::<usize>();
        let total =
            size(&all).saturating_mul(ways.len()).saturating_add(size(&ways).saturating_mul(all.len()));
        if total > MOST {
            return Err(too_many());
        }
        let with = |way: &Together| ways.iter().map(|other| [&way[..], other].concat()).collect::<Vec<_>>();
        all = all.iter().flat_map(with).collect();
    }
    Ok(all)
}

/// The input that a constraint bounds, with its factor.
fn input_of(constraint: &Linear) -> Option<(usize, Interval)> {
    match constraint.terms[..] {
        [(Variable::Input(i), c)] if !c.contains(0.0) => Some((i, c)),
        _ => None,
    }
}

/// What inputs lie between.
#[derive(Clone)]
struct Bounds {
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Bounds {
    /// The same with bounds among some constraints, and all the others.
    fn within(mut self, constraints: &[Linear], together: &[usize]) -> (Self, Together) {
        let is_other = |&&constraint: &&usize| !self.tighten(&constraints[constraint]);
        let rest = together.iter().filter(is_other).copied().collect();
        (self, rest)
    }

    /// Takes a constraint of one input as a bound; whether that says all that it does.
    fn tighten(&mut self, constraint: &Linear) -> bool {
        let Some((i, c)) = input_of(constraint) else { return false };
        let exact = c.lo == c.hi && c.lo.abs() == 1.0 && constraint.constant.lo == constraint.constant.hi;
        let end =
            if exact { Interval::point(-constraint.constant.lo * c.lo) } else { -constraint.constant / c };
        match c.lo > 0.0 {
            true => self.high[i] = self.high[i].min(end.hi),
            false => self.low[i] = self.low[i].max(end.lo),
        }
        exact
    }

    /// Whether all have both ends.
    fn check(&self) -> Result<()> {
        for (end, of, sign) in [("lower", &self.low, ">="), ("upper", &self.high, "<=")] {
            if let Some(i) = of.iter().position(|x| !x.is_finite()) {
                let cause = format!(
                    "input X_{i} has no {end} end: assert ({sign} X_{i} NUMBER), as proofs are over boxes"
                );
                return Err(wrong(cause));
            }
        }
        Ok(())
    }
}
