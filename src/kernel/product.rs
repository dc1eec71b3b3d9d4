//! The matrix product, the same bits for each element however many rows are computed together.
//!
//! faer computes an element as the chain `a += x_k w_k` in the order of k, fused where the processor can, begun anew every [`BLOCK`] terms
//! and then added up. But not always: a product of a single row or column it computes by dot products, whose terms are added in another
//! order; a small and deep one in other blocks; one of a single term it fuses with what it is added to. Then a point would round
//! differently alone than among others. So these are computed here, as that chain: several of them side by side.

use faer::{Accum, MatMut, MatRef, Par};
use multiversion::{multiversion, target::target_cfg_f};

use crate::scalar::Scalar;

/// Terms of a chain, as in faer's products.
const BLOCK: usize = 512;

/// Multiplications up to which faer takes other blocks, if they are deeper than [`SHALLOW`].
const SMALL: usize = 16 * 16 * 16;
const SHALLOW: usize = 64;

/// Bytes of weights that stay in a core's cache, where faer's product of two rows is the faster way to one.
const CACHE: usize = 1 << 20;

/// Chains side by side, which don't wait for each other.
const SIDE_BY_SIDE: usize = 16;

/// `c = alpha · a b`, or `c += alpha · a b`; `alpha` is a power of two.
pub(super) fn matmul<T: Scalar>(
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    c: MatMut<'_, T>,
    accumulate: bool,
    parallel: Par,
) {
    if a.ncols() == 1 {
        return outer(alpha, a, b, c, accumulate);
    }
    let (rows, depth, columns) = (a.nrows(), a.ncols(), b.ncols());
    if columns == 1 {
        // A column is the row of the transposed product.
        return row(alpha, b.transpose(), a.transpose(), c.transpose_mut(), accumulate);
    }
    let small = rows.saturating_mul(columns).saturating_mul(depth) <= SMALL && depth > SHALLOW;
    if rows == 1 && !small && columns >= SIDE_BY_SIDE && size_of::<T>() * depth * columns <= CACHE {
        return twice(alpha, a, b, c, accumulate, parallel);
    }
    if rows == 1 || small {
        for (i, c) in c.row_iter_mut().enumerate() {
            row(alpha, a.subrows(i, 1), b, c.as_mat_mut(), accumulate);
        }
        return;
    }
    let mode = if accumulate { Accum::Add } else { Accum::Replace };
    faer::linalg::matmul::matmul(c, mode, a, b, alpha, parallel);
}

/// The product of one row, as that of two equal ones.
fn twice<T: Scalar>(
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    mut c: MatMut<'_, T>,
    accumulate: bool,
    parallel: Par,
) {
    let (depth, columns) = (a.ncols(), c.ncols());
    let rows: Vec<T> = (0..2 * depth).map(|i| a[(0, i % depth)]).collect();
    let mut sums: Vec<T> = (0..2 * columns).map(|j| c[(0, j % columns)]).collect();
    let rows = MatRef::from_row_major_slice(&rows, 2, depth);
    let both = MatMut::from_row_major_slice_mut(&mut sums, 2, columns);
    let mode = if accumulate { Accum::Add } else { Accum::Replace };
    faer::linalg::matmul::matmul(both, mode, rows, b, alpha, parallel);
    for (j, &sum) in sums[..columns].iter().enumerate() {
        c[(0, j)] = sum;
    }
}

/// The product of one row.
fn row<T: Scalar>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, mut c: MatMut<'_, T>, accumulate: bool) {
    let x: Vec<T> = (0..a.ncols()).map(|k| a[(0, k)]).collect();
    let mut sums: Vec<T> = match accumulate {
        true => (0..b.ncols()).map(|j| c[(0, j)]).collect(),
        false => vec![-T::zero(); b.ncols()], // to which also -0 adds without a trace
    };
    let columns: Option<Vec<&[T]>> =
        b.col_iter().map(|column| column.try_as_col_major().map(|c| c.as_slice())).collect();
    let rows = || -> Option<Vec<&[T]>> {
        b.row_iter().map(|row| row.try_as_row_major().map(|r| r.as_slice())).collect()
    };
    if let Some(columns) = columns {
        dots(&x, &columns, alpha, &mut sums);
    } else if let Some(rows) = rows() {
        combine(&x, &rows, alpha, &mut sums);
    } else {
        // Of strides that no kernel has.
        let column = |j: usize| (0..x.len()).map(|k| b[(k, j)]).collect::<Vec<T>>();
        let copied: Vec<Vec<T>> = (0..b.ncols()).map(column).collect();
        dots(&x, &copied.iter().map(Vec::as_slice).collect::<Vec<_>>(), alpha, &mut sums);
    }
    for (j, sum) in sums.into_iter().enumerate() {
        c[(0, j)] = sum;
    }
}

