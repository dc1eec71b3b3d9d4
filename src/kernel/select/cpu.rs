//! Choices by the sign of a selector u, and their adjoints.
//!
//! Where u isn't 0 at the point its sign decides, for all lanes. Where it is, each lane takes the side of the first coefficient of u along its ray
//! that isn't 0, see [`Kink`], and if there is none the side that is chosen at 0. The value, which all lanes share, is the one that is chosen at
//! 0: a lane that takes the other side begins there only if both values are the same. If not, the function jumps at the point, and the lane has no
//! series: its first coefficient is no number.
//!
//! What isn't chosen doesn't matter, whatever it is. A selector that is no number chooses nothing: what comes of it is none either.

use crate::kernel::kink::{Grading, Kink, Slopes, largest};
use crate::kernel::{Series, SeriesMut, Side};
use crate::scalar::Scalar;

use super::Choice;

/// Which value a lane takes at a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    This,
    Other,
    /// The selector doesn't say.
    Unknown,
}

impl Choice {
    /// By the sign of a number that isn't 0.
    #[inline(always)]
    fn takes<T: Scalar>(self, u: T) -> bool {
        if self.above { u > T::zero() } else { u < T::zero() }
    }

    /// Units that the sign of the selector at the point doesn't decide: it is 0 there, or not finite.
    fn open<T: Scalar>(primal: &[T]) -> Vec<usize> {
        let is_open = |u: &T| *u == T::zero() || !num_traits::Float::is_finite(*u);
        primal.iter().enumerate().filter(|(_, u)| is_open(u)).map(|(unit, _)| unit).collect()
    }

    /// Of a unit that isn't decided at the point, and whether the selector leaves 0.
    fn along<T: Scalar>(
        self,
        grading: Grading,
        u: Series<T>,
        [sample, lane, unit]: [usize; 3],
        side: Side,
    ) -> (Taken, bool) {
        if u.row(0, sample, 0)[unit] != T::zero() {
            return (Taken::Unknown, false);
        }
        let first = u.higher(sample, lane, unit).find(|c| *c != T::zero());
        let above = match first {
            Some(first) if num_traits::Float::is_nan(first) => return (Taken::Unknown, true),
            Some(_) => side.rises(grading, u.higher(sample, lane, unit)).unwrap_or(self.at_zero),
            None => self.at_zero,
        };
        (if above == self.above { Taken::This } else { Taken::Other }, first.is_some())
    }
}

/// The series of `v` where it is chosen, added to y or beside zeros. `kinks`, one per (sample, lane), notes where another value takes over.
#[allow(clippy::too_many_arguments)] // as many as a call has
pub fn select<T: Scalar>(
    choice: Choice,
    grading: Grading,
    u: Series<T>,
    v: Series<T>,
    y: &mut SeriesMut<T>,
    accumulate: bool,
    side: Side,
    kinks: &mut [Kink],
) {
    if !accumulate {
        y.data.fill(T::zero());
    }
    let first = choice.holds_at_zero();
    for sample in 0..y.layout.samples {
        let (primal, value) = (u.row(0, sample, 0), v.row(0, sample, 0));
        let open = Choice::open(primal);
        add_taken(choice, primal, value, y.row(0, sample, 0));
        // A lane that takes this side where the function's value is that of the other one: whether it begins there.
        let mut joins = vec![true; open.len()];
        for (&unit, joins) in open.iter().zip(&mut joins) {
            let y = &mut y.row(0, sample, 0)[unit];
            if num_traits::Float::is_nan(primal[unit]) {
                *y = T::nan();
            } else if primal[unit] == T::zero() && first {
                *y += value[unit];
            } else {
                *joins = is_same(value[unit], *y);
            }
        }
        for lane in 0..if y.layout.degree == 0 { 0 } else { y.layout.lanes } {
            for order in 1..=v.layout.degree {
                add_taken(choice, primal, v.row(order, sample, lane), y.row(order, sample, lane));
            }
            let mut met = Kink::NONE;
            for (&unit, &joins) in open.iter().zip(&joins) {
                let (taken, leaves) = choice.along(grading, u, [sample, lane, unit], side);
                if leaves {
                    met.begins = true;
                    met.margin = 0.0;
                }
                let jumps = taken == Taken::This && !first && !joins;
                if taken == Taken::This {
                    for order in 1..=v.layout.degree {
                        y.row(order, sample, lane)[unit] += v.row(order, sample, lane)[unit];
                    }
                }
                if jumps || taken == Taken::Unknown {
                    y.row(1, sample, lane)[unit] = T::nan();
                }
            }
            if first && u.layout.degree > 0 {
                let slopes = grading.slopes(u, sample, lane);
                note_kinks(primal, &slopes, &mut met, y.row(1, sample, lane));
                if let Some(all) = kinks.get_mut(sample * y.layout.lanes + lane) {
                    all.join(met);
                }
            }
        }
    }
}

