//! Arithmetic of truncated power series with normalised coefficients, `c[k] = f^(k)(0) / k!`.
//!
//! A series is a slice whose index is the order; a result is computed to the length of the output.
//! Missing coefficients of an argument are zero. Generic over the coefficient, so that one code
//! serves single numbers (activations) and tiles of neighbouring units (kernels).
//!
//! The recurrences are those of Griewank & Walther, *Evaluating Derivatives*, table 13.2.

pub mod limit;

use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

use crate::scalar::Scalar;

/// Highest order the engine computes.
pub const MAX_ORDER: usize = 30;

/// A coefficient: a number, or a [`Tile`] of them.
pub trait Coefficient<T: Scalar>:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
{
    /// The same number everywhere.
    fn splat(x: T) -> Self;

    /// A function of a number, applied to each.
    fn map(self, f: impl FnMut(T) -> T) -> Self;
}

impl<T: Scalar> Coefficient<T> for T {
    #[inline(always)]
    fn splat(x: T) -> Self {
        x
    }

    #[inline(always)]
    fn map(self, mut f: impl FnMut(T) -> T) -> Self {
        f(self)
    }
}

/// How many neighbouring units the kernels process side by side: one AVX-512 register of f32.
pub const TILE: usize = 16;

/// The same coefficient of [`TILE`] neighbouring units.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Tile<T>(pub [T; TILE]);

impl<T: Scalar> Tile<T> {
    /// Zero everywhere.
    pub const fn zero() -> Self
    where
        T: num_traits::ConstZero,
    {
        Self([T::ZERO; TILE])
    }

    /// Loads up to a tile of units; missing ones get `pad`.
    #[inline(always)]
    pub fn load(units: &[T], pad: T) -> Self {
        match units.first_chunk::<TILE>() {
            Some(full) => Self(*full),
            None => Self::load_part(units, pad),
        }
    }

    /// Stores as many units as `units` has room for.
    #[inline(always)]
    pub fn store(&self, units: &mut [T]) {
        match units.first_chunk_mut::<TILE>() {
            Some(full) => *full = self.0,
            None => self.store_part(units),
        }
    }

    // Apart, or else the compiler makes a single copy of variable length of both cases: a call of memcpy per tile.
    #[cold]
    #[inline(never)]
    fn load_part(units: &[T], pad: T) -> Self {
        let mut tile = [pad; TILE];
        tile[..units.len()].copy_from_slice(units);
        Self(tile)
    }

    #[cold]
    #[inline(never)]
    fn store_part(&self, units: &mut [T]) {
        let n = units.len();
        units.copy_from_slice(&self.0[..n]);
    }

    /// `self += a * b`.
    #[inline(always)]
    pub fn add_product(&mut self, a: &Self, b: &Self) {
        for lane in 0..TILE {
            self.0[lane] += a.0[lane] * b.0[lane];
        }
    }
}

impl<T: Scalar> Coefficient<T> for Tile<T> {
    #[inline(always)]
    fn splat(x: T) -> Self {
        Self([x; TILE])
    }

    #[inline(always)]
    fn map(self, f: impl FnMut(T) -> T) -> Self {
        Self(self.0.map(f))
    }
}

macro_rules! lanewise {
    ($($trait:ident $method:ident $assign:tt),*) => {$(
        impl<T: Scalar> $trait for Tile<T> {
            type Output = Self;

            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for lane in 0..TILE {
                    self.0[lane] $assign other.0[lane];
                }
                self
            }
        }
    )*};
}
lanewise!(Add add +=, Sub sub -=, Mul mul *=, Div div /=);

impl<T: Scalar> AddAssign for Tile<T> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<T: Scalar> SubAssign for Tile<T> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Coefficient `k` of the product of two series.
#[inline(always)]
pub fn product_at<T: Scalar, C: Coefficient<T>>(a: &[C], b: &[C], k: usize) -> C {
    let mut sum = C::splat(T::zero());
    let first = (k + 1).saturating_sub(b.len());
    for i in first..a.len().min(k + 1) {
        sum += a[i] * b[k - i];
    }
    sum
}

/// Product: `y_k = Σ a_i b_{k-i}`.
#[inline(always)]
pub fn multiply<T: Scalar, C: Coefficient<T>>(a: &[C], b: &[C], y: &mut [C]) {
    for (k, y) in y.iter_mut().enumerate() {
        *y = product_at(a, b, k);
    }
}

/// Quotient: `y_k = (a_k - Σ_{i≥1} b_i y_{k-i}) / b_0`.
#[inline(always)]
pub fn divide<T: Scalar, C: Coefficient<T>>(a: &[C], b: &[C], y: &mut [C]) {
    for k in 0..y.len() {
        let mut sum = a.get(k).copied().unwrap_or(C::splat(T::zero()));
        for i in 1..b.len().min(k + 1) {
            sum -= b[i] * y[k - i];
        }
        y[k] = sum / b[0];
    }
}

