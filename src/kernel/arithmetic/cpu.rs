//! Sums, scaling by constants, products and quotients of series.

use multiversion::multiversion;

use crate::kernel::elementwise::pass_nothing;
use crate::kernel::layout::tiles;
use crate::kernel::{Constants, Exponent, Series, SeriesMut};
use crate::scalar::Scalar;
use crate::series::limit::{self, Known};
use crate::series::{self, Coefficient, MAX_ORDER, TILE, Tile};

/// `y = x`, or `y += x`, up to x's degree.
pub fn copy<T: Scalar>(x: Series<T>, y: &mut SeriesMut<T>, accumulate: bool) {
    for order in 0..=x.layout.degree {
        let (x, y) = (x.block(order), y.block(order));
        if accumulate {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += x;
            }
        } else {
            y.copy_from_slice(x);
        }
    }
    if !accumulate {
        y.clear_above(x.layout.degree);
    }
}

/// `y = scale ∘ x + shift`: the shift on order 0 only.
pub fn affine<T: Scalar>(
    scale: Option<Constants<T>>,
    shift: Option<Constants<T>>,
    x: Series<T>,
    y: &mut SeriesMut<T>,
) {
    y.data.copy_from_slice(x.data);
    if let Some(scale) = scale {
        scale.apply(y.data, |y, c| *y *= c);
    }
    if let Some(shift) = shift {
        shift.apply(y.block(0), |y, c| *y += c);
    }
}

/// `x̄[k] = scale z̄[k]`, or `scale^k z̄[k]`; or added to x̄.
pub fn affine_adjoint<T: Scalar>(
    scale: Option<Constants<T>>,
    exponent: Exponent,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
) {
    if !accumulate {
        x.clear_above(z.layout.degree);
    }
    for order in 0..=z.layout.degree {
        let mut scaled = z.block(order).to_vec();
        if let Some(scale) = scale {
            scale.apply(&mut scaled, |z, c| *z *= num_traits::Float::powi(c, exponent.at(order)));
        }
        for (x, z) in x.block(order).iter_mut().zip(scaled) {
            *x = if accumulate { *x + z } else { z };
        }
    }
}

/// Product of two series, `y_k = Σ a_i b_{k-i}`.
pub fn multiply<T: Scalar>(a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>) {
    pairwise(a, b, y, T::zero(), Multiply);
}

/// Quotient of two series, `y_k = (a_k - Σ_{i≥1} b_i y_{k-i}) / b_0`; where `b_0` is 0 its limit along each ray.
pub fn divide<T: Scalar>(a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>) {
    pairwise(a, b, y, T::one(), Divide);
    for sample in 0..y.layout.samples {
        for unit in 0..y.layout.units {
            let denominator = b.row(0, sample, 0)[unit];
            if denominator == T::zero() {
                limits(a, b, y, sample, unit);
            } else if limit::sound(denominator).is_nan() {
                y.row(0, sample, 0)[unit] = T::nan();
            }
        }
    }
}

/// The quotient of a unit whose denominator is 0. Its value is that along the first ray; a ray with another one has no series, as
/// the network has no value there.
fn limits<T: Scalar>(a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>, sample: usize, unit: usize) {
    let n = y.layout.degree;
    let mut value = T::nan();
    for lane in 0..if n == 0 { 0 } else { y.layout.lanes } {
        let read = |series: Series<T>| -> Vec<T> {
            (0..=series.layout.degree).map(|order| series.row(order, sample, lane)[unit]).collect()
        };
        let (s, t) = (read(a), read(b));
        let known = |coefficients, degree: usize| Known { coefficients, whole: degree < n };
        let mut quotient = vec![T::zero(); n + 1];
        limit::divide(known(&s, a.layout.degree), known(&t, b.layout.degree), &mut quotient);
        if lane == 0 {
            value = quotient[0];
        }
        let apart = num_traits::Float::abs(quotient[0] - value);
        let same = apart <= num_traits::Float::abs(value) * num_traits::Float::sqrt(T::epsilon());
        for order in 1..=n {
            y.row(order, sample, lane)[unit] = if same { quotient[order] } else { T::nan() };
        }
    }
    y.row(0, sample, 0)[unit] = value;
}

/// What [`pairwise`] does with the series of a tile of units.
trait Pairwise<T>: Copy {
    fn apply(self, a: &[Tile<T>], b: &[Tile<T>], y: &mut [Tile<T>]);
}

#[derive(Clone, Copy)]
struct Multiply;

impl<T: Scalar> Pairwise<T> for Multiply {
    #[inline(always)]
    fn apply(self, a: &[Tile<T>], b: &[Tile<T>], y: &mut [Tile<T>]) {
        series::multiply(a, b, y);
    }
}

#[derive(Clone, Copy)]
struct Divide;

impl<T: Scalar> Pairwise<T> for Divide {
    #[inline(always)]
    fn apply(self, a: &[Tile<T>], b: &[Tile<T>], y: &mut [Tile<T>]) {
        series::divide(a, b, y);
    }
}