/// A chain of one link, which faer would fuse with what it is added to.
fn outer<T: Scalar>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, c: MatMut<'_, T>, accumulate: bool) {
    for (i, y) in c.row_iter_mut().enumerate() {
        let x = a[(i, 0)];
        for (y, &w) in y.iter_mut().zip(b.row(0).iter()) {
            *y = if accumulate { *y + alpha * (w * x) } else { alpha * (w * x) };
        }
    }
}

/// A link of a chain.
macro_rules! link {
    ($a:expr, $b:expr, $sum:expr) => {
        if FUSED { num_traits::Float::mul_add($a, $b, $sum) } else { $a * $b + $sum }
    };
}

/// `sums_j += α Σ_k x_k columns_j,k`: chains of several columns side by side.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn dots<T: Scalar>(x: &[T], columns: &[&[T]], alpha: T, sums: &mut [T]) {
    const FUSED: bool = target_cfg_f!(target_feature = "fma") || cfg!(target_arch = "aarch64");
    for (columns, sums) in columns.chunks(SIDE_BY_SIDE).zip(sums.chunks_mut(SIDE_BY_SIDE)) {
        for (block, x) in x.chunks(BLOCK).enumerate() {
            // Those behind the last are the last once more, and not stored.
            let of = |j: usize| &columns[j.min(columns.len() - 1)][block * BLOCK..][..x.len()];
            let columns: [&[T]; SIDE_BY_SIDE] = std::array::from_fn(of);
            let mut chains = [T::zero(); SIDE_BY_SIDE];
            for (k, &x) in x.iter().enumerate() {
                for (chain, column) in chains.iter_mut().zip(&columns) {
                    *chain = link!(column[k], x, *chain);
                }
            }
            for (sum, chain) in sums.iter_mut().zip(chains) {
                *sum += alpha * chain;
            }
        }
    }
}

/// `sums += α Σ_k x_k rows_k`: chains of several neighbouring elements side by side.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn combine<T: Scalar>(x: &[T], rows: &[&[T]], alpha: T, sums: &mut [T]) {
    const FUSED: bool = target_cfg_f!(target_feature = "fma") || cfg!(target_arch = "aarch64");
    const WIDE: usize = 4 * SIDE_BY_SIDE;
    for (first, sums) in (0..).step_by(WIDE).zip(sums.chunks_mut(WIDE)) {
        for (x, rows) in x.chunks(BLOCK).zip(rows.chunks(BLOCK)) {
            let mut chains = [T::zero(); WIDE];
            for (&x, row) in x.iter().zip(rows) {
                for (chain, &w) in chains[..sums.len()].iter_mut().zip(&row[first..]) {
                    *chain = link!(w, x, *chain);
                }
            }
            for (sum, chain) in sums.iter_mut().zip(chains) {
                *sum += alpha * chain;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    fn numbers<T: Scalar>(random: &mut SplitMix, count: usize) -> Vec<T> {
        (0..count).map(|_| T::of(random.normal())).collect()
    }

    /// `[m, k]` times `[k, n]`, the second as it is or as the transposed of `[n, k]`.
    fn multiply<T: Scalar>(x: &[T], w: &[T], k: usize, transposed: bool, y: &mut [T], accumulate: bool) {
        let (m, n) = (x.len() / k, w.len() / k);
        let a = MatRef::from_row_major_slice(x, m, k);
        let b = match transposed {
            true => MatRef::from_row_major_slice(w, n, k).transpose(),
            false => MatRef::from_row_major_slice(w, k, n),
        };
        let c = MatMut::from_row_major_slice_mut(y, m, n);
        matmul(T::of(0.5), a, b, c, accumulate, Par::Seq);
    }

    fn rows_alone_and_together<T: Scalar>() {
        let mut random = SplitMix(7);
        for k in [1, 2, 5, 16, 40, 64, 65, 129, 511, 512, 513, 1100] {
            for n in [1, 2, 3, 7, 16, 17, 70] {
                for m in [1, 2, 3, 5, 9, 31, 50] {
                    for (transposed, accumulate) in
                        [(true, false), (false, false), (true, true), (false, true)]
                    {
                        let (x, w) = (numbers::<T>(&mut random, m * k), numbers::<T>(&mut random, n * k));
                        let mut together = numbers::<T>(&mut random, m * n);
                        let mut alone = together.clone();
                        multiply(&x, &w, k, transposed, &mut together, accumulate);
                        for (x, y) in x.chunks(k).zip(alone.chunks_mut(n)) {
                            multiply(x, &w, k, transposed, y, accumulate);
                        }
                        assert!(alone == together, "{m} x {k} x {n}, {transposed}, {accumulate}");
                        let (i, j) = (m - 1, n - 1);
                        let at = |l: usize| if transposed { w[j * k + l] } else { w[l * n + j] };
                        let truth: f64 = (0..k).map(|l| 0.5 * x[i * k + l].f64() * at(l).f64()).sum();
                        if !accumulate {
                            let error = (together[i * n + j].f64() - truth).abs();
                            assert!(error < 1e-4 * (k as f64).sqrt(), "{error}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_alone_and_among_others() {
        rows_alone_and_together::<f64>();
        rows_alone_and_together::<f32>();
    }
}
