//! Truncated series in several variables.
//!
//! With the products of monomials other than 1 from the table, `y_α = a_0 b_α + a_α b_0 + Σ a_β b_γ`. A quotient solves that for y. A
//! composition `Σ a_j u^j`, u without constant term, is Horner's scheme, stage j to degree n - j; in place from the highest monomial down, as
//! `y u` has y's lower monomials only. Of a linear u the powers have one degree each, and each follows from the one before.

use multiversion::multiversion;

use crate::activation::Activation;
use crate::kernel::elementwise::{choose_branches, taylor_tile};
use crate::kernel::kink::Grading;
use crate::kernel::layout::tiles;
use crate::kernel::{Series, SeriesMut, Side};
use crate::monomials::Monomials;
use crate::scalar::Scalar;
use crate::series::limit::sound;
use crate::series::{Coefficient, MAX_ORDER, Tile};

/// `y = σ(x)`; a unit on a kink takes the branch of the sign of its first coefficient that isn't zero.
pub fn compose<T: Scalar>(
    function: Activation,
    monomials: &Monomials,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    side: Side,
) {
    let order = monomials.degree(y.layout.degree);
    let terms = function.polynomial_degree().map_or(order, |degree| degree.min(order));
    let zero = Tile::splat(T::zero());
    let mut a = [zero; MAX_ORDER + 1];
    let mut u = vec![zero; x.layout.degree + 1];
    let mut result = vec![zero; y.layout.degree + 1];
    let kinks: Vec<T> = function.kinks().into_iter().map(T::of).collect();
    for sample in 0..y.layout.samples {
        for units in tiles(y.layout.units) {
            let primal = &x.row(0, sample, 0)[units.clone()];
            taylor_tile(function, primal, &mut a[..=order]);
            // There is no series about infinity, though a function may have a limit there.
            for (unit, _) in primal.iter().enumerate().filter(|(_, x)| x.is_infinite()) {
                a[0].0[unit] = T::of(f64::NAN);
            }
            a[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            if y.layout.degree == 0 {
                continue;
            }
            let on_kink = primal.iter().any(|x| kinks.contains(x));
            for lane in 0..y.layout.lanes {
                x.load_higher(sample, lane, &units, T::zero(), &mut u);
                if on_kink {
                    let grading = Grading::Several(monomials);
                    choose_branches(function, &kinks, grading, primal, &u, side, &mut a[..=order]);
                }
                if x.layout.degree <= monomials.blocks_to(1) {
                    compose_line(monomials, &a[..=terms], &u, &mut result);
                } else {
                    horner(monomials, &a[..=terms], &u, &mut result);
                }
                y.store_higher(sample, lane, &units, &result);
            }
        }
    }
}

/// `Σ_{j≥1} a_j u^j` for a linear u: `(u^k)_α = Σ_i u_i (u^{k-1})_{α-e_i}`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn compose_line<T: Scalar>(monomials: &Monomials, a: &[Tile<T>], u: &[Tile<T>], y: &mut [Tile<T>]) {
    let zero = Tile::splat(T::zero());
    let lines = u.len();
    y.fill(zero);
    let end = (monomials.blocks_to(a.len() - 1) + 1).min(y.len());
    // The powers of u first, then times the function's coefficients.
    for alpha in 1..end {
        if alpha < lines {
            y[alpha] = u[alpha];
            continue;
        }
        let mut sum = zero;
        for &[beta, gamma] in monomials.products(alpha) {
            let (beta, gamma) = (beta as usize, gamma as usize);
            if beta >= lines {
                break;
            }
            sum.add_product(&u[beta], &y[gamma]);
            if gamma < lines && gamma != beta {
                sum.add_product(&u[gamma], &y[beta]);
            }
        }
        y[alpha] = sum;
    }
    for (alpha, y) in y.iter_mut().enumerate().take(end).skip(1) {
        *y = *y * a[monomials.degree(alpha)];
    }
}

/// `Σ_{j≥1} a_j u^j`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn horner<T: Scalar>(monomials: &Monomials, a: &[Tile<T>], u: &[Tile<T>], y: &mut [Tile<T>]) {
    let zero = Tile::splat(T::zero());
    let (terms, order) = (a.len() - 1, monomials.degree(y.len() - 1));
    y.fill(zero);
    for j in (1..=terms).rev() {
        // y := (y + a_j) u, to degree n - j + 1.
        for alpha in (1..=monomials.blocks_to(order + 1 - j)).rev() {
            let mut sum = if alpha < u.len() { a[j] * u[alpha] } else { zero };
            if j < terms {
                for &[beta, gamma] in monomials.products(alpha) {
                    let (beta, gamma) = (beta as usize, gamma as usize);
                    if beta >= u.len() {
                        break;
                    }
                    sum.add_product(&u[beta], &y[gamma]);
                    if gamma != beta && gamma < u.len() {
                        sum.add_product(&u[gamma], &y[beta]);
                    }
                }
            }
            y[alpha] = sum;
        }
    }
}

