//! Boxes of inputs, and well-spread points in them.

use crate::error::{Error, Result};
use crate::random::SplitMix;

/// Points of a low-discrepancy sequence in the unit cube: additive recurrence with the generalised golden ratio
/// `φ^(d+1) = φ + 1` (M. Roberts, *The unreasonable effectiveness of quasirandom sequences*, 2018). In low
/// dimensions they cover a box more evenly than random numbers do.
///
/// ```
/// let points: Vec<Vec<f64>> = hope::region::unit_cube(2, 0).take(100).collect();
/// let low = points.iter().filter(|p| p[0] < 0.5).count();
/// assert!((48..=52).contains(&low));
/// ```
pub fn unit_cube(dimensions: usize, seed: u64) -> impl Iterator<Item = Vec<f64>> {
    let mut phi = 1.5f64;
    for _ in 0..60 {
        phi = (1.0 + phi).powf(1.0 / (dimensions + 1) as f64);
    }
    let steps: Vec<f64> = (1..=dimensions).map(|i| phi.powi(-(i as i32)).fract()).collect();
    // Another seed is another shift of all points.
    let mut random = SplitMix(seed);
    let shifts: Vec<f64> = (0..dimensions).map(|_| if seed == 0 { 0.5 } else { random.uniform() }).collect();
    (1u64..).map(move |n| {
        steps.iter().zip(&shifts).map(|(step, shift)| (shift + step * n as f64).fract()).collect()
    })
}

/// A box: an interval for each input.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Lower ends.
    pub low: Vec<f64>,
    /// Upper ends.
    pub high: Vec<f64>,
}

impl Region {
    /// The same interval for all inputs.
    pub fn cube(low: f64, high: f64, inputs: usize) -> Self {
        Self { low: vec![low; inputs], high: vec![high; inputs] }
    }

    /// Checks that it is a box of `inputs` intervals.
    ///
    /// # Errors
    /// If there are not as many intervals, or one is empty, the wrong way round or not finite.
    pub fn check(&self, inputs: usize) -> Result<()> {
        if self.low.len() != inputs || self.high.len() != inputs {
            return Err(Error::Size {
                expected: inputs,
                given: self.low.len(),
                cause: format!(
                    "the box has {} intervals, the model {inputs} inputs: give one for all, or one for each",
                    self.low.len()
                ),
            });
        }
        for (i, (a, b)) in self.low.iter().zip(&self.high).enumerate() {
            if !(a < b && (b - a).is_finite()) {
                return Err(Error::OutOfRange {
                    what: "box",
                    value: *b,
                    cause: format!(
                        "the box is empty along input {i}: it goes from {a} to {b}; give the lower end first"
                    ),
                });
            }
        }
        Ok(())
    }

    /// Whether a point is in it.
    pub fn contains(&self, point: &[f64]) -> bool {
        self.low.iter().zip(&self.high).zip(point).all(|((low, high), x)| (low..=high).contains(&x))
    }

    /// Its middle.
    pub fn middle(&self) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(a, b)| a.midpoint(*b)).collect()
    }

    /// Half the width along each input.
    pub fn half_widths(&self) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(a, b)| (b - a) / 2.0).collect()
    }

    /// Well-spread points, `[count, inputs]`.
    pub fn points(&self, count: usize, seed: u64) -> Vec<f64> {
        let place = |(i, u): (usize, f64)| self.low[i] + u * (self.high[i] - self.low[i]);
        unit_cube(self.low.len(), seed)
            .take(count)
            .flat_map(|point| point.into_iter().enumerate().map(place).collect::<Vec<_>>())
            .collect()
    }
}
