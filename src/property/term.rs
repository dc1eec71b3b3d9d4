//! Linear terms of inputs and outputs.

use std::fmt;

use crate::interval::Interval;

/// An input or an output of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `X_i`.
    Input(usize),
    /// `Y_j`.
    Output(usize),
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(i) => write!(f, "X_{i}"),
            Self::Output(j) => write!(f, "Y_{j}"),
        }
    }
}

/// `Σ c v + constant`; as a constraint: that it is 0 at the most. Coefficients are intervals where they were computed with rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Variables, each once, in their order, with coefficients that aren't 0.
    pub terms: Vec<(Variable, Interval)>,
    /// The constant.
    pub constant: Interval,
}

impl Linear {
    pub(super) fn constant(value: f64) -> Self {
        Self { terms: Vec::new(), constant: Interval::point(value) }
    }

    pub(super) fn variable(variable: Variable) -> Self {
        Self { terms: vec![(variable, Interval::ONE)], constant: Interval::ZERO }
    }

    /// Adds another one; its terms stand beside those that there are.
    pub(super) fn add(&mut self, other: Self) {
        self.terms.extend(other.terms);
        self.constant = self.constant + other.constant;
    }

    pub(super) fn scaled(mut self, by: Interval) -> Self {
        self.terms.iter_mut().for_each(|(_, c)| *c = product(*c, by));
        self.constant = product(self.constant, by);
        self
    }

    /// Each variable once; those that cancel go.
    pub(super) fn collected(mut self) -> Self {
        self.terms.sort_by_key(|(variable, _)| *variable);
        let mut terms: Vec<(Variable, Interval)> = Vec::with_capacity(self.terms.len());
        for (variable, c) in self.terms {
            match terms.last_mut().filter(|(last, _)| *last == variable) {
                Some((_, sum)) => *sum = *sum + c,
                None => terms.push((variable, c)),
            }
        }
        terms.retain(|(_, c)| *c != Interval::ZERO);
        self.terms = terms;
        self
    }

    /// Its value, enclosed; the whole line if it has a variable without a value.
    pub fn value(&self, inputs: &[f64], outputs: &[f64]) -> Interval {
        let of = |variable| match variable {
            Variable::Input(i) => inputs.get(i),
            Variable::Output(j) => outputs.get(j),
        };
        self.terms.iter().fold(self.constant, |sum, &(variable, c)| {
            let value = of(variable).map_or(Interval::WHOLE, |&x| product(c, Interval::point(x)));
            sum + value
        })
    }
}

/// A product, exact if it is a double.
fn product(a: Interval, b: Interval) -> Interval {
    let rounded = a.lo * b.lo;
    let exact = a.lo == a.hi
        && b.lo == b.hi
        && a.lo.mul_add(b.lo, -rounded) == 0.0
        // What is lost beyond the least double isn't seen.
        && (rounded.abs() > 1e-280 || a.lo == 0.0 || b.lo == 0.0);
    if exact { Interval::point(rounded) } else { a * b }
}
