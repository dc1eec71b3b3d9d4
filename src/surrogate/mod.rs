//! A Taylor polynomial in place of its network, near its centre: how far off it is, and how far it reaches.
//!
//! - [`Surrogate`]: a polynomial beside the network that it stands for: [`Accuracy`] over a ball, and the largest ball within a
//!   tolerance ([`Reach`]);
//! - [`Principal`]: the directions in which data vary most, for networks of many inputs.
//!
//! Errors are **measured at random points, not bounded**: half of them spread evenly over the ball, for the mean; half on its
//! sphere, where a Taylor polynomial is usually worst, for the largest. The ball is one of the polynomial's own
//! variables: inputs, or coordinates t of a subspace `x = x0 + S t`.

mod principal;
mod reach;

pub use principal::Principal;
pub use reach::Reach;

use crate::backend::Place;
use crate::error::{Error, Result};
use crate::forward::Forward;
use crate::model::Model;
use crate::polynomial::TaylorPolynomial;
use crate::random::SplitMix;

/// A polynomial beside the network that it stands for.
///
/// ```
/// use hope::activation::Exp;
/// use hope::model::Model;
/// use hope::surrogate::Surrogate;
/// use hope::{Request, TaylorPolynomial, Terms, expand};
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Exp)?;
/// let model = b.build(y)?;
///
/// let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0], 2) };
/// let p = TaylorPolynomial::from_expansion(&expand(&model, &request)?, &request, 0, 0)?;
/// let surrogate = Surrogate::new(&p, &model, 0)?;
/// let accuracy = surrogate.accuracy(0.5, 1000, 1)?;
/// assert!((accuracy.largest - (0.5f64.exp() - 1.625)).abs() < 1e-12); // at the right end: exp(r) - 1 - r - r²/2
/// let reach = surrogate.reach(1e-3, 0.1, 1000, 1)?;
/// assert!((reach.accuracy.radius.exp() - p.evaluate(&[reach.accuracy.radius])? - 1e-3).abs() < 2e-5);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Debug)]
pub struct Surrogate<'a> {
    polynomial: &'a TaylorPolynomial,
    network: Forward,
}

/// How far a polynomial is from its network over a ball, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Radius of the ball, in the polynomial's variables.
    pub radius: f64,
    /// Number of random points, half of them in the ball, half on its sphere.
    pub samples: usize,
    /// Largest error at any of them.
    pub largest: f64,
    /// Mean of the absolute error in the ball.
    pub mean: f64,
    /// Root mean square of the error in the ball.
    pub rms: f64,
    /// Standard deviation of the network's values in the ball: errors are small or large in comparison with it.
    pub spread: f64,
}

impl<'a> Surrogate<'a> {
    /// A polynomial and output `output` of the network that it stands for; with a stand-in for a network with kinks, the
    /// network itself.
    ///
    /// # Errors
    /// If the network has no such output, or other inputs than the polynomial.
    pub fn new(polynomial: &'a TaylorPolynomial, model: &Model, output: usize) -> Result<Self> {
        let inputs = polynomial.frame().map_or(polynomial.centre().len(), |frame| frame.origin().len());
        if inputs != model.inputs() {
            return Err(Error::Size {
                expected: model.inputs(),
                given: inputs,
                cause: format!(
                    "the polynomial is one of {inputs} inputs, the network has {}",
                    model.inputs()
                ),
            });
        }
        Ok(Self { polynomial, network: Forward::new(model, Some(&[output]), &Place::default())? })
    }

