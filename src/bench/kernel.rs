//! Single kernels, measured alone: the last step of a small plan, run on what the steps before it have left.

use std::sync::Arc;

use super::{Measured, Outcome, Target, cost, tolerance};
use crate::activation::Tanh;
use crate::backend::{Chunk, ChunkResult, Effort, Kind, Opening, Run, Runner, Source, StepTime, StepWork};
use crate::error::Result;
use crate::model::{Geometry, Model};
use crate::plan::{Kernels, Plan, Rays, Target as Adjoint};
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::threads::Threads;

/// A kernel alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// Product of square matrices.
    Square(
        /// Rows and columns.
        usize,
    ),
    /// The MLP's second layer, 128 to 64, on the rows of a chunk to order 3.
    Layer,
    /// The MNIST CNN's second convolution, 10 x 12 x 12 to 20 x 8 x 8, on the rows of a chunk to order 3.
    Conv,
    /// tanh of series, exact method.
    Compose {
        /// Highest order.
        order: usize,
    },
    /// tanh's Bell matrices applied to adjoints, published rule.
    Bell {
        /// Highest order.
        order: usize,
    },
}

/// Units of the elementwise kernels, and series per sample.
const UNITS: usize = 256;
const SERIES: usize = 64;

/// Convolution: channels in and out, size of the image and of the kernel.
const CONV: [usize; 4] = [10, 20, 12, 5];

/// Inputs and outputs of the MLP's second layer.
const LAYER: [usize; 2] = [128, 64];

/// Square matrices from this size on are for hardware.
const LARGE: usize = 1024;

/// Elements that are compared with a plain computation.
const COMPARED: usize = 64;

/// A kernel ready to run.
struct Task {
    alone: Alone,
    plan: Arc<Plan>,
    points: Vec<f64>,
    directions: Option<Directions>,
    outputs: Vec<usize>,
    chunk: Chunk,
    /// The weights of the linear layer, where there is one.
    weight: Vec<f64>,
}

impl Task {
    /// A chunk of so many samples, with [`SERIES`] series each.
    fn new(alone: Alone, samples: usize) -> Result<Self> {
        let mut random = SplitMix(0xA10E);
        let mut numbers =
            |n: usize, scale: f64| -> Vec<f64> { (0..n).map(|_| scale * random.normal()).collect() };
        let rows = samples * (3 * SERIES + 1);
        Ok(match alone {
            Alone::Square(_) | Alone::Layer => {
                let (rows, [inputs, outputs]) = match alone {
                    Alone::Square(n) => (n, [n, n]),
                    _ => (rows, LAYER),
                };
                let weight = numbers(inputs * outputs, 1.0 / (inputs as f64).sqrt());
                let mut b = Model::builder(&[inputs]);
                let x = b.input();
                let y = b.linear(x, &[outputs, inputs], weight.clone(), None)?;
                Self::forward(alone, &b.build(y)?, numbers(rows * inputs, 1.0), weight)
            }
            Alone::Conv => {
                let [channels, out, size, kernel] = CONV;
                let inner = channels * kernel * kernel;
                let weight = numbers(out * inner, 1.0 / (inner as f64).sqrt());
                let mut b = Model::builder(&[channels, size, size]);
                let x = b.input();
                let geometry = Geometry { kernel: vec![kernel; 2], ..Geometry::default() };
                let y = b.conv(x, &[out, channels, kernel, kernel], weight.clone(), None, 1, &geometry)?;
                Self::forward(alone, &b.build(y)?, numbers(rows * channels * size * size, 1.0), weight)
            }
            // The first tanh turns lines into full series for the second.
            Alone::Compose { order } => {
                let mut b = Model::builder(&[UNITS]);
                let x = b.input();
                let h = b.activation(x, Tanh)?;
                let y = b.activation(h, Tanh)?;
                Self {
                    alone,
                    plan: Plan::exact(&b.build(y)?, order, Rays::Any, Kernels::Portable)?.into(),
                    points: numbers(samples * UNITS, 0.5),
                    directions: Some(Directions::Shared {
                        inputs: UNITS,
                        rows: numbers(SERIES * UNITS, 0.5),
                    }),
                    outputs: (0..UNITS).step_by(UNITS / 8).collect(),
                    chunk: Chunk::ahead(0..samples, 0..SERIES),
                    weight: Vec::new(),
                }
            }
            // The second tanh turns the adjoint of a sum into a full series for the first.
            Alone::Bell { order } => {
                let weight = numbers(SERIES * UNITS, 1.0);
                let mut b = Model::builder(&[UNITS]);
                let x = b.input();
                let h = b.activation(x, Tanh)?;
                let h = b.activation(h, Tanh)?;
                let y = b.linear(h, &[SERIES, UNITS], weight.clone(), None)?;
                Self {
                    alone,
                    plan: Plan::hope(&b.build(y)?, order, &Adjoint::Input, Kernels::Portable)?.into(),
                    points: numbers(samples * UNITS, 0.5),
                    directions: None,
                    outputs: (0..SERIES).collect(),
                    chunk: Chunk::ahead(0..samples, 0..SERIES),
                    weight,
                }
            }
        })
    }

