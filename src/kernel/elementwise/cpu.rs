//! Elementwise functions: composition of series (exact), Bell-polynomial matrices (published rule).
//!
//! With `a_j = σ^(j)(x)/j!` at the primal value, shared by all lanes of a sample:
//! - exact: `σ(x + u(t)) = Σ a_j u(t)^j`, by Horner's scheme on truncated series. Since u has no constant
//!   term, stage j needs only orders up to n - j: about n³/6 multiplications;
//! - published rule: `v_x[k] = Σ_{s≤k} B[k,s] v_z[s]`, with `B[k,s]` the coefficient of t^k in
//!   `(a_1 t + a_2 t² + …)^s`: the ordinary partial Bell polynomials (Comtet, *Advanced Combinatorics*,
//!   section 3.3), the paper's transformation matrix;
//! - exact adjoint: `x̄(t) = σ'(x(t)) z̄(t)`, a product of series, σ' composed as σ is, with `(j + 1) a_{j+1}` in place of a_j.

use multiversion::{multiversion, target::target_cfg_f};

use crate::activation::Activation;
use crate::kernel::kink::{Grading, largest};
use crate::kernel::layout::tiles;
use crate::kernel::{Kink, Series, SeriesMut, Side};
use crate::scalar::Scalar;
use crate::series::limit::{self, Known};
use crate::series::{self, Coefficient, MAX_ORDER, Tile};

/// Returns with what `horner!` or `apply!` computes, if there is code for series of degree `n`. That is without loops: only
/// constant indices let the compiler keep coefficients in registers, and up to order 10 those of AVX-512 have room for them. Processors
/// without wide vectors don't have it: it takes long to compile.
macro_rules! written_out {
    ($n:expr, $what:ident, $a:ident $b:ident $y:ident) => {
        match if WIDE { $n } else { 0 } {
            2 => return $what!($a $b $y 2: 2 1),
            3 => return $what!($a $b $y 3: 3 2 1),
            4 => return $what!($a $b $y 4: 4 3 2 1),
            5 => return $what!($a $b $y 5: 5 4 3 2 1),
            6 => return $what!($a $b $y 6: 6 5 4 3 2 1),
            7 => return $what!($a $b $y 7: 7 6 5 4 3 2 1),
            8 => return $what!($a $b $y 8: 8 7 6 5 4 3 2 1),
            9 => return $what!($a $b $y 9: 9 8 7 6 5 4 3 2 1),
            10 => return $what!($a $b $y 10: 10 9 8 7 6 5 4 3 2 1),
            _ => {}
        }
    };
}

/// `y = Σ_{j≥1} a_j u^j` for series of degree n, given as `n … 1`.
macro_rules! horner {
    ($a:ident $u:ident $y:ident $n:literal: $($order:literal)*) => {{
        let zero = Tile::splat(T::zero());
        let (mut u, mut y) = ([zero; $n + 1], [zero; $n + 1]);
        u[1..].copy_from_slice(&$u[1..=$n]);
        let a = &$a[..=$n];
        horner!(@stages a u y $n: $($order)*);
        $y[1..=$n].copy_from_slice(&y[1..]);
    }};
    // y := (y + a_{n+1-k}) u for k = 1, 2, … n, each to order k.
    (@stages $a:ident $u:ident $y:ident $n:literal:) => {};
    (@stages $a:ident $u:ident $y:ident $n:literal: $k:literal $($below:literal)*) => {
        horner!(@stages $a $u $y $n: $($below)*);
        $y[0] = $a[$n + 1 - $k];
        horner!(@orders $u $y: $k $($below)*);
    };
    // y_k = u_k y_0 + … + u_1 y_{k-1}, from the highest order down.
    (@orders $u:ident $y:ident:) => {};
    (@orders $u:ident $y:ident: $k:literal $($below:literal)*) => {
        #[allow(unused_mut)] // nothing is added to the last one
        let mut sum = $u[$k] * $y[0];
        $(sum.add_product(&$u[$below], &$y[$k - $below]);)*
        $y[$k] = sum;
        horner!(@orders $u $y: $($below)*);
    };
}

