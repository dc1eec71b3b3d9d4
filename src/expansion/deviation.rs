//! How far a series is from the true one, and what the difference means.
//!
//! An order counts by itself, as a norm over the outputs: units don't matter. But orders that vanish by cancellation have no digits in f32, and
//! needn't have any: beside the others, or beside the value, they are zero. What cancels shows when points and weights are changed by as little
//! as the rounding of f32. An order that keeps its digits then, and that f32 has lost, is beyond f32; where an independent computation in f32
//! keeps it, too, the device is wrong.

/// Largest deviation from f64 that a run in f32 may have.
pub(super) const TOLERANCE: f64 = 1e-3;

/// Share of the largest order beside which an order may be zero.
const BESIDE_ORDERS: f64 = 1e-3;

/// The same of the value.
const BESIDE_VALUE: f64 = 1e-5;

/// How many times as large as what rounding was seen to do a deviation may be that it explains.
const EXPLAINED: f64 = 64.0;

/// Below it some numbers on the way may have left f32.
const SMALL: f64 = 1e-30;

/// What f32 lacks for a result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Shortfall {
    /// Coefficients are smaller than its numbers.
    Underflow {
        /// The first order of which that is so.
        order: usize,
        /// How large they are, in units in which the first layers have a scale of 1.
        size: f64,
    },
    /// Coefficients, or the points, need more digits than it has.
    Rounding {
        /// The first order of which that is so.
        order: usize,
        /// How far it is off, relatively.
        deviation: f64,
    },
}

/// A series of all outputs along a ray.
#[derive(Clone, Debug, Default)]
pub(super) struct Along {
    /// `[outputs]`.
    pub value: Vec<f64>,
    /// `[outputs, orders]`, orders from 1.
    pub series: Vec<f64>,
    /// Of the true series of a polynomial in several variables: what each order from 0 would be if its terms didn't cancel along the ray.
    pub terms: Vec<f64>,
}

impl Along {
    /// Norm over the outputs of an order.
    fn norm(&self, order: usize, of: usize) -> f64 {
        match of {
            0 => self.value.iter().fold(0.0, |n: f64, v| n.hypot(*v)),
            k => self.series.iter().skip(k - 1).step_by(order).fold(0.0, |n: f64, c| n.hypot(*c)),
        }
    }

    /// What is left when another series is taken off.
    fn less(&self, other: &Self) -> Self {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        let (value, series) = (less(&self.value, &other.value), less(&self.series, &other.series));
        Self { value, series, terms: Vec::new() }
    }

    /// Norms of all orders from 0, of the terms where there are some.
    fn norms(&self, order: usize) -> Vec<f64> {
        (0..=order).map(|k| self.norm(order, k).max(self.terms.get(k).copied().unwrap_or(0.0))).collect()
    }
}

/// Size of each order from 0 beside which a difference is measured: its own, unless it is nearly zero beside others.
fn scales(truth: &Along, order: usize) -> Vec<f64> {
    let size = truth.norms(order);
    let largest = size[1..].iter().copied().fold(0.0, f64::max);
    let beside = |k: usize| (BESIDE_ORDERS * largest).max(if k == 0 { 0.0 } else { BESIDE_VALUE * size[0] });
    (0..=order).map(|k| size[k].max(beside(k))).collect()
}

/// Deviation of each order from 0 of a series from the true one, along a ray in units in which orders should weigh alike.
pub(super) fn deviations(found: &Along, truth: &Along, order: usize) -> Vec<f64> {
    let off = found.less(truth).norms(order);
    let relative = |(off, scale): (f64, f64)| if off == 0.0 { 0.0 } else { off / scale };
    off.into_iter().zip(scales(truth, order)).map(relative).collect()
}

/// Whether a number is larger than is allowed, or none at all.
pub(super) fn exceeds(x: f64, allowed: f64) -> bool {
    x > allowed || x.is_nan()
}

/// Orders that are off by more than the tolerance, each measured by itself.
fn beyond(found: &Along, truth: &Along, order: usize) -> Vec<usize> {
    let (off, size) = (found.less(truth).norms(order), truth.norms(order));
    (0..=order).filter(|&k| exceeds(off[k], TOLERANCE * size[k])).collect()
}

/// Whether a series is as near to the true one as it has to be, order by order.
pub(super) fn agrees(found: &Along, truth: &Along, order: usize) -> bool {
    beyond(found, truth, order).is_empty()
}

/// What a series means that doesn't agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing: what is off is zero beside the rest.
    Fine,
    /// It is beyond f32.
    Lacks(Shortfall),
    /// Something is wrong that rounding doesn't explain.
    Wrong,
}

