//! Enclosures of elementary functions against mpmath, at points of all sizes and over intervals between them.

use crate::common::{self, Truth};
use hope::interval::Interval;

type Enclosure = fn(Interval) -> Interval;

const FUNCTIONS: &[(&str, Enclosure)] = &[
    ("exp", Interval::exp),
    ("exp_m1", Interval::exp_m1),
    ("ln", Interval::ln),
    ("sin", Interval::sin),
    ("cos", Interval::cos),
    ("tan", Interval::tan),
    ("sinh", Interval::sinh),
    ("cosh", Interval::cosh),
    ("tanh", Interval::tanh),
    ("logistic", Interval::logistic),
    ("softplus", Interval::softplus),
    ("atan", Interval::atan),
    ("asin", Interval::asin),
    ("acos", Interval::acos),
    ("asinh", Interval::asinh),
    ("acosh", Interval::acosh),
    ("atanh", Interval::atanh),
    ("erf", Interval::erf),
    ("normal_distribution", Interval::normal_distribution),
    ("sqrt", Interval::sqrt),
    ("recip", Interval::recip),
];

/// Whether an enclosure may contain the number of which this is the nearest double: a number can't be farther away than half a unit.
fn may_contain(enclosure: Interval, nearest: f64) -> bool {
    enclosure.lo <= nearest.next_up() && nearest.next_down() <= enclosure.hi
}

fn pairs(truth: &mut Truth, name: &str) -> Vec<(f64, f64)> {
    let all = truth.values(name);
    let (points, values) = all.split_at(all.len() / 2);
    points.iter().copied().zip(values.iter().copied()).collect()
}

#[test]
fn contain_the_truth_and_little_else() {
    let mut truth = Truth::open(&common::path("tests/fixtures/intervals.npz"));
    for &(name, function) in FUNCTIONS {
        let mut widest = 0.0f64;
        let all = pairs(&mut truth, name);
        for &(x, y) in &all {
            let found = function(Interval::point(x));
            assert!(may_contain(found, y), "{name} of {x}: {found:?}, {y}");
            // Sums of 1 and something small keep the digits of 1 only, sines of large arguments those of their reduction.
            let scale = match name {
                "sin" | "cos" | "erf" | "acos" => y.abs().max(1.0),
                "ln" | "tan" => y.abs().max(1e-3),
                _ => y.abs().max(1e-290),
            };
            widest = widest.max(found.width() / scale);
        }
        // Where the normal distribution's is a difference of 1 and something near it, digits cancel.
        let tolerance = if name == "normal_distribution" { 2e-11 } else { 1e-12 };
        assert!(widest < tolerance, "{name} is enclosed within {widest:e}");
        // The same, off by a few units in the last digits, would be seen.
        let off = all.iter().filter(|&&(x, y)| !may_contain(function(Interval::point(x)), y * (1.0 + 1e-12)));
        assert!(off.count() > all.len() / 2, "{name}");
    }
}

/// Over an interval all values in between.
#[test]
fn contain_the_values_between_two_points() {
    let mut truth = Truth::open(&common::path("tests/fixtures/intervals.npz"));
    for &(name, function) in FUNCTIONS {
        let all = pairs(&mut truth, name);
        for first in (0..all.len()).step_by(7) {
            for last in (first..all.len()).step_by(11) {
                let x = Interval::new(all[first].0, all[last].0);
                let found = function(x);
                for &(at, y) in &all[first..=last] {
                    assert!(may_contain(found, y), "{name} over {x:?}: {found:?}, at {at}: {y}");
                }
            }
        }
    }
}

/// Whole periods, tops and bottoms of waves.
#[test]
fn waves_reach_their_tops() {
    let wave = |low: f64, high: f64| (Interval::new(low, high).sin(), Interval::new(low, high).cos());
    assert_eq!(wave(0.0, 7.0), (Interval::new(-1.0, 1.0), Interval::new(-1.0, 1.0)));
    assert_eq!(wave(1.5, 1.6).0.hi, 1.0);
    assert_eq!(wave(-1.6, -1.5).0.lo, -1.0);
    assert_eq!(wave(-0.1, 0.1).1.hi, 1.0);
    assert_eq!(wave(3.1, 3.2).1.lo, -1.0);
    assert!(wave(0.1, 1.5).0.hi < 1.0 && wave(0.1, 3.1).1.lo > -1.0);
    assert_eq!(wave(1e9, 1e9 + 1e-3), (Interval::new(-1.0, 1.0), Interval::new(-1.0, 1.0)));
    assert_eq!(Interval::new(1.5, 1.6).tan(), Interval::WHOLE);
}
