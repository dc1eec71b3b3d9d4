//! Elementary functions of intervals, each a short sum with an enclosed rest.
//!
//! Everything is computed with intervals, whose rounding needs no analysis, but for the exponential function, which is most of the work: see [`exponential`].

use super::{Interval, down, up};

const LN_2_HIGH: f64 = 0.693_147_180_369_123_8; // 33 bits: its product with a whole number below 2^20 is exact
const LN_2_LOW: Interval = Interval::near(1.908_214_929_270_587_7e-10); // ln 2 less that
const HALF_PI: [f64; 2] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11]; // 33 bits each
const HALF_PI_REST: Interval = Interval::near(2.022_266_248_795_950_6e-21);

/// π.
pub const PI: Interval = Interval::near(std::f64::consts::PI);
const PI_HALF: Interval = Interval::near(std::f64::consts::FRAC_PI_2);
const TWO_OVER_SQRT_PI: Interval = Interval::near(std::f64::consts::FRAC_2_SQRT_PI);
const SQRT_HALF: Interval = Interval::near(std::f64::consts::FRAC_1_SQRT_2);

/// `1/n!`.
const fn inverse_factorial(n: u64) -> f64 {
    let (mut factorial, mut k) = (1u64, 2);
    while k <= n {
        factorial *= k;
        k += 1;
    }
    1.0 / factorial as f64 // exact up to 20!, but for the division
}

/// Terms of the exponential series.
const TERMS: usize = 15;

/// Σ r^k / (k + first)! for k below `TERMS`, in plain doubles.
fn exponential_sum(r: f64, first: usize) -> f64 {
    const INVERSE: [f64; TERMS + 1] = {
        let mut all = [1.0; TERMS + 1];
        let mut n = 0;
        while n <= TERMS {
            all[n] = inverse_factorial(n as u64);
            n += 1;
        }
        all
    };
    let last = INVERSE[TERMS - 1 + first];
    INVERSE[first..TERMS - 1 + first].iter().rev().fold(last, |sum, c| c + r * sum)
}

/// A positive number within 8 units of rounding, 2^-53, of what it stands for, relatively.
fn about(x: f64) -> Interval {
    const WITHIN: f64 = 8.0 / (1u64 << 53) as f64;
    let margin = up(x * WITHIN);
    Interval { lo: down(x - margin), hi: up(x + margin) }
}

