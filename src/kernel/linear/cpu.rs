//! Matrix product over rows, and its adjoints: with the weights, or with their elementwise powers.
//!
//! Exact: a linear layer acts on each Taylor coefficient alike, the bias on order 0 only. All orders, rays
//! and samples are the rows of one product. So does its adjoint, `x̄ = z̄ W`.
//!
//! Published rule (arXiv 2307.08192, section III): `v_x[k] = (W∘k)ᵀ v_z[k]`, a product per order.

use faer::{MatMut, MatRef, Par};

use super::LinearShape;
use crate::kernel::powers::Powers;
use crate::kernel::product::matmul;
use crate::kernel::{Exponent, Series, SeriesMut, UnitRays};
use crate::scalar::Scalar;

/// `y = x Wᵀ + b`.
pub fn linear<T: Scalar>(
    shape: LinearShape,
    weight: &[T],
    bias: Option<&[T]>,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    parallel: Par,
) {
    product(shape, weight, x.data, y.data, parallel);
    add_bias(bias, y);
}

/// [`linear`] for rays along the inputs' unit vectors: order 1 is a column of W times the ray's radius, orders above are zero.
///
/// x needs only its block 0.
pub fn linear_of_unit_rays<T: Scalar>(
    shape: LinearShape,
    weight: &[T],
    bias: Option<&[T]>,
    rays: UnitRays,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    parallel: Par,
) {
    product(shape, weight, x.block(0), y.block(0), parallel);
    add_bias(bias, y);
    for lane in 0..if y.layout.samples == 0 { 0 } else { y.layout.lanes } {
        let (ray, radius) = (rays.ray(lane), rays.radius::<T>(lane));
        for (output, y) in y.row(1, 0, lane).iter_mut().enumerate() {
            *y = weight[output * shape.inputs + ray] * radius;
        }
    }
    // All samples have the same rows.
    let length = y.layout.lanes * y.layout.units;
    for sample in 1..y.layout.samples {
        let (first, next) = (y.layout.row(1, 0, 0).start, y.layout.row(1, sample, 0).start);
        y.data.copy_within(first..first + length, next);
    }
}

/// `x̄[k] = z̄[k] W`, or with `W∘k`, for each order; or added to x̄.
pub fn linear_adjoint<T: Scalar>(
    shape: LinearShape,
    weight: &[T],
    exponent: Exponent,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
    parallel: Par,
) {
    if !accumulate {
        x.clear_above(z.layout.degree);
    }
    let pass = |z: &[T], weight: &[T], alpha: T, x: &mut [T]| {
        let rows = z.len() / shape.outputs;
        let a = MatRef::from_row_major_slice(z, rows, shape.outputs);
        let b = MatRef::from_row_major_slice(weight, shape.outputs, shape.inputs);
        let c = MatMut::from_row_major_slice_mut(x, rows, shape.inputs);
        matmul(alpha, a, b, c, accumulate, parallel);
    };
    match exponent {
        // Blocks of lower orders come first: those of z are a prefix of those of x.
        Exponent::One => {
            let length = z.data.len() / shape.outputs * shape.inputs;
            pass(z.data, weight, T::one(), &mut x.data[..length]);
        }
        Exponent::Order => {
            let mut powers = Powers::of(weight);
            for order in 1..=z.layout.degree {
                let (power, alpha) = powers.next();
                pass(z.block(order), power, alpha, x.block(order));
            }
        }
    }
}

fn product<T: Scalar>(shape: LinearShape, weight: &[T], x: &[T], y: &mut [T], parallel: Par) {
    let rows = x.len() / shape.inputs;
    let a = MatRef::from_row_major_slice(x, rows, shape.inputs);
    let b = MatRef::from_row_major_slice(weight, shape.outputs, shape.inputs).transpose();
    let c = MatMut::from_row_major_slice_mut(y, rows, shape.outputs);
    matmul(<T as num_traits::One>::one(), a, b, c, false, parallel);
}

fn add_bias<T: Scalar>(bias: Option<&[T]>, y: &mut SeriesMut<T>) {
    if let Some(bias) = bias {
        for row in y.block(0).chunks_exact_mut(bias.len()) {
            for (y, &b) in row.iter_mut().zip(bias) {
                *y += b;
            }
        }
    }
}
