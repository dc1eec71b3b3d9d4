//! Elementwise functions: composition of series (exact), Bell-polynomial matrices (published rule).
//!
//! With `a_j = σ^(j)(x)/j!` at the primal value, shared by all lanes of a sample:
//! - exact: `σ(x + u(t)) = Σ a_j u(t)^j`, by Horner's scheme on truncated series. Since u has no constant
//!   term, stage j needs only orders up to n - j: about n³/6 multiplications;
//! - published rule: `v_x[k] = Σ_{s≤k} B[k,s] v_z[s]`, with `B[k,s]` the coefficient of t^k in
//!   `(a_1 t + a_2 t² + …)^s`: the ordinary partial Bell polynomials (Comtet, *Advanced Combinatorics*,
//!   section 3.3), the paper's transformation matrix.

use multiversion::multiversion;

use super::{Series, SeriesMut, tiles};
use crate::activation::Activation;
use crate::scalar::Scalar;
use crate::series::{Coefficient, MAX_ORDER, TILE, Tile};

/// `y = σ(x)` for series.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
pub fn compose<T: Scalar>(function: Activation, x: Series<T>, y: &mut SeriesMut<T>) {
    let n = y.layout.degree;
    let zero = Tile::splat(T::zero());
    let mut u = [zero; MAX_ORDER + 1];
    let mut result = [zero; MAX_ORDER + 1];
    for sample in 0..y.layout.samples {
        for units in tiles(y.layout.units) {
            let a = taylor_tile(function, &x.row(0, sample, 0)[units.clone()], n);
            a[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            if n == 0 {
                continue;
            }
            for lane in 0..y.layout.lanes {
                for order in 1..=x.layout.degree {
                    u[order] = Tile::load(&x.row(order, sample, lane)[units.clone()], T::zero());
                }
                horner(&a[..=n], &u[..=x.layout.degree], &mut result[..=n]);
                y.store_higher(sample, lane, units.clone(), &result);
            }
        }
    }
}

/// `x̄ = B z̄` for the adjoints z̄ of the published rule, or added to x̄.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
pub fn bell<T: Scalar>(
    function: Activation,
    primal: Series<T>,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
) {
    let (n, given) = (x.layout.degree, z.layout.degree);
    let zero = Tile::splat(T::zero());
    let mut matrix = vec![zero; n * given];
    let mut v = [zero; MAX_ORDER];
    for sample in 0..x.layout.samples {
        for units in tiles(x.layout.units) {
            let a = taylor_tile(function, &primal.row(0, sample, 0)[units.clone()], n);
            bell_matrix(&a[..=n], given, &mut matrix);
            for lane in 0..x.layout.lanes {
                for (order, v) in (1..=given).zip(&mut v) {
                    *v = Tile::load(&z.row(order, sample, lane)[units.clone()], T::zero());
                }
                for order in 1..=n {
                    let row = &mut x.row(order, sample, lane)[units.clone()];
                    let mut sum = if accumulate { Tile::load(row, T::zero()) } else { zero };
                    // B[order, s] for s = 1, 2, …
                    let weights = matrix[order - 1..].iter().step_by(n);
                    for (b, v) in weights.zip(&v[..order.min(given)]) {
                        sum.add_product(b, v);
                    }
                    sum.store(row);
                }
            }
        }
    }
}

/// Lowers `kinks`, one per (sample, lane), to the first |t| at which x + u_1 t meets a kink of σ.
pub fn kink_distance<T: Scalar>(function: Activation, x: Series<T>, kinks: &mut [f64]) {
    if x.layout.degree == 0 {
        return;
    }
    for kink in function.kinks() {
        for sample in 0..x.layout.samples {
            for lane in 0..x.layout.lanes {
                let nearest = &mut kinks[sample * x.layout.lanes + lane];
                let (x0, u1) = (x.row(0, sample, 0), x.row(1, sample, lane));
                for (x, u) in x0.iter().zip(u1) {
                    if u.f64() != 0.0 {
                        *nearest = nearest.min(((kink - x.f64()) / u.f64()).abs());
                    }
                }
            }
        }
    }
}

/// Taylor coefficients of σ at up to a tile of primal values, orders 0 to n.
#[inline(always)]
fn taylor_tile<T: Scalar>(function: Activation, x: &[T], n: usize) -> [Tile<T>; MAX_ORDER + 1] {
    let mut flat = [T::zero(); TILE * (MAX_ORDER + 1)];
    let flat = &mut flat[..x.len() * (n + 1)];
    function.taylor(x, flat);
    let mut a = [Tile::splat(T::zero()); MAX_ORDER + 1];
    for (a, flat) in a.iter_mut().zip(flat.chunks_exact(x.len())) {
        *a = Tile::load(flat, T::zero());
    }
    a
}

/// `y = Σ_{j≥1} a_j u^j`, orders 1 to n; `u[0]` is not read.
#[inline(always)]
fn horner<T: Scalar>(a: &[Tile<T>], u: &[Tile<T>], y: &mut [Tile<T>]) {
    let n = a.len() - 1;
    if u.len() == 2 {
        let mut power = u[1];
        for order in 1..=n {
            y[order] = a[order] * power;
            power = power * u[1];
        }
        return;
    }
    y[0] = a[n];
    for j in (0..n).rev() {
        // y := y u + a_j, in place from the highest order down, as y u has y's lower orders only.
        for order in (1..=n - j).rev() {
            let mut sum = Tile::splat(T::zero());
            for i in 1..u.len().min(order + 1) {
                sum.add_product(&u[i], &y[order - i]);
            }
            y[order] = sum;
        }
        y[0] = a[j];
    }
}

/// `matrix[(s - 1) n + k - 1] = B[k, s]` for k = 1..n and s = 1..given.
#[inline(always)]
fn bell_matrix<T: Scalar>(a: &[Tile<T>], given: usize, matrix: &mut [Tile<T>]) {
    let n = a.len() - 1;
    matrix[..n].copy_from_slice(&a[1..]);
    for s in 2..=given {
        for k in 1..=n {
            let mut sum = Tile::splat(T::zero());
            for i in 1..k {
                sum.add_product(&a[i], &matrix[(s - 2) * n + k - i - 1]);
            }
            matrix[(s - 1) * n + k - 1] = sum;
        }
    }
}
