//! Which powers of their weights adjoints take, and elementwise powers.

use crate::scalar::Scalar;

/// Which power of its weights the adjoint of a linear operator takes at order k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponent {
    /// The first at every order: the transposed operator, as the adjoint of the exact method has it.
    One,
    /// The k-th: the published rule (HOPE, arXiv 2307.08192).
    Order,
}

impl Exponent {
    /// The power at an order.
    pub fn at(self, order: usize) -> i32 {
        match self {
            Self::One => 1,
            Self::Order => order as i32,
        }
    }
}

/// A power of two near a magnitude, for scaling without rounding; 1 for 0.
pub(crate) fn power_of_two_near(magnitude: f64) -> f64 {
    if magnitude > 0.0 && magnitude.is_finite() { magnitude.log2().round().exp2() } else { 1.0 }
}

/// Elementwise powers of weights, one after the other, scaled: `(w / s)^k` for a power of two s near the largest |w|.
///
/// The powers of small weights would underflow; scaled, the largest is about 1 at every order.
pub(super) struct Powers<T> {
    base: Vec<T>,
    power: Vec<T>,
    scale: f64,
    order: i32,
}

impl<T: Scalar> Powers<T> {
    pub fn of(weight: &[T]) -> Self {
        let largest = weight.iter().fold(0.0, |m: f64, w| m.max(w.f64().abs()));
        let scale = power_of_two_near(largest);
        let inverse = T::of(1.0 / scale);
        let base: Vec<T> = weight.iter().map(|&w| w * inverse).collect();
        Self { power: vec![T::one(); base.len()], base, scale, order: 0 }
    }

    /// The next power, from the first on, and `s^k`.
    pub fn next(&mut self) -> (&[T], T) {
        self.order += 1;
        self.power.iter_mut().zip(&self.base).for_each(|(power, &base)| *power *= base);
        (&self.power, T::of(self.scale.powi(self.order)))
    }
}