    /// Measures over the ball of a radius around the centre; equal seeds give equal points.
    ///
    /// # Errors
    /// If the radius is not positive, there are fewer than 4 samples, or network or polynomial have no finite value
    /// somewhere in the ball.
    pub fn accuracy(&self, radius: f64, samples: usize, seed: u64) -> Result<Accuracy> {
        if !(radius > 0.0 && radius.is_finite()) {
            return Err(Error::not_positive("radius", radius));
        }
        if samples < 4 {
            let cause = format!("{samples} samples are too few: take at least 4");
            return Err(Error::TooFew { given: samples, least: 4, cause });
        }
        let variables = self.polynomial.centre().len();
        let inside = samples / 2;
        let mut points = ball(variables, samples, inside, seed);
        for point in points.chunks_exact_mut(variables) {
            point.iter_mut().zip(self.polynomial.centre()).for_each(|(x, c)| *x = c + radius * *x);
        }
        let (found, truth) = self.both(&points, &format!("the ball of radius {radius}"))?;
        let errors: Vec<f64> = found.iter().zip(&truth).map(|(f, t)| (f - t).abs()).collect();
        let (errors_inside, truth_inside) = (&errors[..inside], &truth[..inside]);
        let mean = |numbers: &mut dyn Iterator<Item = f64>| numbers.sum::<f64>() / inside as f64;
        let centre = mean(&mut truth_inside.iter().copied());
        Ok(Accuracy {
            radius,
            samples,
            largest: errors.iter().copied().fold(0.0, f64::max),
            mean: mean(&mut errors_inside.iter().copied()),
            rms: mean(&mut errors_inside.iter().map(|e| e * e)).sqrt(),
            spread: mean(&mut truth_inside.iter().map(|t| (t - centre).powi(2))).sqrt(),
        })
    }

    /// The error at the centre: zero up to rounding, unless the polynomial is that of a stand-in.
    ///
    /// # Errors
    /// If the network has no finite value there.
    pub fn error_at_centre(&self) -> Result<f64> {
        let (found, truth) = self.both(self.polynomial.centre(), "the point")?;
        Ok((found[0] - truth[0]).abs())
    }

    /// Values of polynomial and network at points of the polynomial, `[points, variables]`, in a region of this name.
    fn both(&self, points: &[f64], region: &str) -> Result<(Vec<f64>, Vec<f64>)> {
        let found = self.polynomial.evaluate_batch(points)?;
        let run = |points: &[f64]| {
            let inputs = self.polynomial.frame().map_or(self.polynomial.centre().len(), |f| f.origin().len());
            self.network.run(points).map_err(|error| error.in_region(points, inputs, region))
        };
        let truth = match self.polynomial.frame() {
            None => run(points)?,
            Some(frame) => {
                let mut values = Vec::with_capacity(found.len());
                // In parts: the inputs may be many more than the variables.
                for part in points.chunks(256 * frame.variables()) {
                    let mut inputs = Vec::new();
                    for point in part.chunks_exact(frame.variables()) {
                        inputs.extend(self.polynomial.to_inputs(point)?);
                    }
                    values.extend(run(&inputs)?);
                }
                values
            }
        };
        Ok((found, truth))
    }
}

/// Random points `[samples, dimensions]`: the first `inside` spread evenly over the unit ball, the others over its sphere.
fn ball(dimensions: usize, samples: usize, inside: usize, seed: u64) -> Vec<f64> {
    let mut random = SplitMix(seed);
    let mut points = Vec::with_capacity(samples * dimensions);
    for i in 0..samples {
        let direction = random.unit_vector(dimensions);
        // The volume within a distance r grows as r^d.
        let distance = if i < inside { random.uniform().powf(1.0 / dimensions as f64) } else { 1.0 };
        points.extend(direction.iter().map(|v| distance * v));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_fill_the_ball_and_its_sphere() {
        for dimensions in [1, 2, 5] {
            let points = ball(dimensions, 4000, 3000, 3);
            let norms: Vec<f64> = points
                .chunks_exact(dimensions)
                .map(|point| point.iter().map(|x| x * x).sum::<f64>().sqrt())
                .collect();
            assert!(norms[3000..].iter().all(|r| (r - 1.0).abs() < 1e-12));
            // Evenly spread: E r² = d / (d + 2), and a share of 2^-d within half the radius.
            let inside = &norms[..3000];
            let square = inside.iter().map(|r| r * r).sum::<f64>() / 3000.0;
            let wanted = dimensions as f64 / (dimensions + 2) as f64;
            assert!((square - wanted).abs() < 0.02, "{square} {wanted}");
            let share = inside.iter().filter(|r| **r < 0.5).count() as f64 / 3000.0;
            assert!((share - 0.5f64.powi(dimensions as i32)).abs() < 0.03, "{share}");
            let mean = points.iter().sum::<f64>() / points.len() as f64;
            assert!(mean.abs() < 0.04, "{mean}");
        }
    }
}