/// `e^x`, at a point.
///
/// `x = k ln 2 + r` with `|r| < 0.36`. With u = 2^-53: r is off by less than `0.8 u` (two differences of numbers below 0.36 · 2, a product below
/// 1e-7). A step of Horner's scheme, `p ← c + r p` with `|p| < 1.5`, passes on an error e as `0.36 e` and adds at most `u (0.54 + 1.5 + 1)`, so that
/// no error exceeds `4.75 u`; the sum is at least `e^-0.36 > 0.69`, and what is cut off below `0.36^15 / 15! < 1e-18`. Together less than 8 u, relatively.
fn exponential(x: f64) -> Interval {
    if x.is_nan() {
        return Interval::WHOLE;
    }
    if x > 709.7 {
        return Interval { lo: 1e308, hi: f64::INFINITY }; // e^709.7 = 1.65e308
    }
    if x < -745.2 {
        return Interval { lo: 0.0, hi: f64::from_bits(1) }; // e^-745.2 = 2.3e-324
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW.lo;
    let sum = about(exponential_sum(r, 0));
    // By 2^k in two steps, of which only the second one rounds, and only below the normal numbers.
    let half = (k / 2.0).trunc();
    let scaled = |x: f64| x * power_of_two(half) * power_of_two(k - half);
    Interval { lo: down(scaled(sum.lo)).max(0.0), hi: up(scaled(sum.hi)) }
}

/// 2^k for whole k of normal numbers.
fn power_of_two(k: f64) -> f64 {
    f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// `e^x - 1` at a point; for small x the series without its first term, `r (1/1! + r/2! + …)`, off by less than 7 u by the same reasoning.
fn exponential_less_one(x: f64) -> Interval {
    if x.abs() < 0.36 {
        if x == 0.0 {
            return Interval::ZERO;
        }
        let sum = about(exponential_sum(x, 1));
        return Interval::point(x) * sum;
    }
    exponential(x) - Interval::ONE
}

/// `2 artanh s = ln((1+s)/(1-s)) = 2 (s + s³/3 + …)` for `|s| <= 0.34`: what is cut off is below the next term over `1 - s²`.
fn twice_artanh(s: Interval) -> Interval {
    const LAST: i16 = 35;
    let square = s.square();
    let rest = s.abs().powi(LAST as u32 + 2) / (Interval::ONE - square);
    let sum = (1..=LAST)
        .step_by(2)
        .rev()
        .fold(Interval::ZERO, |sum, n| sum * square + Interval::ONE / Interval::point(f64::from(n)));
    let sum = sum * s + Interval::within(rest.hi);
    sum + sum
}

/// `ln x` at a point.
fn logarithm(x: f64) -> Interval {
    if x == f64::INFINITY {
        return Interval { lo: 709.0, hi: x };
    }
    if x.is_nan() || x <= 0.0 {
        return Interval { lo: f64::NEG_INFINITY, hi: if x == 0.0 { -745.0 } else { f64::INFINITY } };
    }
    // Beneath the normal numbers: scaled by 2^54, exactly.
    let (x, shift) = if x < f64::MIN_POSITIVE { (x * (1u64 << 54) as f64, 54.0) } else { (x, 0.0) };
    let mut k = (x.to_bits() >> 52) as f64 - 1023.0;
    let mut m = f64::from_bits((x.to_bits() & ((1 << 52) - 1)) | (1023 << 52));
    if m > std::f64::consts::SQRT_2 {
        (m, k) = (m / 2.0, k + 1.0);
    }
    let k = k - shift;
    let m = Interval::point(m);
    let fraction = twice_artanh((m - Interval::ONE) / (m + Interval::ONE));
    Interval::point(k * LN_2_HIGH) + (Interval::point(k) * LN_2_LOW + fraction)
}

/// `ln(1 + u)` for u that isn't negative.
fn logarithm_of_one_and(u: Interval) -> Interval {
    if u.hi > 1.0 {
        return (Interval::ONE + u).ln();
    }
    twice_artanh(u / (u + Interval::point(2.0)))
}

/// Sine and cosine at a point, if its distance from a multiple of π/2 is known: up to about 1.6e6.
fn sine_and_cosine(x: f64) -> Option<(Interval, Interval)> {
    let k = (x * std::f64::consts::FRAC_2_PI).round();
    if k.is_nan() || k.abs() >= (1 << 20) as f64 {
        return None;
    }
    let less = |x: Interval, part: f64| x - Interval::point(k * part); // exact products
    let r = less(less(Interval::point(x), HALF_PI[0]), HALF_PI[1]) - Interval::point(k) * HALF_PI_REST;
    let square = r.square();
    // Alternating, with terms that fall: what is cut off is at most the next term, r^18/18! or r^19/19!: r^18 or r^19 times something within 1/18!.
    let term = |n: usize| Interval::near(inverse_factorial(n as u64));
    let series = |first: usize| {
        let signed = |n: usize| if (n - first).is_multiple_of(4) { term(n) } else { -term(n) };
        let rest = Interval::within(term(18).hi);
        (first..18).step_by(2).rev().fold(rest, |sum, n| sum * square + signed(n))
    };
    let unit = Interval { lo: -1.0, hi: 1.0 };
    let (sin, cos) = ((r * series(1)).meet(unit), series(0).meet(unit));
    Some(match (k as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    })
}

/// `arctan x` at a point that isn't negative: halved twice by `arctan x = 2 arctan(x / (1 + √(1+x²)))`, which leaves less than 0.2.
fn arc_tangent(x: f64) -> Interval {
    if x > 1.0 {
        return PI_HALF - arc_tangent_of(Interval::ONE / Interval::point(x));
    }
    arc_tangent_of(Interval::point(x))
}

fn arc_tangent_of(x: Interval) -> Interval {
    let half = |x: Interval| x / (Interval::ONE + (Interval::ONE + x.square()).sqrt());
    let x = half(half(x));
    let square = x.square();
    // Alternating, as above: x^27 times something within 1/27 is cut off.
    let sum = (0..13).rev().fold(Interval::within(1.0 / 26.0), |sum, n| {
        let term = Interval::ONE / Interval::point(f64::from(2 * n + 1));
        sum * square + if n % 2 == 0 { term } else { -term }
    });
    x * sum * Interval::point(4.0)
}

/// The error function at a point that isn't negative, up to 2: `2/√π e^{-x²} x Σ (2x²)^n / (1·3···(2n+1))`, of positive terms. Behind the last
/// one they fall by half at least.
fn error_function(x: f64) -> Interval {
    let x = Interval::point(x);
    let square = x.square();
    let twice = square + square;
    let (mut term, mut sum) = (Interval::ONE, Interval::ONE);
    for n in 1..=60 {
        term = term * twice / Interval::point(f64::from(2 * n + 1));
        sum = sum + term;
        if f64::from(2 * n + 3) > 2.0 * twice.hi && term.hi < 1e-18 * sum.lo {
            break;
        }
    }
    let sum = sum + Interval { lo: 0.0, hi: up(2.0 * term.hi) };
    TWO_OVER_SQRT_PI * (-square).exp() * x * sum
}

/// The complementary error function at a point above 2: Laplace's continued fraction `e^{-x²}/√π / (x + (1/2)/(x + 1/(x + (3/2)/(x + …))))`. Cut off
/// anywhere, what follows lies between x and `x + (n/2)/x`.
fn complement(x: f64) -> Interval {
    const DEPTH: i32 = 60;
    let square = Interval::point(x).square();
    let x = Interval::point(x);
    let half = |n: i32| Interval::point(f64::from(n) / 2.0);
    let rest = x.hull(x + half(DEPTH + 1) / x);
    let fraction = (1..=DEPTH).rev().fold(rest, |rest, n| x + half(n) / rest);
    (-square).exp() * TWO_OVER_SQRT_PI / (fraction + fraction)
}

/// `1 - erf x` at a point.
fn complementary_error_function(x: f64) -> Interval {
    if x.is_nan() {
        Interval::WHOLE
    } else if x > 27.5 {
        Interval { lo: 0.0, hi: f64::from_bits(1) } // erfc(27.5) = 5.8e-331
    } else if x > 2.0 {
        complement(x)
    } else if x >= 0.0 {
        Interval::ONE - error_function(x)
    } else {
        Interval::point(2.0) - complementary_error_function(-x)
    }
}

impl Interval {
    /// `e^x`.
    #[must_use]
    pub fn exp(self) -> Self {
        self.rising(exponential)
    }

    /// `e^x - 1`.
    #[must_use]
    pub fn exp_m1(self) -> Self {
        self.rising(exponential_less_one).meet(Self { lo: -1.0, hi: f64::INFINITY })
    }

    /// `ln x` of what is positive in it.
    #[must_use]
    pub fn ln(self) -> Self {
        self.rising(logarithm)
    }

    /// Sine.
    #[must_use]
    pub fn sin(self) -> Self {
        // Greatest at π/2, least at -π/2.
        self.wave(|x| sine_and_cosine(x).map(|(sin, _)| sin), PI_HALF, -PI_HALF)
    }

    /// Cosine.
    #[must_use]
    pub fn cos(self) -> Self {
        self.wave(|x| sine_and_cosine(x).map(|(_, cos)| cos), Self::ZERO, PI)
    }

    /// The image under a function of period 2π between -1 and 1, monotone between its greatest and its least value.
    fn wave(self, f: impl Fn(f64) -> Option<Self>, greatest: Self, least: Self) -> Self {
        let unit = Self { lo: -1.0, hi: 1.0 };
        let (Some(a), Some(b)) = (f(self.lo), f(self.hi)) else { return unit };
        let meets = |place: Self| {
            let turns = (self - place) / (PI + PI);
            turns.hi.floor() >= turns.lo.ceil()
        };
        let mut image = a.hull(b);
        if self.lo < self.hi {
            image.hi = if meets(greatest) { 1.0 } else { image.hi };
            image.lo = if meets(least) { -1.0 } else { image.lo };
        }
        image.meet(unit)
    }

    /// Tangent; the whole line if a pole may be in it.
    #[must_use]
    pub fn tan(self) -> Self {
        // Without a zero of the cosine it rises.
        if self.cos().contains(0.0) || self.width() >= 3.0 {
            return Self::WHOLE;
        }
        let at = |x: f64| sine_and_cosine(x).map_or(Self::WHOLE, |(sin, cos)| sin / cos);
        self.rising(at)
    }

    /// Hyperbolic sine.
    #[must_use]
    pub fn sinh(self) -> Self {
        self.odd(|x| {
            let e = exponential_less_one(x);
            let half = Self::point(0.5);
            if x > 700.0 {
                exponential(x) * Self { lo: 0.5f64.next_down(), hi: 0.5 }
            } else {
                (e + e / (e + Self::ONE)) * half
            }
        })
    }

    /// Hyperbolic cosine.
    #[must_use]
    pub fn cosh(self) -> Self {
        let at = |x: f64| {
            let e = exponential(x);
            if x > 700.0 {
                e * Self { lo: 0.5, hi: 0.5f64.next_up() }
            } else {
                ((e + Self::ONE / e) * Self::point(0.5)).meet(Self { lo: 1.0, hi: f64::INFINITY })
            }
        };
        self.abs().rising(at)
    }

    /// Hyperbolic tangent.
    #[must_use]
    pub fn tanh(self) -> Self {
        self.odd(|x| {
            let decay = exponential_less_one(-2.0 * x);
            (-decay / (Self::point(2.0) + decay)).meet(Self { lo: 0.0, hi: 1.0 })
        })
    }

    /// `1 / (1 + e^{-x})`.
    #[must_use]
    pub fn logistic(self) -> Self {
        self.rising(|x| {
            let e = exponential(-x.abs());
            let above = Self::ONE + e;
            (if x < 0.0 { e / above } else { Self::ONE / above }).meet(Self { lo: 0.0, hi: 1.0 })
        })
    }

    /// `ln(1 + e^x)`.
    #[must_use]
    pub fn softplus(self) -> Self {
        self.rising(|x| Self::point(x.max(0.0)) + logarithm_of_one_and(exponential(-x.abs())))
    }

    /// Arc tangent.
    #[must_use]
    pub fn atan(self) -> Self {
        self.odd(arc_tangent)
    }

    /// Arc sine of what is between -1 and 1 in it.
    #[must_use]
    pub fn asin(self) -> Self {
        self.meet(Self { lo: -1.0, hi: 1.0 }).odd(|x| {
            if x >= 1.0 {
                return PI_HALF;
            }
            let x = Self::point(x);
            let tangent = x / ((Self::ONE - x) * (Self::ONE + x)).sqrt();
            Self { lo: arc_tangent(tangent.lo).lo, hi: arc_tangent(tangent.hi).hi }
        })
    }

    /// Arc cosine of what is between -1 and 1 in it.
    #[must_use]
    pub fn acos(self) -> Self {
        let arc = PI_HALF - self.asin();
        Self { lo: arc.lo.max(0.0), hi: arc.hi }
    }

    /// Inverse hyperbolic sine: `ln(1 + u + u² / (1 + √(1+u²)))`.
    #[must_use]
    pub fn asinh(self) -> Self {
        self.odd(|x| {
            let u = Self::point(x);
            if x > 1e150 {
                return u.ln() + Self::point(2.0).ln() + Self { lo: 0.0, hi: 1e-15 };
            }
            let square = u.square();
            logarithm_of_one_and(u + square / (Self::ONE + (Self::ONE + square).sqrt()))
        })
    }

    /// Inverse hyperbolic cosine of what is from 1 on in it: `ln(1 + d + √(d (d+2)))`, `d = x - 1`.
    #[must_use]
    pub fn acosh(self) -> Self {
        self.rising(|x| {
            let d = (Self::point(x.max(1.0)) - Self::ONE).meet(Self { lo: 0.0, hi: f64::INFINITY });
            if x > 1e150 {
                return Self::point(x).ln() + Self::point(2.0).ln() + Self { lo: -1e-15, hi: 0.0 };
            }
            logarithm_of_one_and(d + (d * (d + Self::point(2.0))).sqrt())
        })
    }

    /// Inverse hyperbolic tangent of what is between -1 and 1 in it.
    #[must_use]
    pub fn atanh(self) -> Self {
        self.odd(|x| {
            let u = Self::point(x);
            if x <= 1.0 / 3.0 {
                return twice_artanh(u) * Self::point(0.5);
            }
            let quotient = if x < 1.0 {
                (Self::ONE + u) / (Self::ONE - u)
            } else {
                Self { lo: 1e16, hi: f64::INFINITY }
            };
            quotient.ln() * Self::point(0.5)
        })
    }

    /// The error function.
    #[must_use]
    pub fn erf(self) -> Self {
        self.odd(|x| {
            let value = if x > 2.0 { Self::ONE - complementary_error_function(x) } else { error_function(x) };
            value.meet(Self { lo: 0.0, hi: 1.0 })
        })
    }

    /// The distribution function of the normal distribution, `erfc(-x/√2) / 2`.
    #[must_use]
    pub fn normal_distribution(self) -> Self {
        let falling = |x: f64| {
            // Of the quotient's ends: it falls.
            let x = Self::point(x) * SQRT_HALF;
            let (near, far) = (complementary_error_function(x.lo), complementary_error_function(x.hi));
            Self { lo: far.lo, hi: near.hi } * Self::point(0.5)
        };
        self.rising(|x| falling(-x))
    }

    /// `x^p` of what is positive in it.
    #[must_use]
    pub fn powf(self, p: f64) -> Self {
        if p.fract() == 0.0 && p.abs() <= 64.0 {
            let power = self.powi(p.abs() as u32);
            return if p < 0.0 { power.recip() } else { power };
        }
        (self.ln() * Self::point(p)).exp()
    }

    /// The image under an odd function that never falls, given at points that aren't negative.
    fn odd(self, f: impl Fn(f64) -> Self) -> Self {
        self.rising(|x| {
            if x < 0.0 {
                -f(-x)
            } else if x == 0.0 {
                Self::ZERO
            } else {
                f(x)
            }
        })
    }
}
