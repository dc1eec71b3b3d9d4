//! Repeats, medians and spreads.

#[cfg(feature = "bench")]
use web_time::Instant;

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Seconds for each workload, about.
    pub budget: f64,
    /// Runs of each workload; none: as many as the budget allows, 3 at the least.
    pub repeats: Option<usize>,
}

/// Runs at the most.
#[cfg(feature = "bench")]
const MOST: usize = 1000;

/// Times of some runs: the median, and the quarters below and above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of the runs took longer.
    pub median: f64,
    /// A quarter took less.
    pub low: f64,
    /// A quarter took longer.
    pub high: f64,
    /// Number of runs.
    pub repeats: usize,
}

impl Spread {
    /// Of some numbers, at least one.
    pub fn of(mut all: Vec<f64>) -> Self {
        all.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let i = (share * (all.len().max(1) - 1) as f64).round() as usize;
            all.get(i).copied().unwrap_or(f64::NAN)
        };
        Self { median: at(0.5), low: at(0.25), high: at(0.75), repeats: all.len() }
    }

    /// Half of the distance between the quarters, relative to the median.
    pub fn relative(&self) -> f64 {
        0.5 * (self.high - self.low) / self.median
    }
}

/// Runs of something, again and again: `while runs.due() { runs.note(seconds) }`.
#[cfg(feature = "bench")]
#[derive(Debug)]
pub(crate) struct Repeats {
    started: Instant,
    budget: f64,
    least: usize,
    most: usize,
    seconds: Vec<f64>,
}

#[cfg(feature = "bench")]
impl Repeats {
    /// Begins now.
    pub fn new(effort: Effort) -> Self {
        let (least, most) = effort.repeats.map_or((3, MOST), |n| (n.max(1), n.max(1)));
        Self { started: Instant::now(), budget: effort.budget, least, most, seconds: Vec::new() }
    }

    /// Whether there should be one more.
    pub fn due(&self) -> bool {
        let done = self.seconds.len();
        done < self.least || (done < self.most && self.started.elapsed().as_secs_f64() < self.budget)
    }

    /// Notes the seconds of a run that count.
    pub fn note(&mut self, seconds: f64) {
        self.seconds.push(seconds);
    }

    /// What they have in common.
    pub fn spread(self) -> Spread {
        Spread::of(self.seconds)
    }
}

#[cfg(all(test, feature = "bench"))]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quarters() {
        let spread = Spread::of(vec![5.0, 1.0, 2.0, 4.0, 3.0]);
        assert_eq!(spread, Spread { median: 3.0, low: 2.0, high: 4.0, repeats: 5 });
        assert_eq!(Spread::of(vec![7.0]).relative(), 0.0);
    }

    #[test]
    fn as_many_runs_as_asked_for_or_three() {
        let count = |repeats| {
            let mut runs = Repeats::new(Effort { budget: 0.0, repeats });
            while runs.due() {
                runs.note(1.0);
            }
            runs.spread().repeats
        };
        assert_eq!((count(None), count(Some(5)), count(Some(0))), (3, 5, 1));
    }
}
