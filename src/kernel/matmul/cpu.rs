//! Matrix products of two values.
//!
//! Bilinear, so that the series of a product is the Cauchy product of the series with matrix products in place of those of numbers:
//! `Y_k = Σ_{i+j=k} A_i B_j`; in several variables `Y_α = Σ_{β+γ=α} A_β B_γ`. No product of two numbers is ever stored.

use faer::{MatMut, MatRef, Par};

use super::{Factor, MatMulShape};
use crate::kernel::product;
use crate::kernel::{Series, SeriesMut};
use crate::monomials::Monomials;
use crate::scalar::Scalar;

/// `Y = A B` in each group: `[groups, rows, inner]` times `[groups, inner, columns]`.
pub fn matmul<T: Scalar>(
    shape: MatMulShape,
    monomials: Option<&Monomials>,
    a: Series<T>,
    b: Series<T>,
    y: &mut SeriesMut<T>,
    parallel: Par,
) {
    let MatMulShape { rows, inner, columns, .. } = shape;
    for order in 0..=y.layout.degree {
        let factors: Vec<[usize; 2]> = match monomials {
            None => orders(order, a.layout.degree, b.layout.degree).collect(),
            Some(monomials) => blocks(monomials, order, a.layout.degree, b.layout.degree),
        };
        // Order 0 is shared by the lanes.
        let lanes = if order == 0 { 1 } else { y.layout.lanes };
        for (sample, lane) in (0..y.layout.samples).flat_map(|sample| (0..lanes).map(move |l| (sample, l))) {
            let y = y.row(order, sample, lane);
            if factors.is_empty() {
                y.fill(T::zero());
            }
            for (term, &[i, j]) in factors.iter().enumerate() {
                let a = a.row(i, sample, lane).chunks_exact(rows * inner);
                let b = b.row(j, sample, lane).chunks_exact(inner * columns);
                for ((a, b), y) in a.zip(b).zip(y.chunks_exact_mut(rows * columns)) {
                    let a = MatRef::from_row_major_slice(a, rows, inner);
                    let b = MatRef::from_row_major_slice(b, inner, columns);
                    let y = MatMut::from_row_major_slice_mut(y, rows, columns);
                    product::matmul(T::one(), a, b, y, term > 0, parallel);
                }
            }
        }
    }
}

/// `Ā = Z̄ Bᵀ` or `B̄ = Aᵀ Z̄` in each group, or added to it, by the series of the other factor. Block k of an adjoint is the coefficient of t^(k-1).
pub fn matmul_adjoint<T: Scalar>(
    shape: MatMulShape,
    factor: Factor,
    other: Series<T>,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
    parallel: Par,
) {
    let MatMulShape { rows, inner, columns, .. } = shape;
    if !accumulate {
        x.clear_above(0);
    }
    let (samples, lanes) = (x.layout.samples, x.layout.lanes);
    for block in 1..=x.layout.degree {
        for [i, j] in adjoint_orders(block, other.layout.degree, z.layout.degree) {
            for (sample, lane) in (0..samples).flat_map(|sample| (0..lanes).map(move |l| (sample, l))) {
                let groups = other.row(i, sample, lane).chunks_exact(match factor {
                    Factor::Left => inner * columns,
                    Factor::Right => rows * inner,
                });
                let groups = groups.zip(z.row(j, sample, lane).chunks_exact(rows * columns));
                let x = x.row(block, sample, lane);
                match factor {
                    Factor::Left => {
                        for ((b, z), x) in groups.zip(x.chunks_exact_mut(rows * inner)) {
                            let z = MatRef::from_row_major_slice(z, rows, columns);
                            let b = MatRef::from_row_major_slice(b, inner, columns).transpose();
                            let x = MatMut::from_row_major_slice_mut(x, rows, inner);
                            product::matmul(T::one(), z, b, x, true, parallel);
                        }
                    }
                    Factor::Right => {
                        for ((a, z), x) in groups.zip(x.chunks_exact_mut(inner * columns)) {
                            let a = MatRef::from_row_major_slice(a, rows, inner).transpose();
                            let z = MatRef::from_row_major_slice(z, rows, columns);
                            let x = MatMut::from_row_major_slice_mut(x, inner, columns);
                            product::matmul(T::one(), a, z, x, true, parallel);
                        }
                    }
                }
            }
        }
    }
}

/// The orders of a factor and the blocks of an adjoint, from 1, that make a block of another adjoint.
fn adjoint_orders(block: usize, of_factor: usize, of_z: usize) -> impl Iterator<Item = [usize; 2]> {
    (block.saturating_sub(of_z)..=of_factor.min(block - 1)).map(move |i| [i, block - i])
}

/// The orders `i + j = order` of two series that aren't zero.
pub(super) fn orders(order: usize, of_a: usize, of_b: usize) -> impl Iterator<Item = [usize; 2]> {
    (order.saturating_sub(of_b)..=order.min(of_a)).map(move |i| [i, order - i])
}

/// The blocks of monomials `β γ = α` of two series that aren't zero.
fn blocks(monomials: &Monomials, alpha: usize, of_a: usize, of_b: usize) -> Vec<[usize; 2]> {
    let mut pairs = vec![[0, alpha]];
    if alpha > 0 {
        pairs.push([alpha, 0]);
        for &[beta, gamma] in monomials.products(alpha) {
            let (beta, gamma) = (beta as usize, gamma as usize);
            pairs.push([beta, gamma]);
            if beta != gamma {
                pairs.push([gamma, beta]);
            }
        }
    }
    pairs.retain(|&[i, j]| i <= of_a && j <= of_b);
    pairs
}
