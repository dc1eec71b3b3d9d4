//! Powers of Laplacians of many variables, estimated along random rays.
//!
//! With ŝ a direction of d variables of length 1, all equally likely, `(ŝ·∂)^2m y = (2m)! c_2m(ŝ)`, whose mean is `(2m - 1)!! / (d (d + 2) … (d + 2m - 2)) Δ^m y`: on the
//! sphere `E (ŝ·ξ)^2m` is that times |ξ|^2m. So `Δ^m y` is the mean of `d (d + 2) … (d + 2m - 2) (2m)! / (2m - 1)!! c_2m(ŝ)`: of a biharmonic operator `8 d (d + 2) c_4`. With
//! v of normally distributed components it is that of `(2m)! / (2m - 1)!! c_2m(v)` (Hu et al., *Hutchinson Trace Estimation for High-Dimensional and High-Order
//! Physics-Informed Neural Networks*, arXiv 2312.14499); as |v| says nothing of y, taking the mean over it first leaves less to chance. Of a Laplacian components ±1 leave still less,
//! what the diagonal of the Hessian adds is exact then: `Δy` is the mean of `2 c_2(v)` (Hutchinson, *A stochastic estimator of the trace of the influence matrix*, 1990).
//!
//! All points have the same rays: their errors go together. The error is that of the mean, by how the K samples of a point differ: `s / √K`.

use super::operator::Sampled;
use crate::random::SplitMix;
use crate::rays::Directions;

/// What to make of the series along the rays.
#[derive(Debug)]
pub(super) struct Estimate {
    sampled: Sampled,
    /// What coefficients of the highest order are multiplied by.
    factor: f64,
}

impl Estimate {
    /// The rays of checked samples, and what to make of them.
    pub fn new(sampled: &Sampled, inputs: usize) -> (Self, Directions) {
        let Sampled { inputs: of, power, samples } = sampled;
        let mut random = SplitMix(samples.seed);
        let mut rows = vec![0.0; samples.count * inputs];
        for row in rows.chunks_exact_mut(inputs) {
            match power {
                1 => of.iter().for_each(|&i| row[i] = if random.bits() >> 63 == 0 { 1.0 } else { -1.0 }),
                _ => of.iter().zip(random.unit_vector(of.len())).for_each(|(&i, v)| row[i] = v),
            }
        }
        (
            Self { sampled: sampled.clone(), factor: factor(*power, of.len()) },
            Directions::Shared { inputs, rows },
        )
    }

    /// What is estimated.
    pub fn sampled(&self) -> &Sampled {
        &self.sampled
    }

    /// The estimate and its standard error; `series` are coefficients, `[orders, rays]`.
    pub fn combine(&self, series: &[f64]) -> (f64, f64) {
        let count = self.sampled.samples.count;
        let highest = &series[series.len() - count..];
        // Relative to the first, so that equal ones have no error.
        let share = 1.0 / count as f64;
        let mean = highest[0] + highest.iter().map(|c| c - highest[0]).sum::<f64>() * share;
        let squares: f64 = highest.iter().map(|c| (c - mean).powi(2)).sum();
        let error = (squares / (count - 1) as f64 * share).sqrt();
        (self.factor * mean, self.factor * error)
    }
}

/// The mean of so many times the coefficient of order 2 `power` is a power of the Laplacian in `d` variables.
fn factor(power: usize, d: usize) -> f64 {
    // (2m)! / (2m - 1)!! = 2 · 4 ⋯ 2m.
    let even: f64 = (1..=power).map(|i| 2.0 * i as f64).product();
    // Components ±1 have length √d.
    let sphere = |i: usize| (d + 2 * i) as f64;
    if power == 1 { even } else { even * (0..power).map(sphere).product::<f64>() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expansion::operator::Samples;

    /// Of x^α, along many rays, within five standard errors: Δ x² = 2, Δ² x⁴ = 24, Δ² x² y² = 8.
    #[test]
    fn monomials() {
        for (power, alpha, truth) in [
            (1, [2, 0, 0], 2.0),
            (1, [1, 1, 0], 0.0),
            (2, [4, 0, 0], 24.0),
            (2, [2, 2, 0], 8.0),
            (2, [3, 1, 0], 0.0),
        ] {
            let samples = Samples { count: 4000, seed: 3 };
            let (estimate, rays) = Estimate::new(&Sampled { inputs: vec![0, 2, 3], power, samples }, 4);
            let mut v = [0.0f64; 4];
            let along = (0..samples.count).map(|ray| {
                rays.write(0, ray, &mut v);
                assert_eq!(v[1], 0.0);
                [0, 2, 3].iter().zip(alpha).map(|(&i, a)| v[i].powi(a)).product()
            });
            let (found, error) = estimate.combine(&along.collect::<Vec<f64>>());
            assert!((found - truth).abs() <= 5.0 * error && error < 0.6, "{alpha:?}: {found} ± {error}");
        }
    }
}