/// Product of two series.
pub fn multiply<T: Scalar>(monomials: &Monomials, a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>) {
    pairwise(a, b, y, T::zero(), |a, b, y| product(monomials, a, b, y));
}

/// Quotient of two series; there is none by a number that was lost on the way, nor by 0.
pub fn divide<T: Scalar>(monomials: &Monomials, a: Series<T>, b: Series<T>, y: &mut SeriesMut<T>) {
    pairwise(a, b, y, T::one(), |a, b, y| quotient(monomials, a, b, y));
}

/// Blocks above those of a series are zero: monomials are numbered by degree.
fn get<T: Scalar>(series: &[Tile<T>], monomial: usize) -> Tile<T> {
    series.get(monomial).copied().unwrap_or(Tile::splat(T::zero()))
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn product<T: Scalar>(monomials: &Monomials, a: &[Tile<T>], b: &[Tile<T>], y: &mut [Tile<T>]) {
    y[0] = a[0] * b[0];
    for alpha in 1..y.len() {
        let mut sum = a[0] * get(b, alpha) + get(a, alpha) * b[0];
        for &[beta, gamma] in monomials.products(alpha) {
            let (beta, gamma) = (beta as usize, gamma as usize);
            if beta < a.len() && gamma < b.len() {
                sum.add_product(&a[beta], &b[gamma]);
            }
            if beta != gamma && gamma < a.len() && beta < b.len() {
                sum.add_product(&a[gamma], &b[beta]);
            }
        }
        y[alpha] = sum;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn quotient<T: Scalar>(monomials: &Monomials, a: &[Tile<T>], b: &[Tile<T>], y: &mut [Tile<T>]) {
    let divisor = b[0].map(sound);
    y[0] = a[0] / divisor;
    for alpha in 1..y.len() {
        let mut sum = get(a, alpha) - get(b, alpha) * y[0];
        for &[beta, gamma] in monomials.products(alpha) {
            let (beta, gamma) = (beta as usize, gamma as usize);
            if beta < b.len() {
                sum -= b[beta] * y[gamma];
            }
            if beta != gamma && gamma < b.len() {
                sum -= b[gamma] * y[beta];
            }
        }
        y[alpha] = sum / divisor;
    }
}

/// Applies an operation of two series tile by tile; `pad` fills tiles that are not full.
fn pairwise<T: Scalar>(
    a: Series<T>,
    b: Series<T>,
    y: &mut SeriesMut<T>,
    pad: T,
    f: impl Fn(&[Tile<T>], &[Tile<T>], &mut [Tile<T>]),
) {
    let series = |degree: usize| vec![Tile::splat(T::zero()); degree + 1];
    let (mut s, mut t, mut r) = (series(a.layout.degree), series(b.layout.degree), series(y.layout.degree));
    for sample in 0..y.layout.samples {
        for units in tiles(y.layout.units) {
            s[0] = Tile::load(&a.row(0, sample, 0)[units.clone()], pad);
            t[0] = Tile::load(&b.row(0, sample, 0)[units.clone()], pad);
            f(&s[..1], &t[..1], &mut r[..1]);
            r[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            if y.layout.degree == 0 {
                continue;
            }
            for lane in 0..y.layout.lanes {
                a.load_higher(sample, lane, &units, pad, &mut s);
                b.load_higher(sample, lane, &units, pad, &mut t);
                f(&s, &t, &mut r);
                y.store_higher(sample, lane, &units, &r);
            }
        }
    }
}

/// Every unit less the unit of its group that is the largest at the point: the first among equals, a NaN before all.
pub fn relative<T: Scalar>(axis: usize, x: Series<T>, y: &mut SeriesMut<T>) {
    for sample in 0..x.layout.samples {
        let larger = |group: &[T]| {
            let better = |best: usize, i: usize| {
                let wins = group[i] > group[best] || (group[i].is_nan() && !group[best].is_nan());
                if wins { i } else { best }
            };
            (0..axis).fold(0, better)
        };
        let largest: Vec<usize> = x.row(0, sample, 0).chunks_exact(axis).map(larger).collect();
        for order in 0..=x.layout.degree {
            let lanes = if order == 0 { 1 } else { x.layout.lanes };
            for lane in 0..lanes {
                let (from, to) = (x.row(order, sample, lane), y.row(order, sample, lane));
                for ((from, to), &largest) in from.chunks(axis).zip(to.chunks_mut(axis)).zip(&largest) {
                    to.iter_mut().zip(from).for_each(|(y, &x)| *y = x - from[largest]);
                }
            }
        }
    }
}