/// `y_k = Σ_{s≤k} B[k, s] v_s` for k = 1..n, given as `n … 1`.
macro_rules! apply {
    ($matrix:ident $v:ident $y:ident $n:literal: $($order:literal)*) => {{
        let (matrix, v, y) = (&$matrix[..$n * $n], &$v[..=$n], &mut $y[..=$n]);
        apply!(@orders matrix v y $n: $($order)*);
    }};
    (@orders $matrix:ident $v:ident $y:ident $n:literal:) => {};
    (@orders $matrix:ident $v:ident $y:ident $n:literal: $k:literal $($below:literal)*) => {
        #[allow(unused_mut)] // nothing is added to the last one
        let mut sum = $matrix[($k - 1) * $n + $k - 1] * $v[$k];
        $(sum.add_product(&$matrix[($below - 1) * $n + $k - 1], &$v[$below]);)*
        $y[$k] = sum;
        apply!(@orders $matrix $v $y $n: $($below)*);
    };
}

/// `y = σ(x)` for series; a unit on a kink takes the branch of its lane's `side`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
pub fn compose<T: Scalar>(function: Activation, x: Series<T>, y: &mut SeriesMut<T>, side: Side) {
    const WIDE: bool = target_cfg_f!(target_feature = "avx2") || !cfg!(target_arch = "x86_64");
    let n = y.layout.degree;
    let zero = Tile::splat(T::zero());
    let mut a = [zero; MAX_ORDER + 1];
    let mut u = [zero; MAX_ORDER + 1];
    let mut result = [zero; MAX_ORDER + 1];
    let kinks: Vec<T> = function.kinks().into_iter().map(T::of).collect();
    for sample in 0..y.layout.samples {
        for units in tiles(y.layout.units) {
            let primal = &x.row(0, sample, 0)[units.clone()];
            taylor_tile(function, primal, &mut a[..=n]);
            a[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            if n == 0 {
                continue;
            }
            let on_kink = primal.iter().any(|x| kinks.contains(x));
            for lane in 0..y.layout.lanes {
                x.load_higher(sample, lane, &units, T::zero(), &mut u);
                if on_kink {
                    let u = &u[..=x.layout.degree];
                    choose_branches(function, &kinks, Grading::One, primal, u, side, &mut a[..=n]);
                }
                horner::<T, WIDE>(&a[..=n], &u[..=x.layout.degree], &mut result[..=n]);
                y.store_higher(sample, lane, &units, &result);
            }
        }
    }
}

/// The series of units at 0 where the function has no power series, as of x^(1/2), and may have one along a ray: another one on each `side`, so that
/// the ray begins there as on a kink.
pub fn roots<T: Scalar>(
    function: Activation,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    side: Side,
    kinks: &mut [Kink],
) {
    let Some(exponent) = function.root() else { return };
    let (given, n) = (x.layout.degree, y.layout.degree);
    let (mut u, mut result) = ([T::zero(); MAX_ORDER + 1], [T::zero(); MAX_ORDER + 1]);
    // Of t to -t for t < 0, and back.
    let turned = |order: usize, c: T| if side == Side::Behind && order % 2 == 1 { -c } else { c };
    for sample in 0..y.layout.samples {
        for unit in 0..y.layout.units {
            if x.row(0, sample, 0)[unit] != T::zero() {
                continue;
            }
            for lane in 0..if n == 0 { 0 } else { y.layout.lanes } {
                for order in 1..=given {
                    u[order] = turned(order, x.row(order, sample, lane)[unit]);
                }
                if x.moves(sample, lane, unit) {
                    kinks.get_mut(sample * y.layout.lanes + lane).into_iter().for_each(|kink| kink.note(0.0));
                }
                let u = Known { coefficients: &u[..=given], whole: given < n };
                limit::root(u, exponent, &mut result[..=n]);
                for order in 1..=n {
                    y.row(order, sample, lane)[unit] = turned(order, result[order]);
                }
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
    const WIDE: bool = target_cfg_f!(target_feature = "avx2") || !cfg!(target_arch = "x86_64");
    let (n, given) = (x.layout.degree, z.layout.degree);
    let zero = Tile::splat(T::zero());
    let mut matrix = vec![zero; n * given];
    let mut a = [zero; MAX_ORDER + 1];
    let mut v = [zero; MAX_ORDER + 1];
    let mut result = [zero; MAX_ORDER + 1];
    for sample in 0..x.layout.samples {
        for units in tiles(x.layout.units) {
            taylor_tile(function, &primal.row(0, sample, 0)[units.clone()], &mut a[..=n]);
            bell_matrix(&a[..=n], given, &mut matrix);
            for lane in 0..x.layout.lanes {
                z.load_higher(sample, lane, &units, T::zero(), &mut v);
                apply::<T, WIDE>(&matrix, &v[..=given], &mut result[..=n]);
                if accumulate {
                    x.add_higher(sample, lane, &units, &result);
                } else {
                    x.store_higher(sample, lane, &units, &result);
                }
            }
        }
    }
}

/// `x̄(t) = σ'(x(t)) z̄(t)`, or added to x̄: the adjoint of [`compose`] along the same rays, with the same branches on kinks. `kinks` notes where
/// the series leaves the branch open and the adjoint passes. Block k of an adjoint is the coefficient of t^(k-1), or of t^k where lanes share that of t^0.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
pub fn compose_adjoint<T: Scalar>(
    function: Activation,
    x: Series<T>,
    z: Series<T>,
    to: &mut SeriesMut<T>,
    accumulate: bool,
    side: Side,
    kinks: &mut [Kink],
) {
    const WIDE: bool = target_cfg_f!(target_feature = "avx2") || !cfg!(target_arch = "x86_64");
    let shared = to.layout.primal;
    // Blocks from that of t^0 on.
    let first = usize::from(!shared);
    let (all, given) = (first..to.layout.degree + 1, first..z.layout.degree + 1);
    let n = all.len();
    let zero = Tile::splat(T::zero());
    let [mut a, mut u, mut v] = [[zero; MAX_ORDER + 1]; 3];
    let [mut slope, mut result] = [[zero; MAX_ORDER + 1]; 2];
    let on: Vec<T> = function.kinks().into_iter().map(T::of).collect();
    for sample in 0..to.layout.samples {
        for units in tiles(to.layout.units) {
            let primal = &x.row(0, sample, 0)[units.clone()];
            let root = function.root().filter(|_| primal.contains(&T::zero()));
            taylor_tile(function, primal, &mut a[..=n]);
            let on_kink = primal.iter().any(|x| on.contains(x));
            let nothing = Some(a[0]).filter(|a| a.0.iter().any(|value| num_traits::Float::is_nan(*value)));
            let mut derivative = derivative_of(&a[..=n]);
            if shared {
                v[0] = Tile::load(&z.row(0, sample, 0)[units.clone()], T::zero());
            }
            for lane in 0..to.layout.lanes {
                x.load_higher(sample, lane, &units, T::zero(), &mut u);
                z.load_higher(sample, lane, &units, T::zero(), &mut v);
                let u = &u[..=x.layout.degree];
                if on_kink {
                    choose_branches(function, &on, Grading::One, primal, u, side, &mut a[..=n]);
                    let kink = kinks.get_mut(sample * to.layout.lanes + lane);
                    if undecided(&on, primal, u, &v[given.clone()]) {
                        kink.into_iter().for_each(Kink::leave_undecided);
                    }
                    derivative = derivative_of(&a[..=n]);
                }
                horner::<T, WIDE>(&derivative[..n], u, &mut slope[..n]);
                slope[0] = derivative[0];
                let (v, passed) = (&v[given.clone()], &mut result[all.clone()]);
                series::multiply(&slope[..n], v, passed);
                if let Some(nothing) = &nothing {
                    pass_nothing(nothing, v, passed);
                }
                if let Some(exponent) = root {
                    root_adjoints(exponent, primal, u, v, passed);
                }
                if shared && lane == 0 {
                    let row = &mut to.row(0, sample, 0)[units.clone()];
                    let known = if accumulate { Tile::load(row, T::zero()) } else { zero };
                    (known + result[0]).store(row);
                }
                if accumulate {
                    to.add_higher(sample, lane, &units, &result);
                } else {
                    to.store_higher(sample, lane, &units, &result);
                }
            }
        }
    }
}

/// Of `σ = Σ a_j u^j`: `σ' = Σ (j + 1) a_{j+1} u^j`.
#[inline(always)]
fn derivative_of<T: Scalar>(a: &[Tile<T>]) -> [Tile<T>; MAX_ORDER + 1] {
    let mut derivative = [Tile::splat(T::zero()); MAX_ORDER + 1];
    for (j, a) in (1..).zip(&a[1..]) {
        derivative[j - 1] = *a * Tile::splat(T::of(j as f64));
    }
    derivative
}

/// Where the value is no number and its adjoint is zero, nothing passes: what a finite result depends on is none of it, but another choice.
#[inline(always)]
pub(in crate::kernel) fn pass_nothing<T: Scalar>(
    value: &Tile<T>,
    adjoint: &[Tile<T>],
    passed: &mut [Tile<T>],
) {
    for (unit, _) in value.0.iter().enumerate().filter(|(_, value)| num_traits::Float::is_nan(**value)) {
        if adjoint.iter().all(|z| z.0[unit] == T::zero()) {
            passed.iter_mut().for_each(|passed| passed.0[unit] = T::zero());
        }
    }
}

/// What passes a root of units at 0, where it has no power series: see [`limit::root_adjoint`].
#[cold]
fn root_adjoints<T: Scalar>(
    exponent: f64,
    primal: &[T],
    u: &[Tile<T>],
    v: &[Tile<T>],
    passed: &mut [Tile<T>],
) {
    let n = passed.len();
    for (unit, _) in primal.iter().enumerate().filter(|(_, x)| **x == T::zero()) {
        let [mut x, mut z, mut result] = [[T::zero(); MAX_ORDER + 1]; 3];
        x[1..u.len()].iter_mut().zip(&u[1..]).for_each(|(x, u)| *x = u.0[unit]);
        z.iter_mut().zip(v).for_each(|(z, v)| *z = v.0[unit]);
        let x = Known { coefficients: &x[..u.len()], whole: u.len() < n };
        let z = Known { coefficients: &z[..v.len()], whole: v.len() < n };
        limit::root_adjoint(x, exponent, z, &mut result[..n]);
        passed.iter_mut().zip(&result).for_each(|(passed, &x)| passed.0[unit] = x);
    }
}

/// Whether an adjoint `v` passes a unit on a kink whose series stays there.
#[cold]
fn undecided<T: Scalar>(kinks: &[T], primal: &[T], u: &[Tile<T>], v: &[Tile<T>]) -> bool {
    let moves = |series: &[Tile<T>], unit: usize| series.iter().any(|c| c.0[unit] != T::zero());
    let on = primal.iter().enumerate().filter(|(_, x)| kinks.contains(x));
    on.into_iter().any(|(unit, _)| !moves(&u[1..], unit) && moves(v, unit))
}

/// Notes for each (sample, lane) the kinks of σ that `x + u_1 t` meets (of several variables, the gradient's length counts), and those on which a unit lies that the ray moves.
pub fn note_kinks<T: Scalar>(function: Activation, grading: Grading, x: Series<T>, kinks: &mut [Kink]) {
    if x.layout.degree == 0 || kinks.is_empty() {
        return;
    }
    for kink in function.kinks() {
        // Where it lies in the numbers of T, as the branches have it.
        let kink = T::of(kink);
        for sample in 0..x.layout.samples {
            let primal = x.row(0, sample, 0);
            let size = largest(primal);
            for lane in 0..x.layout.lanes {
                let met = &mut kinks[sample * x.layout.lanes + lane];
                let slopes = grading.slopes(x, sample, lane);
                let mut nearest = f64::INFINITY;
                for (unit, &x0) in primal.iter().enumerate() {
                    let slope = slopes.of(unit);
                    if slope != 0.0 {
                        let gap = (kink - x0).f64();
                        met.note(gap / slope);
                        nearest = nearest.min(gap.abs());
                    } else if x0 == kink && x.moves(sample, lane, unit) {
                        met.begins = true;
                        nearest = 0.0;
                    }
                }
                met.note_gap(nearest, size);
            }
        }
    }
}

/// Notes for each (sample, lane) of the published rule whether an adjoint passes a unit that lies on a kink: its branch there is σ's own choice.
pub fn note_beginnings<T: Scalar>(function: Activation, primal: Series<T>, z: Series<T>, kinks: &mut [Kink]) {
    let on: Vec<T> = function.kinks().into_iter().map(T::of).collect();
    if on.is_empty() || kinks.is_empty() {
        return;
    }
    for sample in 0..z.layout.samples {
        for (unit, _) in primal.row(0, sample, 0).iter().enumerate().filter(|(_, x)| on.contains(x)) {
            for lane in 0..z.layout.lanes {
                if z.moves(sample, lane, unit) {
                    kinks[sample * z.layout.lanes + lane].leave_undecided();
                }
            }
        }
    }
}

/// Replaces the coefficients of σ at units that lie on a kink by those of the branch that holds along `u`.
#[cold]
pub(in crate::kernel) fn choose_branches<T: Scalar>(
    function: Activation,
    kinks: &[T],
    grading: Grading,
    primal: &[T],
    u: &[Tile<T>],
    side: Side,
    a: &mut [Tile<T>],
) {
    let mut column = [T::zero(); MAX_ORDER + 1];
    for (unit, &x) in primal.iter().enumerate().filter(|(_, x)| kinks.contains(x)) {
        let above = side.rises(grading, u[1..].iter().map(|u| u.0[unit])).unwrap_or(false);
        function.beside(x, above, &mut column[..a.len()]);
        a.iter_mut().zip(&column).for_each(|(a, &c)| a.0[unit] = c);
    }
}

/// Taylor coefficients of σ at up to a tile of primal values. Apart from its callers, as it is long: it contains every function.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
pub(in crate::kernel) fn taylor_tile<T: Scalar>(function: Activation, x: &[T], a: &mut [Tile<T>]) {
    // What follows a row's end isn't stored: another of its numbers, which the function is defined for.
    function.taylor_tile(&Tile::load(x, x[0]), a);
}

/// `y = Σ_{j≥1} a_j u^j`, orders 1 to n; `u[0]` is not read.
#[inline(always)]
pub(in crate::kernel) fn horner<T: Scalar, const WIDE: bool>(
    a: &[Tile<T>],
    u: &[Tile<T>],
    y: &mut [Tile<T>],
) {
    let n = a.len() - 1;
    if u.len() == 2 {
        let mut power = u[1];
        for order in 1..=n {
            y[order] = a[order] * power;
            power = power * u[1];
        }
        return;
    }
    if u.len() == n + 1 {
        written_out!(n, horner, a u y);
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

/// `y_k = Σ_{s≤k} B[k, s] v_s`, orders 1 to n, with the matrix of [`bell_matrix`]; `v[0]` is not read.
#[inline(always)]
fn apply<T: Scalar, const WIDE: bool>(matrix: &[Tile<T>], v: &[Tile<T>], y: &mut [Tile<T>]) {
    let (n, given) = (y.len() - 1, v.len() - 1);
    if given == n {
        written_out!(n, apply, matrix v y);
    }
    for order in 1..=n {
        let mut sum = Tile::splat(T::zero());
        let weights = matrix[order - 1..].iter().step_by(n);
        for (b, v) in weights.zip(&v[1..=order.min(given)]) {
            sum.add_product(b, v);
        }
        y[order] = sum;
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
