//! Independent truth for one digit: what automatic differentiation in f64 says of the MNIST CNN there, stored.

mod along;
mod gradients;

use std::ops::ControlFlow;

use web_time::Instant;

use super::{Measured, Target, tolerance};
use crate::backend::{Effort, Repeats};
use crate::error::Result;
use crate::expansion::{Job, Request, Terms};
use crate::model::Model;
use crate::rays::Directions;

/// What is stored of the MNIST CNN at a digit, of all logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Coefficients along two pixels, to order 6.
    Along,
    /// The gradient series along the way that doubles the digit, of order 3, at some pixels.
    Gradient,
    /// Two rows of the Hessian, at some pixels.
    Hessian,
}

impl Stored {
    /// All of it.
    pub const ALL: [Self; 3] = [Self::Along, Self::Gradient, Self::Hessian];

    /// Highest order.
    pub(super) fn order(self) -> usize {
        match self {
            Self::Along => along::ORDER,
            Self::Gradient => gradients::ORDER,
            Self::Hessian => 2,
        }
    }

    /// The workload's name.
    pub(super) fn name(self) -> String {
        let terms = match self {
            Self::Along => "",
            Self::Gradient => "gradient-",
            Self::Hessian => "hessian-",
        };
        format!("cnn-truth-{terms}{}", self.order())
    }

    fn terms(self, inputs: usize) -> Terms {
        match self {
            Self::Along => {
                let mut rows = vec![0.0; along::PIXELS.len() * inputs];
                for (ray, &pixel) in along::PIXELS.iter().enumerate() {
                    rows[ray * inputs + pixel] = 1.0;
                }
                Terms::Along(Directions::Shared { inputs, rows })
            }
            Self::Gradient => Terms::Gradient(Some(Directions::Shared { inputs, rows: digit() })),
            Self::Hessian => Terms::Hessian(Some(gradients::ROWS.to_vec())),
        }
    }

    /// Largest relative deviation of an order, as a norm over outputs and pixels, of coefficients as a request has them.
    fn deviation(self, found: &[f64], inputs: usize) -> f64 {
        let rays = along::PIXELS.len();
        match self {
            Self::Along => deviation(&along::TRUTH, found, rays, [0, 1]),
            Self::Gradient => deviation(&gradients::GRADIENT, found, inputs, gradients::PIXELS),
            Self::Hessian => deviation(&gradients::HESSIAN, found, inputs, gradients::PIXELS),
        }
    }
}

/// The MNIST CNN at the digit, compared with what is stored.
pub(super) async fn measure(
    target: &Target,
    model: &Model,
    stored: Stored,
    effort: Effort,
) -> Result<Measured> {
    let request = Request {
        terms: stored.terms(model.inputs()),
        precision: target.precision,
        device: target.device.clone(),
        ..Request::new(digit(), stored.order())
    };
    let job = Job::new(model, &request)?;
    let found = job.collect_async(&|_| ControlFlow::Continue(())).await?.coefficients;
    let mut runs = Repeats::new(effort);
    while runs.due() {
        let started = Instant::now();
        std::hint::black_box(job.collect_async(&|_| ControlFlow::Continue(())).await?);
        runs.note(started.elapsed().as_secs_f64());
    }
    Ok(Measured {
        seconds: runs.spread(),
        per_run: 1.0,
        flops: job.flops(),
        bytes: None,
        deviation: stored.deviation(&found, model.inputs()),
        tolerance: tolerance(target),
        reduced: None,
        kernels: Vec::new(),
        on_device: false,
    })
}

/// The same of rows of so many numbers, `[outputs, orders or rows, numbers]`, of which some are stored.
fn deviation<const ROWS: usize, const STORED: usize>(
    truth: &[[[f64; STORED]; ROWS]],
    found: &[f64],
    width: usize,
    stored: [usize; STORED],
) -> f64 {
    let mut norms = [Norms::default(); ROWS];
    for (found, truth) in found.chunks_exact(ROWS * width).zip(truth) {
        for ((norms, found), truth) in norms.iter_mut().zip(found.chunks_exact(width)).zip(truth) {
            stored.iter().zip(truth).for_each(|(&at, &truth)| norms.note(found[at], truth));
        }
    }
    norms.into_iter().map(Norms::deviation).fold(0.0, f64::max)
}

