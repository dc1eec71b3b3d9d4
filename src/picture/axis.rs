//! Axes: ranges, ticks, and numbers as one reads them.

use crate::error::{Error, Result};

/// How numbers are spread over an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances for equal differences.
    #[default]
    Linear,
    /// Equal distances for equal ratios; positive numbers only.
    Log,
}

/// An axis as the user wants it.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// What it measures; may be empty.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// First and last number; by default those of the data.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis with the data's range.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// The same with a logarithmic scale.
    #[must_use]
    pub fn log(self) -> Self {
        Self { scale: Scale::Log, ..self }
    }

    /// The same from one number to another.
    #[must_use]
    pub fn range(self, from: f64, to: f64) -> Self {
        Self { range: Some((from, to)), ..self }
    }

    /// The axis from pixel `start` to pixel `end`, with room for the data. `margin`: share of the range that is left
    /// free at both ends if the range is that of the data.
    pub(super) fn fit(&self, data: impl Iterator<Item = f64>, margin: f64) -> Result<Span> {
        let scale = self.scale;
        let (from, to) = match self.range {
            Some((from, to)) => {
                let sound = from.is_finite() && to.is_finite() && from < to && (to - from).is_finite();
                if !sound || (scale == Scale::Log && from <= 0.0) {
                    return Err(Error::Picture(format!(
                        "axis '{}': {from} to {to} is no range{}",
                        self.label,
                        if scale == Scale::Log { " of a logarithmic axis" } else { "" }
                    )));
                }
                return Ok(Span { scale, from, to });
            }
            None => data
                .filter(|&x| scale == Scale::Linear || x > 0.0)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x))),
        };
        if from > to {
            return Ok(Span { scale, from: if scale == Scale::Log { 0.1 } else { 0.0 }, to: 1.0 });
        }
        let span = Span { scale, from, to };
        let (a, b) = (span.warp(from), span.warp(to));
        // A single number, or one up to rounding, gets room around it.
        let least = 1e-9 * a.abs().max(b.abs()).max(1e-290);
        let pad = if b - a > least {
            margin * (b - a)
        } else if scale == Scale::Log || a == 0.0 {
            0.5
        } else {
            0.5 * a.abs()
        };
        let padded = Span { scale, from: span.unwarp(a - pad), to: span.unwarp(b + pad) };
        if !(padded.to - padded.from).is_finite() || padded.from >= padded.to {
            return Err(Error::Picture(format!(
                "axis '{}': numbers from {from:e} to {to:e} can't be drawn on one axis: choose a range",
                self.label
            )));
        }
        Ok(padded)
    }
}

/// A range on a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub scale: Scale,
    pub from: f64,
    pub to: f64,
}

impl Span {
    fn warp(self, x: f64) -> f64 {
        match self.scale {
            Scale::Linear => x,
            Scale::Log => x.log10(),
        }
    }

    fn unwarp(self, w: f64) -> f64 {
        match self.scale {
            Scale::Linear => w,
            Scale::Log => 10f64.powf(w),
        }
    }

    /// Place of a number, 0 at the beginning and 1 at the end; NaN where a logarithmic scale has none.
    pub fn place(self, x: f64) -> f64 {
        if self.scale == Scale::Log && x <= 0.0 {
            return f64::NAN;
        }
        let (a, b) = (self.warp(self.from), self.warp(self.to));
        (self.warp(x) - a) / (b - a)
    }

    /// Ticks, about `most` of them or fewer; `fits` says whether labels have room.
    pub fn ticks(self, most: usize, fits: impl Fn(&[Tick]) -> bool) -> Ticks {
        let ticks = |count| match self.scale {
            Scale::Linear => linear(self.from, self.to, count),
            Scale::Log => logarithmic(self, count),
        };
        let good = |ticks: &Ticks| ticks.major.len() > 1 && fits(&ticks.major);
        let counts = || (2..=most.max(2)).rev();
        // Where round steps are too many or too few, every second one of too many.
        let thinned = counts().map(|count| {
            let Ticks { major, minor } = ticks(count);
            let first = major.iter().position(|tick| tick.at == 0.0).unwrap_or_default() % 2;
            Ticks { major: major.into_iter().skip(first).step_by(2).collect(), minor }
        });
        counts().map(ticks).chain(thinned).find(good).unwrap_or_else(|| ticks(2))
    }
}

/// A labelled tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// Ticks with labels, and small ones without.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    pub major: Vec<Tick>,
    pub minor: Vec<f64>,
}

/// Multiples of 1, 2 or 5 times a power of ten, `most` of them at most.
fn linear(from: f64, to: f64, most: usize) -> Ticks {
    let rough = (to - from) / most as f64;
    let power = rough.log10().floor();
    let step = [1.0, 2.0, 5.0, 10.0, 20.0]
        .map(|factor| factor * 10f64.powf(power))
        .into_iter()
        .find(|step| ((to / step).floor() - (from / step).ceil()) < most as f64)
        .unwrap_or(to - from);
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    let count = (last - first).clamp(0.0, 100.0) as usize;
    let at: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
    let labels = numbers(&at, step);
    Ticks {
        major: at.into_iter().zip(labels).map(|(at, label)| Tick { at, label }).collect(),
        minor: Vec::new(),
    }
}

