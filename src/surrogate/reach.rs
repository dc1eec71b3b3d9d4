//! The largest ball within a tolerance: bisection on measured errors.

use std::cell::Cell;

use super::{Accuracy, Surrogate};
use crate::error::{Error, Result};

/// Doublings, from the start, up to which a radius is looked for.
const DOUBLINGS: usize = 20;

/// Halvings, from the start, down to which one is looked for.
const HALVINGS: usize = 60;

/// Steps of the bisection; the bracket is a factor of 2, and halved (as a logarithm) in each.
const STEPS: usize = 8;

/// Times that a radius may give way to fresh points.
const TRIES: u64 = 20;

/// How far a polynomial reaches within a tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The radius, and what was measured there at fresh points: other ones than those that it was found with.
    pub accuracy: Accuracy,
    /// Whether the tolerance limits it: false if the error stayed below it as far as was looked.
    pub limited: bool,
    /// Number of balls that were measured.
    pub measurements: usize,
}

impl Surrogate<'_> {
    /// The largest radius whose measured error stays within `tolerance`: bisection from the radius `start` (an estimate), with
    /// the same random points, scaled, at each radius; to a third of a percent. Then with fresh points: where
    /// their error is above the tolerance, the radius gives way until it isn't.
    ///
    /// # Errors
    /// If a number isn't positive, there are too few samples, or the error is above the tolerance even at the centre or very
    /// near to it.
    pub fn reach(&self, tolerance: f64, start: f64, samples: usize, seed: u64) -> Result<Reach> {
        for (what, x) in [("tolerance", tolerance), ("start", start)] {
            if !(x > 0.0 && x.is_finite()) {
                return Err(Error::not_positive(what, x));
            }
        }
        let centre = self.error_at_centre()?;
        if centre > tolerance {
            return Err(Error::Tolerance {
                tolerance,
                cause: format!(
                    "the polynomial is off by {centre:.3e} at the point itself, more than the tolerance {tolerance:e}: raise the tolerance"
                ),
            });
        }
        self.accuracy(start * 0.5f64.powi(HALVINGS as i32), samples, seed)?;
        let measurements = Cell::new(0);
        // Where network or polynomial have no finite value, the error is above any tolerance.
        let within = |radius: f64, seed: u64| {
            measurements.set(measurements.get() + 1);
            self.accuracy(radius, samples, seed).ok().filter(|accuracy| accuracy.largest <= tolerance)
        };
        let (mut low, mut high) = (start, None);
        if within(start, seed).is_some() {
            for _ in 0..DOUBLINGS {
                if within(2.0 * low, seed).is_none() {
                    high = Some(2.0 * low);
                    break;
                }
                low *= 2.0;
            }
        } else {
            high = Some(low);
            for _ in 0..HALVINGS {
                low *= 0.5;
                if within(low, seed).is_some() {
                    break;
                }
                high = Some(low);
            }
        }
        if let Some(mut high) = high {
            for _ in 0..STEPS {
                let middle = (low * high).sqrt();
                if within(middle, seed).is_some() { low = middle } else { high = middle }
            }
        }
        for fresh in 1..=TRIES {
            if let Some(accuracy) = within(low, seed.wrapping_add(fresh)) {
                return Ok(Reach { accuracy, limited: high.is_some(), measurements: measurements.get() });
            }
            low *= 0.98;
        }
        Err(Error::Tolerance {
            tolerance,
            cause: format!(
                "no radius was found within the tolerance {tolerance:e}: down to {low:e} the measured error is above it; raise the tolerance"
            ),
        })
    }
}
