//! What comes of an expansion.

use super::deviation::{Shortfall, TOLERANCE, exceeds};
use super::request::Request;
use crate::backend::{KernelTime, Sent};
use crate::certificate::{Certificate, TermKind};
use crate::error::{Error, Result};
use crate::scalar::Precision;

/// Coefficients of some consecutive points, as they become ready.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// Index of the first point.
    pub first: usize,
    /// Number of points.
    pub points: usize,
    /// `[points, outputs]`: see [`Self::value`].
    #[doc(hidden)]
    pub value: &'a [f64],
    #[doc(hidden)]
    pub terms: TermKind,
    /// Shape of the coefficients of this batch.
    #[doc(hidden)]
    pub shape: &'a [usize],
    /// `[points, outputs, orders, inputs]`, `[points, outputs, orders, rays]`, `[points, outputs, terms]`, `[points, outputs, orders, rays, inputs]`, or
    /// `[points, outputs, rows, inputs]`, `[points, outputs]`: unmixed, along, mixed, gradient, Hessian, operator.
    #[doc(hidden)]
    pub coefficients: &'a [f64],
    /// Standard errors of estimates, `[points, outputs]`; empty of what is no estimate.
    #[doc(hidden)]
    pub errors: &'a [f64],
    /// Distance to the nearest kink, `[points, rays]`, for mixed terms and operators `[points]`; empty where the network is
    /// smooth or the method has no rays.
    #[doc(hidden)]
    pub kinks: &'a [f64],
}

/// Takes the results, batch by batch, in the order of the points.
pub trait Sink: Sent {
    /// Takes a batch.
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()>;
}

/// Comparison of a result with an independent computation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Number of rays compared; none where those that were chosen were found in f64 to begin with, as on kinks of gradients.
    pub rays: usize,
    /// Largest relative deviation of an order along one of them, values included, from the same method in f64: as a norm over the outputs, in
    /// units in which the orders weigh alike. Coefficients along undecided rays don't count.
    pub deviation: f64,
    /// The same from the exact method, where the published rule was used.
    pub deviation_from_exact: Option<f64>,
    /// Rays whose coefficients are others because a unit is closer to its kink than rounding, so that it landed on the other side than in
    /// f64. Their values agree.
    pub undecided: usize,
    /// What f32 lacks for this result; none if it is good enough, or if f32 doesn't explain the deviation.
    pub shortfall: Option<Shortfall>,
}

impl Verification {
    /// Whether a result of a request can be relied on.
    ///
    /// # Errors
    /// If f32 lacks what the result takes ([`Error::Shortfall`]), or if the device computes wrong numbers ([`Error::Device`]).
    pub fn check(&self, request: &Request) -> Result<()> {
        let (what, name) = (request.method.name(), request.device.name());
        match self.shortfall {
            Some(Shortfall::Underflow { order, size }) => Err(Error::Shortfall {
                order,
                cause: format!("they are about {size:.0e}, and the smallest f32 is 1e-38"),
            }),
            Some(Shortfall::Rounding { order, deviation }) => Err(Error::Shortfall {
                order,
                cause: format!("rounding to f32 changes them by {deviation:.1e}, relatively"),
            }),
            None if request.precision == Precision::F32 && exceeds(self.deviation, TOLERANCE) => {
                let cause = format!(
                    "its coefficients ({what} method) are off by {:.1e} from the CPU's in f64, more than {TOLERANCE:.0e}, and rounding to f32 \
                     doesn't explain it: use --device cpu, and please report this with the output of `hope adapters`",
                    self.deviation
                );
                Err(Error::Device { device: name, cause })
            }
            None => Ok(()),
        }
    }
}

/// What is known after a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Whether the result is exact, and why.
    pub certificate: Certificate,
    /// Series that begin on a kink that shows: along rays they hold for t > 0. (Of mixed terms: rays that they come of.)
    pub one_sided: usize,
    /// Smallest and (about) median distance to a kink, over all points and rays; ∞ where none is reached.
    pub kink_distance: Option<(f64, f64)>,
    /// The largest coefficients by magnitude.
    pub largest: Vec<Largest>,
    /// Comparison with an independent computation in f64.
    pub verification: Option<Verification>,
    /// Time per kernel, the slowest first, if [`Request::profile`](super::Request::profile) asked for it and the device has a clock for it.
    pub kernels: Vec<KernelTime>,
}

/// A coefficient that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Largest {
    /// Index of the point.
    pub point: usize,
    /// Position among the selected outputs.
    pub output: usize,
    /// Position behind the output, flattened: order and input or ray, or term.
    pub index: usize,
    /// The coefficient.
    pub coefficient: f64,
}

/// A result in memory: everything that the program writes to a file.
///
/// Its numbers are arrays: [`value`](Self::value), [`unmixed`](Self::unmixed), [`along`](Self::along), [`mixed`](Self::mixed),
/// [`gradient`](Self::gradient), [`hessian`](Self::hessian), [`operator`](Self::operator).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Expansion {
    /// Which coefficients.
    #[doc(hidden)]
    pub terms: TermKind,
    /// `[points, inputs]`.
    #[doc(hidden)]
    pub points: Vec<f64>,
    /// `[points, outputs]`.
    #[doc(hidden)]
    pub value: Vec<f64>,
    /// Normalised Taylor coefficients: see [`Batch::coefficients`].
    #[doc(hidden)]
    pub coefficients: Vec<f64>,
    /// Standard errors: see [`Batch::errors`].
    #[doc(hidden)]
    pub errors: Vec<f64>,
    /// Shape of [`Self::coefficients`].
    #[doc(hidden)]
    pub shape: Vec<usize>,
    /// Distances to the nearest kink: see [`Batch::kinks`].
    #[doc(hidden)]
    pub kinks: Vec<f64>,
    /// Mixed terms: exponents `[terms, variables]`.
    #[doc(hidden)]
    pub exponents: Vec<u8>,
    /// What is known of the result.
    pub report: Report,
}
