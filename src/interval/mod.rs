//! Intervals of reals between two doubles, rounded outwards: whatever is computed with them contains the exact result.
//!
//! Sums, products, quotients and square roots are IEEE 754's, correctly rounded to the nearest double, so that the exact result lies no farther than the
//! neighbouring double: `next_down` and `next_up` are the whole proof. Elementary functions (`functions`) take nothing from the system's library of
//! functions, whose authors state no bound that they prove: they are sums of a few terms with an enclosed rest. Of the crates, `inari` has them all, but by
//! GMP and MPFR, which are in C and under the LGPL, and don't exist in browsers.
//!
//! What isn't a number becomes the whole line: an interval is never empty and never NaN.

mod functions;
pub mod series;

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The reals between two doubles, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// The next double below, which a result rounded to nearest can't be above by.
fn down(x: f64) -> f64 {
    if x.is_nan() { f64::NEG_INFINITY } else { x.next_down() }
}

/// The next double above.
fn up(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { x.next_up() }
}

/// Whether a sum is exact: the rest of Knuth's TwoSum is 0.
fn is_exact(a: f64, b: f64, sum: f64) -> bool {
    sum - a == b && sum - b == a && sum.is_finite()
}

/// A sum, rounded down.
fn sum_down(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if is_exact(a, b, sum) { sum } else { down(sum) }
}

/// A sum, rounded up.
fn sum_up(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if is_exact(a, b, sum) { sum } else { up(sum) }
}

/// A product in which 0 times infinity is 0: ends at infinity stand for finite reals of any size.
fn times(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

impl Interval {
    /// The number 0.
    pub const ZERO: Self = Self::point(0.0);
    /// The number 1.
    pub const ONE: Self = Self::point(1.0);
    /// All reals.
    pub const WHOLE: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// A single number.
    pub const fn point(x: f64) -> Self {
        Self { lo: x, hi: x }
    }

    /// Between two numbers; the whole line if one is NaN or they are the wrong way round.
    pub fn new(lo: f64, hi: f64) -> Self {
        if lo <= hi { Self { lo, hi } } else { Self::WHOLE }
    }

    /// `±radius`.
    pub fn within(radius: f64) -> Self {
        Self::new(-radius, radius)
    }

    /// The constant whose nearest double is `x`.
    pub const fn near(x: f64) -> Self {
        Self { lo: x.next_down(), hi: x.next_up() }
    }

    /// A double inside, near the middle.
    pub fn mid(self) -> f64 {
        if self.lo == f64::NEG_INFINITY || self.hi == f64::INFINITY {
            return 0.0f64.clamp(self.lo.max(f64::MIN), self.hi.min(f64::MAX));
        }
        self.lo.midpoint(self.hi)
    }

    /// The distance from a point to the farther end, rounded up.
    pub fn reach(self, from: f64) -> f64 {
        sum_up(self.hi, -from).max(sum_up(from, -self.lo))
    }

    /// The largest size of a number in it.
    pub fn mag(self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// Its width, rounded up.
    pub fn width(self) -> f64 {
        sum_up(self.hi, -self.lo)
    }

    /// Whether both ends are finite.
    pub fn is_finite(self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    /// Whether a number is in it.
    pub fn contains(self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// Whether all of another interval is in it.
    pub fn encloses(self, other: Self) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }

    /// What two have in common; if nothing, which two enclosures of the same number can't have, the first.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        if lo <= hi { Self { lo, hi } } else { self }
    }

    /// The least interval with both in it.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// `x²`, which isn't negative.
    #[must_use]
    pub fn square(self) -> Self {
        self.powi(2)
    }

    /// A whole power, not negative.
    #[must_use]
    pub fn powi(self, n: u32) -> Self {
        match n {
            0 => Self::ONE,
            1 => self,
            _ if n.is_multiple_of(2) && self.contains(0.0) => {
                Self { lo: 0.0, hi: Self::point(self.mag()).power(n).hi }
            }
            // Monotone on either side of 0.
            _ => Self::point(self.lo).power(n).hull(Self::point(self.hi).power(n)),
        }
    }

    /// By squaring.
    fn power(self, n: u32) -> Self {
        let (mut base, mut rest, mut result) = (self, n, Self::ONE);
        while rest > 0 {
            if rest % 2 == 1 {
                result = result * base;
            }
            base = base * base;
            rest /= 2;
        }
        result
    }

    /// The square root of what isn't negative in it.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let lo = down(self.lo.max(0.0).sqrt()).max(0.0);
        Self::new(lo, up(self.hi.max(0.0).sqrt()))
    }

    /// `1/x`; the whole line if 0 is in it.
    #[must_use]
    pub fn recip(self) -> Self {
        Self::ONE / self
    }

    /// The absolute values.
    #[must_use]
    pub fn abs(self) -> Self {
        let lo = if self.contains(0.0) { 0.0 } else { self.lo.abs().min(self.hi.abs()) };
        Self { lo, hi: self.mag() }
    }

    /// The image under a function that never falls, given its enclosures at points.
    fn rising(self, f: impl Fn(f64) -> Self) -> Self {
        if self.lo == self.hi {
            return f(self.lo);
        }
        Self { lo: f(self.lo).lo, hi: f(self.hi).hi }
    }
}

impl Add for Interval {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self { lo: sum_down(self.lo, other.lo), hi: sum_up(self.hi, other.hi) }
    }
}

