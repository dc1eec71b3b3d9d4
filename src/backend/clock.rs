//! Repeats, medians and spreads.

#[cfg(feature = "bench")]
use crate::error::Result;

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

/// Runs something again and again; `run` returns the seconds that count.
///
/// # Errors
/// The first of `run`.
#[cfg(feature = "bench")]
pub(crate) fn repeat(effort: Effort, mut run: impl FnMut() -> Result<f64>) -> Result<Spread> {
    let started = std::time::Instant::now();
    let (least, most) = effort.repeats.map_or((3, MOST), |n| (n.max(1), n.max(1)));
    let mut all = Vec::new();
    while all.len() < least || (all.len() < most && started.elapsed().as_secs_f64() < effort.budget) {
        all.push(run()?);
    }
    Ok(Spread::of(all))
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
    fn as_many_runs_as_asked_for_or_three() -> Result<()> {
        let count = |repeats| repeat(Effort { budget: 0.0, repeats }, || Ok(1.0)).map(|s| s.repeats);
        assert_eq!((count(None)?, count(Some(5))?, count(Some(0))?), (3, 5, 1));
        Ok(())
    }
}
