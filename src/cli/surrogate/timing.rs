//! Times of polynomial and network, side by side on the CPU.

use std::time::Instant;

use hope::model::Model;
use hope::random::SplitMix;
use hope::surrogate::ForwardPass;
use hope::{Result, TaylorPolynomial, memory};

/// Seconds that one measurement should take in all.
const WANTED: f64 = 0.3;

/// Rounds, in each of which each runs at least once,
const ROUNDS: usize = 7;
/// and at most this often.
const MOST: usize = 301;

/// A batch that takes a single run longer than this (estimated from the one before) is not measured.
const LONGEST: f64 = 20.0;

/// Batch sizes, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches(Vec<usize>);

impl std::str::FromStr for Batches {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = |part: &str| match part.trim().parse::<usize>() {
            Ok(size @ 1..=1_000_000) => Ok(size),
            _ => Err(format!("'{part}' is no batch size: give numbers from 1 to 1000000 such as 1,16,256")),
        };
        let mut sizes = text.split(',').map(size).collect::<Result<Vec<_>, _>>()?;
        sizes.sort_unstable();
        sizes.dedup();
        Ok(Self(sizes))
    }
}

/// Seconds per batch, medians; and repeats that they are of.
pub struct Row {
    pub batch: usize,
    /// None where the network takes too long or its inputs too much memory.
    pub times: Option<Times>,
}

/// Seconds of one run on a whole batch.
#[derive(Clone, Copy)]
pub struct Times {
    pub network_f64: Timed,
    pub network_f32: Timed,
    pub polynomial: Timed,
}

/// A median, and of how many runs.
#[derive(Clone, Copy)]
pub struct Timed {
    pub seconds: f64,
    pub repeats: usize,
}

impl Times {
    /// How many times faster the polynomial is than the network, in the network's faster number type.
    pub fn ratio(&self) -> f64 {
        self.network_f64.seconds.min(self.network_f32.seconds) / self.polynomial.seconds
    }
}

/// Measures, at random points of the ball: the network at x, the polynomial at its own variables.
///
/// # Errors
/// If network or polynomial have no finite value somewhere.
pub fn measure(
    model: &Model,
    polynomial: &TaylorPolynomial,
    radius: f64,
    batches: &Batches,
    memory: Option<u64>,
) -> Result<Vec<Row>> {
    let allowed = memory.unwrap_or_else(memory::default_budget);
    let double = ForwardPass::<f64>::new(model, None, memory)?;
    let single = ForwardPass::<f32>::new(model, None, memory)?;
    let variables = polynomial.centre().len();
    let mut random = SplitMix(0x71E);
    let mut slowest = 0.0; // seconds per point
    let mut rows = Vec::new();
    for &batch in &batches.0 {
        if batch as f64 * slowest > LONGEST || (batch * model.inputs() * 16) as u64 > allowed {
            rows.push(Row { batch, times: None });
            continue;
        }
        let mut points = Vec::with_capacity(batch * variables);
        let mut inputs = Vec::with_capacity(batch * model.inputs());
        for _ in 0..batch {
            let distance = radius * random.uniform();
            let direction = random.unit_vector(variables);
            let point = polynomial.centre().iter().zip(direction).map(|(c, v)| c + distance * v);
            let start = points.len();
            points.extend(point);
            inputs.extend(polynomial.to_inputs(&points[start..])?);
        }
        let [network_f64, network_f32, polynomial] =
            medians([&|| double.run(&inputs), &|| single.run(&inputs), &|| {
                polynomial.evaluate_batch(&points)
            }])?;
        slowest = network_f64.seconds.max(network_f32.seconds) / batch as f64;
        rows.push(Row { batch, times: Some(Times { network_f64, network_f32, polynomial }) });
    }
    Ok(rows)
}

/// Median times of some runs of each, after one to warm up; in rounds, so that other work on the machine, which comes and goes,
/// slows all of them alike.
fn medians<const N: usize>(runs: [&dyn Fn() -> Result<Vec<f64>>; N]) -> Result<[Timed; N]> {
    let timed = |run: &dyn Fn() -> Result<Vec<f64>>| -> Result<f64> {
        let started = Instant::now();
        let values = run()?;
        let seconds = started.elapsed().as_secs_f64();
        std::hint::black_box(values);
        Ok(seconds)
    };
    let mut each = [0; N];
    for (each, run) in each.iter_mut().zip(runs) {
        let first: f64 = timed(run)?;
        *each = ((WANTED / ROUNDS as f64 / first.max(1e-9)) as usize).clamp(1, MOST);
    }
    let mut all = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for ((all, run), each) in all.iter_mut().zip(runs).zip(each) {
            for _ in 0..each {
                all.push(timed(run)?);
            }
        }
    }
    Ok(all.map(|mut all| {
        all.sort_unstable_by(f64::total_cmp);
        Timed { seconds: all[all.len() / 2], repeats: all.len() }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_batches() {
        assert_eq!("256, 1,16,1".parse(), Ok(Batches(vec![1, 16, 256])));
        for wrong in ["", "0", "1,,2", "-1", "1.5", "all", "1000001"] {
            assert!(wrong.parse::<Batches>().is_err(), "{wrong}");
        }
    }
}
