//! What a report says of all batches together.

use super::results::{Batch, Largest};

/// Number of coefficients that a report lists.
const LISTED: usize = 5;

/// What a report says of all batches together.
#[derive(Default)]
pub(super) struct Summary {
    /// The largest coefficients by magnitude.
    pub largest: Vec<Largest>,
    /// Every `stride`-th kink distance, for the median.
    kinks: Vec<f64>,
    stride: usize,
    seen: usize,
    nearest: Option<f64>,
    /// Series that hold on one side of a kink only.
    pub one_sided: usize,
}

/// Number of kink distances that a summary keeps at most.
const SAMPLES: usize = 1 << 18;

impl Summary {
    /// `skip`: leading coefficients of each output that are no derivatives.
    pub fn take(&mut self, batch: &Batch, outputs: usize, skip: usize) {
        let per_output = batch.coefficients.len() / (batch.points * outputs).max(1);
        let mut least = self.least();
        for (i, &coefficient) in batch.coefficients.iter().enumerate() {
            if coefficient.abs() <= least || i % per_output < skip {
                continue;
            }
            let (output, index) = (i / per_output, i % per_output);
            let entry = Largest {
                point: batch.first + output / outputs,
                output: output % outputs,
                index,
                coefficient,
            };
            let at = self.largest.partition_point(|l| l.coefficient.abs() >= coefficient.abs());
            self.largest.insert(at, entry);
            self.largest.truncate(LISTED);
            least = self.least();
        }
        for &kink in batch.kinks {
            self.nearest = Some(self.nearest.map_or(kink, |nearest| nearest.min(kink)));
            if self.seen.is_multiple_of(self.stride.max(1)) {
                self.kinks.push(kink);
            }
            self.seen += 1;
            if self.kinks.len() > SAMPLES {
                self.stride = self.stride.max(1) * 2;
                let mut keep = false;
                self.kinks.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }

    fn least(&self) -> f64 {
        if self.largest.len() < LISTED { 0.0 } else { self.largest[LISTED - 1].coefficient.abs() }
    }

    /// Smallest and median distance.
    pub fn kink_distance(&mut self) -> Option<(f64, f64)> {
        let nearest = self.nearest?;
        let middle = self.kinks.len() / 2;
        let (_, median, _) = self.kinks.select_nth_unstable_by(middle, f64::total_cmp);
        Some((nearest, *median))
    }
}