    /// A layer's values at points.
    fn forward(alone: Alone, model: &Model, points: Vec<f64>, weight: Vec<f64>) -> Self {
        let rows = points.len() / model.inputs();
        Self {
            alone,
            plan: Plan::forward(model).into(),
            points,
            directions: None,
            outputs: (0..model.outputs()).collect(),
            chunk: Chunk::ahead(0..rows, 0..1),
            weight,
        }
    }

    fn source(&self) -> Source<'_> {
        Source {
            points: &self.points,
            directions: self.directions.as_ref(),
            outputs: &self.outputs,
            radii: None,
            weights: None,
        }
    }

    /// Its results on a device.
    async fn run(&self, target: &Target) -> Result<ChunkResult> {
        let opening = Opening {
            plan: self.plan.clone(),
            precision: target.precision,
            threads: Arc::new(Threads::new(Some(target.cores))),
            profile: false,
        };
        target.device.check(&self.plan, target.precision)?;
        let mut found = ChunkResult::default();
        let mut deliver = |_: &Chunk, result: ChunkResult| {
            found = result;
            Ok(())
        };
        let run = Run { chunks: std::slice::from_ref(&self.chunk), source: self.source(), at_once: 1 };
        Runner::new(target.device.clone(), opening).run(run, &mut deliver).await?;
        Ok(found)
    }

    fn flops(&self) -> f64 {
        cost::last_flops(&self.plan, self.chunk.points.len(), self.chunk.lanes.len())
    }

    fn numbers(&self) -> f64 {
        cost::last_numbers(&self.plan, self.chunk.points.len(), self.chunk.lanes.len())
    }

    /// How far some elements are from a plain computation in f64: the norm of the difference over the norm; at each order, the worst.
    fn deviation(&self, result: &ChunkResult) -> f64 {
        let mut random = SplitMix(0xC0FE);
        let order = self.plan.order.max(1);
        // The squares of differences and of true numbers, by order.
        let mut sums = vec![[0.0f64; 2]; order];
        let mut note = |k: usize, found: f64, truth: f64| {
            sums[k][0] += (found - truth).powi(2);
            sums[k][1] += truth.powi(2);
        };
        for _ in 0..COMPARED {
            let sample = random.below(self.chunk.points.len());
            match self.alone {
                Alone::Square(_) | Alone::Layer => {
                    let outputs = self.outputs.len();
                    let inputs = self.weight.len() / outputs;
                    let o = random.below(outputs);
                    let (x, w) =
                        (&self.points[sample * inputs..][..inputs], &self.weight[o * inputs..][..inputs]);
                    let truth = x.iter().zip(w).map(|(x, w)| x * w).sum();
                    note(0, result.value[sample * outputs + o], truth);
                }
                Alone::Conv => {
                    let [channels, out, size, kernel] = CONV;
                    let wide = size - kernel + 1;
                    let (o, row, column) = (random.below(out), random.below(wide), random.below(wide));
                    let x = &self.points[sample * channels * size * size..];
                    let mut truth = 0.0;
                    for c in 0..channels {
                        for (i, j) in (0..kernel).flat_map(|i| (0..kernel).map(move |j| (i, j))) {
                            let w = self.weight[((o * channels + c) * kernel + i) * kernel + j];
                            truth += w * x[(c * size + row + i) * size + column + j];
                        }
                    }
                    note(0, result.value[((sample * out + o) * wide + row) * wide + column], truth);
                }
                Alone::Compose { .. } => {
                    let (selected, lane) = (random.below(self.outputs.len()), random.below(SERIES));
                    let unit = self.outputs[selected];
                    let mut ray = vec![0.0; UNITS];
                    if let Some(directions) = &self.directions {
                        directions.write(sample, lane, &mut ray);
                    }
                    let truth = tanh(&tanh(&line(self.points[sample * UNITS + unit], ray[unit], order)));
                    for (k, truth) in truth.into_iter().skip(1).enumerate() {
                        let row = (sample * self.outputs.len() + selected) * order + k;
                        note(k, result.series[row * SERIES + lane], truth);
                    }
                }
                Alone::Bell { .. } => {
                    let (unit, lane) = (random.below(UNITS), random.below(SERIES));
                    let truth = tanh(&tanh(&line(self.points[sample * UNITS + unit], 1.0, order)));
                    let w = self.weight[lane * UNITS + unit];
                    // The rule's first-order adjoint of the sum is w; the tanhs of one unit don't mix.
                    for (k, truth) in truth.into_iter().skip(1).enumerate() {
                        let row = (sample * SERIES + lane) * order + k;
                        note(k, result.series[row * UNITS + unit], w * truth);
                    }
                }
            }
        }
        sums.into_iter().map(|[d, t]| if d > 0.0 { (d / t).sqrt() } else { 0.0 }).fold(0.0, f64::max)
    }
}