/// Exponential, `k y_k = Σ i u_i y_{k-i}`; `y[0]` is given by the caller, who may shift it.
#[inline(always)]
pub fn exponential<T: Scalar, C: Coefficient<T>>(u: &[C], y: &mut [C]) {
    for k in 1..y.len() {
        let mut sum = C::splat(T::zero());
        for i in 1..u.len().min(k + 1) {
            sum += C::splat(T::of(i as f64)) * u[i] * y[k - i];
        }
        y[k] = sum * C::splat(T::of(1.0 / k as f64));
    }
}

/// Logarithm, `y_k = (u_k - Σ_{0<i<k} (i/k) y_i u_{k-i}) / u_0`.
#[inline(always)]
pub fn logarithm<T: Scalar, C: Coefficient<T>>(u: &[C], y: &mut [C]) {
    y[0] = u[0].map(num_traits::Float::ln);
    for k in 1..y.len() {
        let mut sum = u.get(k).copied().unwrap_or(C::splat(T::zero()));
        for i in (k + 1).saturating_sub(u.len()).max(1)..k {
            sum -= C::splat(T::of(i as f64 / k as f64)) * y[i] * u[k - i];
        }
        y[k] = sum / u[0];
    }
}

/// Power with a constant exponent, `k u_0 y_k = Σ_{i≥1} (i p - (k-i)) u_i y_{k-i}`; `u[0]` must not be 0.
#[inline(always)]
pub fn power<T: Scalar, C: Coefficient<T>>(u: &[C], p: f64, y: &mut [C]) {
    y[0] = u[0].map(|x| num_traits::Float::powf(x, T::of(p)));
    for k in 1..y.len() {
        let mut sum = C::splat(T::zero());
        for i in 1..u.len().min(k + 1) {
            let factor = (i as f64 * p - (k - i) as f64) / k as f64;
            sum += C::splat(T::of(factor)) * u[i] * y[k - i];
        }
        y[k] = sum / u[0];
    }
}

/// Logistic function of a series: `y' = s v'`, `s' = s (1 - 2 y) v'` with `s = y (1 - y)`.
///
/// `s` is carried as a series of its own, so that nothing cancels in the tails.
#[inline(always)]
pub fn logistic<T: Scalar, C: Coefficient<T>>(v: &[C], y: &mut [C]) {
    let constant = |x: f64| C::splat(T::of(x));
    let (zero, one) = (constant(0.0), constant(1.0));
    let decay = v[0].map(|v| num_traits::Float::exp(-num_traits::Float::abs(v)));
    // 1 on one side of 0, 0 on the other.
    let left = v[0].map(|v| if v < T::zero() { T::one() } else { T::zero() });
    let right = one - left;
    let inverse = one / (one + decay);
    y[0] = (right + left * decay) * inverse;
    let one_minus_two_y = (left - right) * (one - decay) * inverse;
    let mut s = [zero; MAX_ORDER + 1];
    let mut tilt = [zero; MAX_ORDER + 1]; // s (1 - 2 y)
    s[0] = decay * inverse * inverse;
    for k in 0..y.len() - 1 {
        tilt[k] = s[k] * one_minus_two_y;
        for i in 1..=k {
            tilt[k] -= constant(2.0) * y[i] * s[k - i];
        }
        let (mut dy, mut ds) = (zero, zero);
        for i in 1..v.len().min(k + 2) {
            let slope = constant(i as f64) * v[i];
            dy += slope * s[k + 1 - i];
            ds += slope * tilt[k + 1 - i];
        }
        let inverse = constant(1.0 / (k + 1) as f64);
        y[k + 1] = dy * inverse;
        s[k + 1] = ds * inverse;
    }
}

/// `(x + t) y(t)`, in place.
#[inline(always)]
pub fn times_argument<T: Scalar, C: Coefficient<T>>(x: C, y: &mut [C]) {
    for k in (1..y.len()).rev() {
        y[k] = x * y[k] + y[k - 1];
    }
    y[0] = x * y[0];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotient_undoes_product() {
        let (a, b) = ([2.0, -1.0, 0.5, 3.0], [1.5, 0.25, -2.0]);
        let mut p = [0.0; 6];
        multiply(&a, &b, &mut p);
        let mut q = [0.0f64; 4];
        divide(&p, &b, &mut q);
        for (q, a) in q.iter().zip(a) {
            assert!((q - a).abs() < 1e-14);
        }
    }

    #[test]
    fn logarithm_undoes_exponential() {
        let u = [0.3, 1.0, -0.5, 0.25];
        let mut e = [f64::exp(0.3); 7];
        exponential(&u, &mut e);
        let mut l = [0.0f64; 7];
        logarithm(&e, &mut l);
        for (k, l) in l.iter().enumerate() {
            let u = u.get(k).copied().unwrap_or(0.0);
            assert!((l - u).abs() < 1e-14, "order {k}");
        }
    }

    #[test]
    fn tiles_compute_what_numbers_do() {
        let (a, b) = ([2.0, -1.0, 0.5], [1.5, 0.25, -2.0]);
        let mut y = [0.0; 5];
        divide(&a, &b, &mut y);
        let mut tiles = [Tile::splat(0.0); 5];
        divide(&a.map(Tile::splat), &b.map(Tile::splat), &mut tiles);
        for (tile, y) in tiles.iter().zip(y) {
            assert_eq!(tile.0, [y; TILE]);
        }
    }
}