#[derive(Clone, Copy)]
struct DivideBack;

impl<T: Scalar> Pairwise<T> for DivideBack {
    #[inline(always)]
    fn apply(self, z: &[Tile<T>], b: &[Tile<T>], x: &mut [Tile<T>]) {
        series::divide(z, b, x);
        if b[0].0.contains(&T::zero()) {
            limits_back(z, b, x);
        }
    }
}

/// The quotients of units whose denominator is 0; nothing passes where the adjoint is 0.
#[cold]
fn limits_back<T: Scalar>(z: &[Tile<T>], b: &[Tile<T>], x: &mut [Tile<T>]) {
    let n = x.len();
    for unit in (0..TILE).filter(|&unit| b[0].0[unit] == T::zero()) {
        let [mut s, mut t, mut quotient] = [[T::zero(); MAX_ORDER + 1]; 3];
        s.iter_mut().zip(z).for_each(|(s, z)| *s = z.0[unit]);
        t.iter_mut().zip(b).for_each(|(t, b)| *t = b.0[unit]);
        let known = |coefficients, length: usize| Known { coefficients, whole: length < n };
        if s.iter().any(|s| *s != T::zero()) {
            limit::divide(known(&s[..z.len()], z.len()), known(&t[..b.len()], b.len()), &mut quotient[..n]);
        }
        x.iter_mut().zip(&quotient).for_each(|(x, &quotient)| x.0[unit] = quotient);
    }
}

/// Applies an operation of two series tile by tile; `pad` fills tiles that are not full.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn pairwise<T: Scalar, F: Pairwise<T>>(a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>, pad: T, f: F) {
    let zero = Tile::splat(T::zero());
    let (mut s, mut t, mut r) = ([zero; MAX_ORDER + 1], [zero; MAX_ORDER + 1], [zero; MAX_ORDER + 1]);
    let (s_len, t_len, r_len) = (a.layout.degree + 1, b.layout.degree + 1, y.layout.degree + 1);
    for sample in 0..y.layout.samples {
        for units in tiles(y.layout.units) {
            // The order-0 row is shared by the lanes and there is one even without lanes.
            s[0] = Tile::load(&a.row(0, sample, 0)[units.clone()], pad);
            t[0] = Tile::load(&b.row(0, sample, 0)[units.clone()], pad);
            f.apply(&s[..1], &t[..1], &mut r[..1]);
            r[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            if r_len == 1 {
                continue;
            }
            for lane in 0..y.layout.lanes {
                a.load_higher(sample, lane, &units, pad, &mut s);
                b.load_higher(sample, lane, &units, pad, &mut t);
                f.apply(&s[..s_len], &t[..t_len], &mut r[..r_len]);
                y.store_higher(sample, lane, &units, &r);
            }
        }
    }
}

/// `x̄ = ± b z̄`, or added to x̄: what a product passes to one factor, by the series of the other. Block k of an adjoint is the coefficient of t^(k-1).
pub fn multiply_adjoint<T: Scalar>(
    negative: bool,
    b: Series<T>,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
) {
    let sign = if negative { -T::one() } else { T::one() };
    passed(b, z, x, T::zero(), sign, accumulate, Multiply);
}

/// `x̄ = z̄ / b`, or added to x̄: what a quotient passes to its numerator. Where b is 0 it is finite if z̄ has as many leading zeros as b.
pub fn divide_adjoint<T: Scalar>(b: Series<T>, z: Series<T>, x: &mut SeriesMut<T>, accumulate: bool) {
    passed(b, z, x, T::one(), T::one(), accumulate, DivideBack);
}

/// `x̄ = sign · f(z̄, b)` tile by tile, or added to x̄; `pad` fills tiles of b that are not full.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn passed<T: Scalar, F: Pairwise<T>>(
    b: Series<T>,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    pad: T,
    sign: T,
    accumulate: bool,
    f: F,
) {
    let zero = Tile::splat(T::zero());
    let (mut s, mut t, mut r) = ([zero; MAX_ORDER + 1], [zero; MAX_ORDER + 1], [zero; MAX_ORDER + 1]);
    let (given, degree, n) = (z.layout.degree, b.layout.degree, x.layout.degree);
    for sample in 0..x.layout.samples {
        for units in tiles(x.layout.units) {
            t[0] = Tile::load(&b.row(0, sample, 0)[units.clone()], pad);
            for lane in 0..x.layout.lanes {
                b.load_higher(sample, lane, &units, pad, &mut t);
                z.load_higher(sample, lane, &units, T::zero(), &mut s);
                f.apply(&s[1..=given], &t[..=degree.min(n - 1)], &mut r[1..=n]);
                r[1..=n].iter_mut().for_each(|r| *r = *r * Tile::splat(sign));
                pass_nothing(&t[0], &s[1..=given], &mut r[1..=n]);
                if accumulate {
                    x.add_higher(sample, lane, &units, &r);
                } else {
                    x.store_higher(sample, lane, &units, &r);
                }
            }
        }
    }
}