/// The series of `x + v t`.
fn line(x: f64, v: f64, order: usize) -> Vec<f64> {
    let mut u = vec![0.0; order + 1];
    u[0] = x;
    u[1] = v;
    u
}

/// tanh of a series by its differential equation, `y' = (1 - y²) u'`: another way than the kernels'.
fn tanh(u: &[f64]) -> Vec<f64> {
    let mut y = vec![u[0].tanh()];
    let mut p = vec![1.0 - y[0] * y[0]];
    for k in 1..u.len() {
        let sum: f64 = (1..=k).map(|j| j as f64 * u[j] * p[k - j]).sum();
        y.push(sum / k as f64);
        p.push(-(0..=k).map(|i| y[i] * y[k - i]).sum::<f64>());
    }
    y
}

/// Samples of a chunk: on GPUs, enough to fill them and to exceed their caches, as far as a binding has room.
fn samples(kind: Kind) -> usize {
    match kind {
        Kind::Processor => 1,
        Kind::Software => 8,
        Kind::Gpu => 128,
    }
}

/// Measures a kernel alone.
pub(super) async fn measure(target: &Target, alone: Alone, effort: Effort) -> Result<Outcome> {
    let kind = target.kind();
    if let Alone::Square(LARGE..) = alone
        && kind == Kind::Software
    {
        return Ok(Outcome::Skipped("too large for a driver that computes on the processor".into()));
    }
    let backend = target.device.backend();
    let mut samples = samples(kind);
    let mut task = Task::new(alone, samples)?;
    while samples > 1 && !backend.fits(&task.plan, samples, SERIES) {
        samples /= 2;
        task = Task::new(alone, samples)?;
    }
    let deviation = task.deviation(&task.run(target).await?);
    let work = StepWork {
        plan: task.plan.clone(),
        chunk: task.chunk.clone(),
        source: task.source(),
        precision: target.precision,
        threads: target.cores,
    };
    let StepTime { seconds, at_once, on_device } = target.instruments()?.last_step(&work, effort).await?;
    let at_once = at_once as f64;
    Ok(Outcome::Measured(Box::new(Measured {
        seconds,
        per_run: at_once,
        flops: at_once * task.flops(),
        bytes: Some(at_once * task.numbers() * target.precision.bytes() as f64),
        deviation,
        tolerance: tolerance(target),
        reduced: None,
        kernels: Vec::new(),
        on_device,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, Precision};

    #[test]
    fn plain_computations_agree_with_the_kernels_and_notice_errors() -> Result<()> {
        let all = [
            Alone::Square(19),
            Alone::Layer,
            Alone::Conv,
            Alone::Compose { order: 5 },
            Alone::Bell { order: 5 },
        ];
        for alone in all {
            let task = Task::new(alone, 2)?;
            let mut result = pollster::block_on(task.run(&Target::new(Device::cpu(), Precision::F64)))?;
            assert!(task.deviation(&result) < 1e-10, "{alone:?}: {}", task.deviation(&result));
            result.value.iter_mut().chain(&mut result.series).for_each(|x| *x *= 1.01);
            assert!(task.deviation(&result) > 5e-3, "{alone:?}");
            assert!(task.flops() > 0.0 && task.numbers() > 0.0);
        }
        Ok(())
    }
}