/// The norm of a difference beside that of the truth.
#[derive(Clone, Copy, Default)]
struct Norms {
    difference: f64,
    truth: f64,
}

impl Norms {
    fn note(&mut self, found: f64, truth: f64) {
        self.difference = self.difference.hypot(found - truth);
        self.truth = self.truth.hypot(truth);
    }

    fn deviation(self) -> f64 {
        self.difference / self.truth
    }
}

/// The digit's brightness, 0 to 1.
fn digit() -> Vec<f64> {
    let byte = |pair: &[u8]| {
        let nibble = |c: u8| f64::from(if c.is_ascii_digit() { c - b'0' } else { c - b'a' + 10 });
        (16.0 * nibble(pair[0]) + nibble(pair[1])) / 255.0
    };
    DIGIT.iter().flat_map(|row| row.as_bytes().chunks_exact(2).map(byte)).collect()
}

/// A test digit, two hexadecimal figures for each pixel.
#[rustfmt::skip]
const DIGIT: [&str; 28] = [
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
    "00000000000054b99f973c2400000000000000000000000000000000",
    "000000000000defefefefef1c6c6c6c6c6c6c6c6aa34000000000000",
    "00000000000043724872a3e3fee1fefefefae5fefe8c000000000000",
    "000000000000000000000011420e4343433b15ecfe6a000000000000",
    "00000000000000000000000000000000000053fdd112000000000000",
    "000000000000000000000000000000000016e9ff5300000000000000",
    "000000000000000000000000000000000081feee2c00000000000000",
    "000000000000000000000000000000003bf9fe3e0000000000000000",
    "0000000000000000000000000000000085febb050000000000000000",
    "00000000000000000000000000000009cdf83a000000000000000000",
    "0000000000000000000000000000007efeb600000000000000000000",
    "00000000000000000000000000004bfbf03900000000000000000000",
    "0000000000000000000000000013ddfea60000000000000000000000",
    "00000000000000000000000003cbfedb230000000000000000000000",
    "00000000000000000000000026fefe4d000000000000000000000000",
    "00000000000000000000001fe0fe7301000000000000000000000000",
    "000000000000000000000085fefe3400000000000000000000000000",
    "000000000000000000003df2fefe3400000000000000000000000000",
    "0000000000000000000079fefedb2800000000000000000000000000",
    "0000000000000000000079fecf120000000000000000000000000000",
    "00000000000000000000000000000000000000000000000000000000",
];

#[cfg(test)]
mod tests {
    use super::super::networks::mnist_cnn;
    use super::*;
    use crate::{Device, Precision, expand};

    #[test]
    fn the_engine_agrees_and_the_comparison_notices_one_wrong_number() -> Result<()> {
        let (model, target) = (mnist_cnn()?, Target::new(Device::cpu(), Precision::F64));
        for stored in Stored::ALL {
            let effort = Effort { budget: 0.0, repeats: Some(1) };
            let measured = pollster::block_on(measure(&target, &model, stored, effort))?;
            assert!(measured.deviation < 1e-10, "{stored:?}: {}", measured.deviation);
            let inputs = model.inputs();
            let request = Request { terms: stored.terms(inputs), ..Request::new(digit(), stored.order()) };
            let mut found = expand(&model, &request)?.coefficients;
            // The same pixel of the last order or row of the first output.
            let at = match stored {
                Stored::Along => 11,
                Stored::Gradient => 2 * inputs + 456,
                Stored::Hessian => inputs + 456,
            };
            found[at] *= 1.1;
            assert!(stored.deviation(&found, inputs) > 1e-4, "{stored:?}");
        }
        Ok(())
    }
}