/// Judges a series; `single` is the true one in f32, `perturbed` are those of points and weights that were changed by the rounding of f32.
pub(super) fn judge(
    found: &Along,
    truth: &Along,
    single: &Along,
    perturbed: &[Along],
    order: usize,
) -> Verdict {
    let (off, size, scale) = (found.less(truth).norms(order), truth.norms(order), scales(truth, order));
    let single = single.less(truth).norms(order);
    let perturbed: Vec<Vec<f64>> = perturbed.iter().map(|one| one.less(truth).norms(order)).collect();
    let mut verdict = Verdict::Fine;
    for k in beyond(found, truth, order) {
        let matters = exceeds(off[k], TOLERANCE * scale[k]);
        let cancels = off[k] <= EXPLAINED * perturbed.iter().map(|one| one[k]).fold(0.0, f64::max);
        let tiny = size[k] < SMALL && off[k] < SMALL;
        let lost = off[k] <= EXPLAINED * single[k] || tiny;
        if cancels && !matters {
            continue;
        }
        if !cancels && !lost {
            if matters {
                return Verdict::Wrong;
            }
            continue;
        }
        if verdict == Verdict::Fine {
            verdict = Verdict::Lacks(match tiny {
                true => Shortfall::Underflow { order: k, size: size[k] },
                false => Shortfall::Rounding { order: k, deviation: off[k] / size[k] },
            });
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn along(value: f64, series: &[f64]) -> Along {
        Along { value: vec![value], series: series.to_vec(), terms: Vec::new() }
    }

    fn worst(found: &Along, truth: &Along) -> f64 {
        deviations(found, truth, truth.series.len()).into_iter().fold(0.0, f64::max)
    }

    /// A series judged where rounding changes nothing but the last digits.
    fn judged(found: &Along, truth: &Along) -> Verdict {
        judge(found, truth, truth, from_ref(truth), truth.series.len())
    }

    #[test]
    fn one_wrong_number_is_seen() {
        for unit in [0.25f64, 1.0, 4.0] {
            let truth: Vec<f64> = (1..).zip([1.0, -0.5, 0.25, 2.0]).map(|(k, c)| c * unit.powi(k)).collect();
            let truth = along(0.7, &truth);
            assert!(worst(&truth, &truth) == 0.0 && agrees(&truth, &truth, 4));
            for wrong in 0..=4 {
                let mut found = truth.clone();
                let number = if wrong == 0 { &mut found.value[0] } else { &mut found.series[wrong - 1] };
                *number *= 1.01;
                let seen = worst(&found, &truth);
                assert!((seen - 0.01).abs() < 1e-9, "{unit}, order {wrong}: {seen}");
                assert!(!agrees(&found, &truth, 4));
                assert_eq!(judged(&found, &truth), Verdict::Wrong, "{unit}, order {wrong}");
            }
        }
    }

    #[test]
    fn orders_that_vanish_but_for_rounding_are_no_matter() {
        let truth = along(1.0, &[1e-17, 1.0, -2e-17, 0.5]);
        let perturbed = along(1.0, &[2e-8, 1.0, 1e-8, 0.5]);
        let judge = |found: &Along| judge(found, &truth, &truth, from_ref(&perturbed), 4);
        let found = along(1.0, &[3e-9, 1.0, 1e-9, 0.5]);
        assert!(worst(&found, &truth) < TOLERANCE && !agrees(&found, &truth, 4));
        assert_eq!(judge(&found), Verdict::Fine);
        assert_eq!(judge(&along(1.0, &[3e-3, 1.0, 1e-9, 0.5])), Verdict::Wrong);
    }

    #[test]
    fn zeros_in_place_of_small_numbers_are_seen() {
        let (truth, zeros) = (along(1.0, &[4e-49, 4e-49]), along(1.0, &[0.0, 0.0]));
        let lacks = Verdict::Lacks(Shortfall::Underflow { order: 1, size: 4e-49 });
        assert_eq!(judge(&zeros, &truth, &zeros, from_ref(&truth), 2), lacks);
        let (truth, zero) = (along(1.0, &[1e-30, 1e-60]), along(1.0, &[1e-30, 0.0]));
        let lacks = Verdict::Lacks(Shortfall::Underflow { order: 2, size: 1e-60 });
        assert_eq!(judge(&zero, &truth, &zero, from_ref(&truth), 2), lacks);
        // A small value is no small matter.
        assert!(worst(&along(0.0, &[0.0]), &along(1e-20, &[1e-20])) >= 1.0);
    }

    #[test]
    fn what_rounding_does_is_explained() {
        let truth = along(1.0, &[1.0, 1.0]);
        let (found, like_it) = (along(1.0, &[1.0, 1.02]), along(1.0, &[1.0, 0.99]));
        for (single, perturbed) in [(&like_it, &truth), (&truth, &like_it)] {
            let verdict = judge(&found, &truth, single, from_ref(perturbed), 2);
            assert!(matches!(verdict, Verdict::Lacks(Shortfall::Rounding { order: 2, .. })), "{verdict:?}");
        }
        assert_eq!(judge(&found, &truth, &along(1.0, &[1.02, 1.0]), &[], 2), Verdict::Wrong);
    }
}
