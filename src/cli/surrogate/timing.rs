//! Times of polynomial and network, side by side on one device.

use std::time::Instant;

use hope::backend::Place;
use hope::forward::Forward;
use hope::model::Model;
use hope::random::SplitMix;
use hope::{Precision, Request, Result, TaylorPolynomial, memory};

/// Seconds that one measurement should take in all.
const WANTED: f64 = 0.3;

/// Rounds, in each of which each runs at least once,
const ROUNDS: usize = 7;
/// and at most this often.
const MOST: usize = 301;

/// A batch that takes a single run longer than this (estimated from the one before) is not measured.
const LONGEST: f64 = 20.0;

/// What was measured.
pub struct Contest {
    /// What runs: networks, then the polynomial.
    pub names: Vec<&'static str>,
    /// A row per batch size.
    pub rows: Vec<Row>,
}

/// Seconds per batch, medians.
pub struct Row {
    pub batch: usize,
    /// In the order of the names; none where the network takes too long or its inputs too much memory.
    pub times: Option<Vec<Timed>>,
}

/// A median, and of how many runs.
#[derive(Clone, Copy)]
pub struct Timed {
    pub seconds: f64,
    pub repeats: usize,
}

impl Row {
    /// How many times faster the polynomial is than the network, in the network's faster number type.
    pub fn ratio(&self) -> Option<f64> {
        let (polynomial, networks) = self.times.as_ref()?.split_last()?;
        let fastest = networks.iter().map(|timed| timed.seconds).fold(f64::INFINITY, f64::min);
        Some(fastest / polynomial.seconds)
    }
}

/// Something to run: with inputs x of the network and variables t of the polynomial.
type Runner<'a> = (&'static str, Box<dyn FnMut(&[f64], &[f64]) -> Result<Vec<f64>> + 'a>);

/// Network and polynomial on a device.
fn runners<'a>(
    model: &'a Model,
    polynomial: &'a TaylorPolynomial,
    request: &'a Request,
) -> Result<Vec<Runner<'a>>> {
    let network = |precision| Forward::new(model, None, &Place { precision, ..request.place() });
    #[cfg(feature = "gpu")]
    if let Some(engine) = request.device.engine() {
        use hope::gpu::PreparedPolynomial;

        let batch = PreparedPolynomial::largest_batch(engine, polynomial);
        let network = network(Precision::F32)?;
        let mut prepared: Option<(usize, PreparedPolynomial)> = None;
        return Ok(vec![
            ("network f32", Box::new(move |x, _| network.run(x))),
            (
                "polynomial f32",
                Box::new(move |_, t| {
                    let points = (t.len() / polynomial.centre().len()).min(batch);
                    pollster::block_on(async {
                        let ready = match prepared.take_if(|(size, _)| *size == points) {
                            Some(ready) => ready,
                            None => (points, PreparedPolynomial::new(engine, polynomial, points).await?),
                        };
                        prepared.insert(ready).1.evaluate(t).await
                    })
                }),
            ),
        ]);
    }
    let (double, single) = (network(Precision::F64)?, network(Precision::F32)?);
    Ok(vec![
        ("network f64", Box::new(move |x, _| double.run(x))),
        ("network f32", Box::new(move |x, _| single.run(x))),
        ("polynomial f64", Box::new(move |_, t| polynomial.evaluate_batch(t))),
    ])
}

/// Measures, at random points of the ball: the network at x, the polynomial at its own variables; on the request's device, within
/// its memory.
///
/// # Errors
/// If network or polynomial have no finite value somewhere, or the device fails.
pub fn measure(
    model: &Model,
    polynomial: &TaylorPolynomial,
    radius: f64,
    batches: &[usize],
    request: &Request,
) -> Result<Contest> {
    let allowed = request.memory.unwrap_or_else(memory::default_budget);
    let mut runners = runners(model, polynomial, request)?;
    let variables = polynomial.centre().len();
    let mut random = SplitMix(0x71E);
    let mut slowest = 0.0f64; // seconds per point
    let mut rows = Vec::new();
    for &batch in batches {
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
        let times = medians(&mut runners, &inputs, &points)?;
        slowest = times.iter().map(|timed| timed.seconds / batch as f64).fold(slowest, f64::max);
        rows.push(Row { batch, times: Some(times) });
    }
    Ok(Contest { names: runners.iter().map(|(name, _)| *name).collect(), rows })
}

/// Median times of some runs of each, after one to warm up; in rounds, so that other work on the machine, which comes and goes,
/// slows all of them alike.
fn medians(runners: &mut [Runner], inputs: &[f64], points: &[f64]) -> Result<Vec<Timed>> {
    let timed = |runner: &mut Runner| -> Result<f64> {
        let started = Instant::now();
        let values = runner.1(inputs, points)?;
        let seconds = started.elapsed().as_secs_f64();
        std::hint::black_box(values);
        Ok(seconds)
    };
    let mut repeats = Vec::new();
    for runner in runners.iter_mut() {
        timed(runner)?; // pipelines and buffers are made
        let first = timed(runner)?;
        repeats.push(((WANTED / ROUNDS as f64 / first.max(1e-9)) as usize).clamp(1, MOST));
    }
    let mut all = vec![Vec::new(); runners.len()];
    for _ in 0..ROUNDS {
        for ((all, runner), repeats) in all.iter_mut().zip(runners.iter_mut()).zip(&repeats) {
            for _ in 0..*repeats {
                all.push(timed(runner)?);
            }
        }
    }
    let median = |mut all: Vec<f64>| {
        all.sort_unstable_by(f64::total_cmp);
        Timed { seconds: all[all.len() / 2], repeats: all.len() }
    };
    Ok(all.into_iter().map(median).collect())
}