/// Adds a row where the sign of the selector takes it.
fn add_taken<T: Scalar>(choice: Choice, primal: &[T], from: &[T], to: &mut [T]) {
    for ((to, &from), &u) in to.iter_mut().zip(from).zip(primal) {
        *to += if choice.takes(u) { from } else { T::zero() };
    }
}

/// Whether two values are the same but for the rounding of some layers, 4e-11 in f64 and 2e-5 in f32; what isn't finite is not.
fn is_same<T: Scalar>(a: T, b: T) -> bool {
    let size = num_traits::Float::abs(a).max(num_traits::Float::abs(b));
    num_traits::Float::abs(a - b) <= size * T::of(T::epsilon().f64().powf(2.0 / 3.0))
}

/// Notes where the selector passes 0, to first order. A way there that isn't finite says nothing of it, and nothing is made of it.
fn note_kinks<T: Scalar>(primal: &[T], slopes: &Slopes<T>, met: &mut Kink, first_order: &mut [T]) {
    let mut nearest = f64::INFINITY;
    for (unit, &u) in primal.iter().enumerate().filter(|(_, u)| **u != T::zero()) {
        let slope = slopes.of(unit);
        if !slope.is_finite() {
            first_order[unit] = T::nan();
        } else if slope != 0.0 {
            met.note(u.f64() / slope);
            nearest = nearest.min(u.f64().abs());
        }
    }
    met.note_gap(nearest, largest(primal));
}

/// The adjoint `z` where the value was chosen along the ray, added to x̄ or beside zeros. `kinks` notes where the selector, as far as its series
/// goes, leaves the choice open and the adjoint passes.
pub fn select_adjoint<T: Scalar>(
    choice: Choice,
    u: Series<T>,
    z: Series<T>,
    to: &mut SeriesMut<T>,
    accumulate: bool,
    side: Side,
    kinks: &mut [Kink],
) {
    if !accumulate {
        to.data.fill(T::zero());
    }
    for sample in 0..z.layout.samples {
        let primal = u.row(0, sample, 0);
        let open = Choice::open(primal);
        for lane in 0..z.layout.lanes {
            for order in 1..=z.layout.degree {
                add_taken(choice, primal, z.row(order, sample, lane), to.row(order, sample, lane));
            }
            for &unit in &open {
                let (taken, leaves) = choice.along(Grading::One, u, [sample, lane, unit], side);
                if primal[unit] == T::zero() && !leaves && z.moves(sample, lane, unit) {
                    kinks.get_mut(sample * z.layout.lanes + lane).into_iter().for_each(Kink::leave_undecided);
                }
                for order in 1..=z.layout.degree {
                    let to = &mut to.row(order, sample, lane)[unit];
                    match taken {
                        Taken::This => *to += z.row(order, sample, lane)[unit],
                        Taken::Other => {}
                        Taken::Unknown => *to = T::nan(),
                    }
                }
            }
        }
    }
}
