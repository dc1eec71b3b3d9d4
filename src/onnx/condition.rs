//! Conditions: what comparisons of computed values are, and what `Not`, `And`, `Or` and `Xor` make of them. [`super::choices`] chooses by them.

use std::rc::Rc;

use super::tensor::Tensor;
use crate::model::NodeId;

/// Most choices that one condition may take.
pub const MAX_CHOICES: usize = 64;

/// Whether something holds, unit by unit.
#[derive(Clone, Debug)]
pub enum Condition {
    /// By a constant: where it isn't 0.
    Known(Rc<Tensor>),
    /// A value is positive; if `at_zero`, or 0.
    Positive {
        value: NodeId,
        at_zero: bool,
    },
    Not(Rc<Condition>),
    And(Rc<Condition>, Rc<Condition>),
    Or(Rc<Condition>, Rc<Condition>),
    Xor(Rc<Condition>, Rc<Condition>),
}

/// How two conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logic {
    And,
    Or,
    Xor,
}

impl Condition {
    /// The contrary.
    pub fn not(condition: Rc<Self>) -> Rc<Self> {
        match &*condition {
            Self::Not(inner) => inner.clone(),
            _ => Rc::new(Self::Not(condition)),
        }
    }

    /// How many choices it takes.
    pub fn choices(&self) -> usize {
        match self {
            Self::Known(_) | Self::Positive { .. } => 1,
            Self::Not(p) => p.choices(),
            Self::And(p, q) | Self::Or(p, q) => p.choices() + q.choices(),
            Self::Xor(p, q) => p.choices() + 2 * q.choices(),
        }
    }

    /// The constants and the comparisons that it is made of.
    pub fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::Known(_) | Self::Positive { .. } => vec![self],
            Self::Not(p) => p.leaves(),
            Self::And(p, q) | Self::Or(p, q) | Self::Xor(p, q) => [p.leaves(), q.leaves()].concat(),
        }
    }

    /// The values that it compares.
    pub fn nodes(&self) -> Vec<NodeId> {
        let compared = |leaf: &Self| match leaf {
            Self::Positive { value, .. } => Some(*value),
            _ => None,
        };
        self.leaves().into_iter().filter_map(compared).collect()
    }
}