impl Neg for Interval {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self { lo: -self.hi, hi: -self.lo }
    }
}

impl Sub for Interval {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Interval {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let (a, b) = (times(self.lo, other.lo), times(self.lo, other.hi));
        let (c, d) = (times(self.hi, other.lo), times(self.hi, other.hi));
        let (lo, hi) = (a.min(b).min(c.min(d)), a.max(b).max(c.max(d)));
        // A product is exactly 0 only of a 0: one that underflows is rounded as others are.
        let zero = |x: Self| x.lo == 0.0 && x.hi == 0.0;
        if zero(self) || zero(other) {
            return Self::ZERO;
        }
        let positive = self.lo >= 0.0 && other.lo >= 0.0;
        Self { lo: if positive { down(lo).max(0.0) } else { down(lo) }, hi: up(hi) }
    }
}

impl Div for Interval {
    type Output = Self;

    #[inline]
    fn div(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Self::WHOLE;
        }
        let (a, b) = (self.lo / other.lo, self.lo / other.hi);
        let (c, d) = (self.hi / other.lo, self.hi / other.hi);
        if [a, b, c, d].iter().any(|x| x.is_nan()) {
            return Self::WHOLE;
        }
        let (lo, hi) = (a.min(b).min(c.min(d)), a.max(b).max(c.max(d)));
        let positive = self.lo >= 0.0 && other.lo > 0.0;
        Self { lo: if positive { down(lo).max(0.0) } else { down(lo) }, hi: up(hi) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums and products of whole numbers are exact in `i128`.
    #[test]
    fn arithmetic_contains_the_exact_result() {
        let numbers = [0, 1, -1, 3, (1 << 53) - 1, -(1 << 53) + 3, 0x1234_5678_9abc, -77];
        let exact = |x: i128, i: Interval| {
            // Ends are whole numbers or nearer to x than to any other: compared as such.
            (i.lo == f64::NEG_INFINITY || i.lo.floor() as i128 <= x)
                && (i.hi == f64::INFINITY || i.hi.ceil() as i128 >= x)
        };
        for a in numbers {
            for b in numbers {
                let (x, y) = (Interval::point(a as f64), Interval::point(b as f64));
                assert!(exact(a + b, x + y) && exact(a - b, x - y) && exact(a * b, x * y), "{a} {b}");
                if b != 0 {
                    let q = x / y * y;
                    assert!(q.contains(a as f64), "{a} / {b}: {q:?}");
                }
            }
        }
        assert_eq!(Interval::ONE / Interval::new(-1.0, 1.0), Interval::WHOLE);
        assert_eq!(Interval::new(f64::NAN, 1.0), Interval::WHOLE);
        assert_eq!(Interval::WHOLE * Interval::ZERO, Interval::ZERO);
        assert_eq!(Interval::WHOLE - Interval::WHOLE, Interval::WHOLE);
        assert!(
            Interval::point(f64::MAX) + Interval::point(f64::MAX) == Interval::new(f64::MAX, f64::INFINITY)
        );
        assert!((Interval::point(1e-200) * Interval::point(1e-200)).hi > 0.0);
        assert_eq!(Interval::new(-2.0, 1.0).powi(2).lo, 0.0);
        assert!(Interval::new(-2.0, 1.0).powi(3).encloses(Interval::new(-8.0, 1.0)));
    }
}