/// Powers of ten, every so many; where there are few, 2 and 5 times them as well.
fn logarithmic(span: Span, most: usize) -> Ticks {
    let (first, last) = (span.from.log10(), span.to.log10());
    let inside = |x: &f64| (span.from * (1.0 - 1e-9)..=span.to * (1.0 + 1e-9)).contains(x);
    let decades = (first.floor() as i32)..=(last.ceil() as i32);
    let of = |factors: &[f64], every: i32| -> Vec<f64> {
        let all = decades.clone().filter(|d| d.rem_euclid(every) == 0);
        all.flat_map(|d| factors.iter().map(move |f| f * 10f64.powi(d))).filter(inside).collect()
    };
    let whole = of(&[1.0], 1).len();
    if whole < 2 && of(&[1.0, 2.0, 5.0], 1).len() < 2 {
        return linear(span.from, span.to, most);
    }
    let minor = if last - first < 12.0 { of(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1) } else { vec![] };
    let fine = of(&[1.0, 2.0, 5.0], 1);
    let at = if whole <= 2 && fine.len() <= most {
        fine
    } else {
        let every = (1..).find(|&every| of(&[1.0], every).len() <= most).unwrap_or(1);
        of(&[1.0], every)
    };
    Ticks { major: at.into_iter().map(|at| Tick { at, label: short(at) }).collect(), minor }
}

/// Labels of multiples of a step: as many digits as tell them apart, one power of ten for all.
fn numbers(all: &[f64], step: f64) -> Vec<String> {
    let largest = all.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let magnitude = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
    let power = if (-3..5).contains(&magnitude) { 0 } else { magnitude };
    // 1e-9: a step of 0.2 may come as 0.19999999999999998.
    let digits = (f64::from(power) - (step.log10() + 1e-9).floor()).clamp(0.0, 15.0) as usize;
    all.iter()
        .map(|&x| {
            let mantissa = x / 10f64.powi(power);
            let text = format!("{mantissa:.digits$}");
            match (text.trim_start_matches(['-', '0', '.']).is_empty(), power) {
                (true, _) => "0".into(),
                (false, 0) => minus(&text),
                (false, power) => format!("{}×10{}", minus(&text), superscript(power)),
            }
        })
        .collect()
}

/// A number as pictures show it, with three digits: `0.05`, `10⁻⁶`, `−2×10⁻⁶`, `1.25×10⁷`.
pub fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { minus(&x.to_string()) };
    }
    let text = format!("{x:.2e}");
    let Some((mantissa, power)) = text.split_once('e') else { return text };
    let power: i32 = power.parse().unwrap_or_default();
    if (-2..4).contains(&power) {
        let digits = (2 - power).max(0) as usize;
        return minus(trimmed(&format!("{x:.digits$}")));
    }
    match trimmed(mantissa) {
        "1" => format!("10{}", superscript(power)),
        "-1" => format!("−10{}", superscript(power)),
        mantissa => format!("{}×10{}", minus(mantissa), superscript(power)),
    }
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// `⁻¹²`.
pub fn superscript(n: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    n.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(from: f64, to: f64, scale: Scale, most: usize) -> Vec<String> {
        let ticks = Span { scale, from, to }.ticks(most, |_| true);
        ticks.major.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let linear = |from, to| labels(from, to, Scale::Linear, 6);
        assert_eq!(linear(-1.0, 1.0), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(linear(0.0, 7.3), ["0", "2", "4", "6"]);
        assert_eq!(linear(0.0, 1e6), ["0", "0.2×10⁶", "0.4×10⁶", "0.6×10⁶", "0.8×10⁶", "1.0×10⁶"]);
        assert_eq!(linear(0.0, 3e-5), ["0", "1×10⁻⁵", "2×10⁻⁵", "3×10⁻⁵"]);
        assert_eq!(linear(10.0, 10.004), ["10.000", "10.001", "10.002", "10.003", "10.004"]);
    }

    #[test]
    fn powers_of_ten_on_logarithmic_axes() {
        let log = |from, to| labels(from, to, Scale::Log, 6);
        assert_eq!(log(1e-4, 1.0), ["10⁻⁴", "10⁻³", "0.01", "0.1", "1"]);
        assert_eq!(log(0.1, 2.0), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(log(1e-16, 1e4), ["10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴", "1", "10⁴"]);
        assert_eq!(log(2.1, 2.9), ["2.2", "2.4", "2.6", "2.8"]);
    }

    #[test]
    fn short_numbers() {
        for (x, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-0.25, "−0.25"),
            (1234.4, "1234"),
            (1e-6, "10⁻⁶"),
            (-2.5e7, "−2.5×10⁷"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(short(x), text);
        }
    }

    #[test]
    fn ranges_that_are_none() {
        let none = std::iter::empty;
        for (axis, sound) in [
            (Axis::new("a").range(0.0, 1.0), true),
            (Axis::new("a").range(1.0, 1.0), false),
            (Axis::new("a").range(2.0, 1.0), false),
            (Axis::new("a").range(0.0, f64::NAN), false),
            (Axis::new("a").range(-f64::MAX, f64::MAX), false),
            (Axis::new("a").range(0.0, 1.0).log(), false),
            (Axis::new("a").log(), true),
        ] {
            assert_eq!(axis.fit(none(), 0.0).is_ok(), sound, "{axis:?}");
        }
    }

    proptest! {
        #[test]
        fn ticks_lie_inside_and_are_few(from in -1e6..1e6f64, power in -6..6i32, most in 2..12usize) {
            let to = from + 10f64.powi(power);
            let ticks = Span { scale: Scale::Linear, from, to }.ticks(most, |_| true);
            prop_assert!(!ticks.major.is_empty() && ticks.major.len() <= most + 1);
            let slack = 1e-6 * (to - from);
            for tick in &ticks.major {
                prop_assert!(tick.at >= from - slack && tick.at <= to + slack, "{tick:?}");
            }
            for pair in ticks.major.windows(2) {
                prop_assert!(pair[0].label != pair[1].label, "{pair:?}");
            }
        }
    }
}
