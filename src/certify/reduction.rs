//! Softmax, log-softmax and layer normalisation of neighbouring units, by the operations that they are made of.
//!
//! The softmax is shifted by the unit that is the largest in the middle of the region: its exponential is 1, so that their sum is at least 1 whatever
//! the region is.

use super::affine::sums;
use super::elementwise::apply;
use super::functions::Outside;
use super::models::{Models, Space};
use super::product::multiply;
use crate::activation::{Activation, Exp, Log, Pow, Reciprocal};
use crate::interval::Interval;

const FROM_ONE: Interval = Interval { lo: 1.0, hi: f64::INFINITY };

/// Softmax over groups of `axis` units, or its logarithm.
pub(super) fn softmax(space: &Space, axis: usize, log: bool, x: &Models) -> Result<Models, Outside> {
    let middle = x.row(0);
    let reference = |unit: usize| {
        let group = unit / axis * axis..(unit / axis + 1) * axis;
        group.fold(unit / axis * axis, |best, i| if middle[i] > middle[best] { i } else { best })
    };
    let reference: Vec<usize> = (0..x.units).map(reference).collect();
    let mut shifted = x.plus(&x.gather(&reference), -1.0);
    for (unit, _) in reference.iter().enumerate().filter(|(unit, reference)| unit == *reference) {
        shifted.set(unit, 0.0);
    }
    let (exponentials, _) = apply(space, &Activation::from(Exp), &shifted, Interval::WHOLE)?;
    let total = sums(axis, &exponentials);
    let spread: Vec<usize> = (0..x.units).map(|unit| unit / axis).collect();
    if log {
        let (logs, _) = apply(space, &Activation::from(Log), &total, FROM_ONE)?;
        return Ok(shifted.plus(&logs.gather(&spread), -1.0));
    }
    let (inverse, _) = apply(space, &Activation::from(Reciprocal), &total, FROM_ONE)?;
    Ok(multiply(space, &exponentials, &inverse.gather(&spread)))
}

/// `(x - mean) / √(var + ε)` of groups of `axis` units.
pub(super) fn normalize(space: &Space, axis: usize, epsilon: f64, x: &Models) -> Result<Models, Outside> {
    let count = axis as f64;
    let spread: Vec<usize> = (0..x.units).map(|unit| unit / axis).collect();
    // The mean by sums and a division that is rounded once.
    let mean = |x: &Models| divided(&sums(axis, x), count);
    let centred = x.plus(&mean(x).gather(&spread), -1.0);
    let mut variance = mean(&multiply(space, &centred, &centred));
    variance.shift(|_| epsilon);
    let within = Interval { lo: epsilon, hi: f64::INFINITY };
    let (scale, _) = apply(space, &Activation::from(Pow { exponent: -0.5 }), &variance, within)?;
    Ok(multiply(space, &centred, &scale.gather(&spread)))
}

/// Divided by a whole number.
fn divided(x: &Models, by: f64) -> Models {
    let mut quotient = x.clone();
    quotient.coefficients.iter_mut().chain(&mut quotient.noise).for_each(|c| *c /= by);
    for (radius, size) in quotient.radius.iter_mut().zip(x.sizes()) {
        *radius = super::rounding::at_most_of_products(
            (*radius + super::rounding::UNIT * size) / by,
            x.rows() + x.symbols() + 2,
        );
    }
    quotient
}
