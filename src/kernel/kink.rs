//! Kinks: where a ray meets one, and which branch holds on one.
//!
//! A unit that lies *on* a kink has no single series. The answer along a ray is the one-sided one: for small t > 0 the unit is on the
//! side of the sign of its first nonzero coefficient c_k, k ≥ 1, and of several candidates for a maximum that one is the largest whose
//! series is lexicographically the largest; for t < 0 odd orders count with the other sign. So all units along a ray take the branches
//! that hold together. If all coefficients are equal to order n, so are the branches' series.

use super::layout::Series;
use crate::monomials::Monomials;
use crate::scalar::Scalar;

/// On which side of t = 0 a series holds where the ray begins on a kink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// For t > 0.
    #[default]
    Ahead,
    /// For t < 0.
    Behind,
}

/// What the blocks above block 0 are coefficients of.
#[derive(Clone, Copy, Debug)]
pub enum Grading<'a> {
    /// The powers of t.
    One,
    /// The monomials of several variables. The first one that isn't zero decides: that is the sign in the cone where each variable is tiny
    /// against the one before, and of a product it is the product's, so that all units agree here, too.
    Several(&'a Monomials),
}

impl Grading<'_> {
    /// Degree of a block.
    fn degree(self, block: usize) -> usize {
        match self {
            Self::One => block,
            Self::Several(monomials) => monomials.degree(block),
        }
    }

    /// The rows of degree 1 of a lane: one, or one for each variable.
    pub(super) fn slopes<T: Scalar>(self, x: Series<'_, T>, sample: usize, lane: usize) -> Slopes<'_, T> {
        let blocks = 1..=self.variables().min(x.layout.degree);
        Slopes(blocks.map(|block| x.row(block, sample, lane)).collect())
    }

    /// Blocks of degree 1.
    pub(super) fn variables(self) -> usize {
        match self {
            Self::One => 1,
            Self::Several(monomials) => monomials.variables(),
        }
    }
}

/// Coefficients of degree 1 of all units of a lane.
pub(super) struct Slopes<'a, T>(Vec<&'a [T]>);

impl<T: Scalar> Slopes<'_, T> {
    /// How fast a unit changes; in several variables the length of its gradient.
    #[inline(always)]
    pub fn of(&self, unit: usize) -> f64 {
        match self.0[..] {
            [row] => row[unit].f64(),
            _ => self.0.iter().map(|row| row[unit].f64()).fold(0.0, f64::hypot),
        }
    }

    /// How fast one unit gains on another.
    #[inline(always)]
    pub fn between(&self, one: usize, other: usize) -> f64 {
        match self.0[..] {
            [row] => (row[one] - row[other]).f64(),
            _ => self.0.iter().map(|row| (row[one] - row[other]).f64()).fold(0.0, f64::hypot),
        }
    }
}

impl Side {
    /// Of the first coefficient in which two series differ, from block 1 on: whether it is positive as t moves to this side.
    /// None if there is none.
    pub fn rises<T: Scalar>(
        self,
        grading: Grading,
        differences: impl IntoIterator<Item = T>,
    ) -> Option<bool> {
        let (block, first) = (1..).zip(differences).find(|(_, c)| *c != T::zero())?;
        Some((first > T::zero()) != (self == Self::Behind && grading.degree(block) % 2 == 1))
    }
}

/// What a ray meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kink {
    /// Distance |t| > 0, to first order, to the nearest kink ahead or behind; ∞ if there is none.
    pub distance: f64,
    /// Whether the ray begins on a kink, so that a branch was chosen by its side.
    pub begins: bool,
    /// Whether an adjoint passes a unit that lies on a kink and doesn't leave it along the ray, as far as its series goes: its branch there is
    /// a choice, and the network may have no derivative in other directions.
    pub undecided: bool,
    /// The layer of the first such kink, where the executor knows it.
    pub begins_at: Option<usize>,
    /// How near a unit that moves is to a kink, relative to the largest unit beside it, which rounding goes with; 0 on one, ∞ if there is
    /// none. Of processors only.
    pub margin: f64,
}

impl Kink {
    /// No kink so far.
    pub const NONE: Self = Self {
        distance: f64::INFINITY,
        begins: false,
        undecided: false,
        begins_at: None,
        margin: f64::INFINITY,
    };

    /// Notes a kink at t.
    pub fn note(&mut self, t: f64) {
        if t == 0.0 {
            self.begins = true;
        } else {
            self.distance = self.distance.min(t.abs());
        }
    }

    /// Notes that a branch which matters for an adjoint is a choice.
    pub fn leave_undecided(&mut self) {
        self.begins = true;
        self.undecided = true;
    }

    /// Notes how far a unit is from a kink, of a layer whose largest unit is so large.
    pub fn note_gap(&mut self, gap: f64, largest: f64) {
        let margin = if gap == 0.0 { 0.0 } else { gap / largest };
        self.margin = self.margin.min(margin);
    }

    /// How far the series hold: nowhere to both sides of a kink.
    pub fn reach(&self) -> f64 {
        if self.begins { 0.0 } else { self.distance }
    }

    /// Notes what another part of the network meets.
    pub fn join(&mut self, other: Self) {
        self.distance = self.distance.min(other.distance);
        self.begins |= other.begins;
        self.undecided |= other.undecided;
        self.begins_at = self.begins_at.or(other.begins_at);
        self.margin = self.margin.min(other.margin);
    }
}

/// The largest of some numbers, by size.
pub(super) fn largest<T: Scalar>(row: &[T]) -> f64 {
    row.iter().fold(T::zero(), |m, x| m.max(num_traits::Float::abs(*x))).f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_coefficient_that_is_not_zero_decides() {
        let rises = |side: Side, c: &[f64]| side.rises(Grading::One, c.iter().copied());
        assert_eq!(rises(Side::Ahead, &[0.0, 0.0]), None);
        assert_eq!(rises(Side::Ahead, &[0.0, 2.0, -9.0]), Some(true));
        assert_eq!(rises(Side::Behind, &[-0.0, 2.0, -9.0]), Some(true), "t² rises to both sides");
        assert_eq!(rises(Side::Behind, &[1.0]), Some(false));
        assert_eq!(rises(Side::Ahead, &[0.0, 0.0, -1e-300]), Some(false));
    }

    #[test]
    fn a_kink_at_the_beginning_is_not_the_nearest_one() {
        let mut kink = Kink::NONE;
        [0.0, -2.0, 3.0].into_iter().for_each(|t| kink.note(t));
        kink.join(Kink { distance: 2.5, ..Kink::NONE });
        assert_eq!(kink, Kink { distance: 2.0, begins: true, ..Kink::NONE });
    }
}
