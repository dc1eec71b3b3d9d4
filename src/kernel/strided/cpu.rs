//! Strided copies: permuting, slicing, padding, joining, broadcasting, and sums over axes.
//!
//! All are linear with one weight for all copied units, so that each coefficient is treated alike; the
//! adjoint is the same copy with the roles of input and output exchanged; in the published rule its weight comes to the k-th power.

use crate::geometry::{Strided, StridedDim};
use crate::kernel::{Exponent, Series, SeriesMut};
use crate::scalar::Scalar;

/// Copies; first fills the output (order 0 with the copy's fill value, higher orders with 0) if `fill`,
/// else adds to it.
pub fn strided<T: Scalar>(copy: &Strided, fill: bool, x: Series<T>, y: &mut SeriesMut<T>) {
    if fill {
        y.clear_above(x.layout.degree);
    }
    let scale = T::of(copy.scale);
    // Only a sum may add to what it has filled; sums leave no gaps to fill.
    let overwrite = fill && !copy.is_sum();
    for order in 0..=x.layout.degree {
        let value = T::of(if order == 0 && overwrite { copy.fill } else { 0.0 });
        let rows = x.block(order).chunks_exact(x.layout.units);
        let units = y.layout.units;
        for (x, y) in rows.zip(y.block(order).chunks_exact_mut(units)) {
            if fill {
                y.fill(value);
            }
            if overwrite {
                for_each_run(copy, |run| run.apply(x, y, |y, x| *y = scale * x));
            } else {
                for_each_run(copy, |run| run.apply(x, y, |y, x| *y += scale * x));
            }
        }
    }
}

/// `x̄[k] = scale · copyᵀ(z̄[k])`, or with `scale^k`; or added to x̄.
pub fn strided_adjoint<T: Scalar>(
    copy: &Strided,
    exponent: Exponent,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate_to: bool,
) {
    if !accumulate_to {
        x.data.fill(T::zero());
    }
    let back = copy.adjoint();
    for order in 0..=z.layout.degree {
        let scale = T::of(copy.scale.powi(exponent.at(order)));
        let units = x.layout.units;
        let rows = z.block(order).chunks_exact(z.layout.units);
        for (z, x) in rows.zip(x.block(order).chunks_exact_mut(units)) {
            for_each_run(&back, |run| run.apply(z, x, |x, z| *x += scale * z));
        }
    }
}

/// The innermost index range of a copy, with its first units.
struct Run<'a> {
    dim: &'a StridedDim,
    from: isize,
    to: isize,
}

impl Run<'_> {
    #[inline(always)]
    fn apply<T: Scalar>(&self, x: &[T], y: &mut [T], f: impl Fn(&mut T, T)) {
        let (dim, from, to) = (self.dim, self.from, self.to);
        if dim.input == 1 && dim.output == 1 {
            let x = &x[from as usize..][..dim.size];
            y[to as usize..][..dim.size].iter_mut().zip(x).for_each(|(y, &x)| f(y, x));
            return;
        }
        for i in 0..dim.size as isize {
            f(&mut y[(to + i * dim.output) as usize], x[(from + i * dim.input) as usize]);
        }
    }
}

/// Visits all index tuples, the innermost range as a whole.
#[inline(always)]
fn for_each_run(copy: &Strided, mut visit: impl FnMut(Run)) {
    const SINGLE: StridedDim = StridedDim { size: 1, input: 0, output: 0 };
    let (inner, outer) = copy.dims.split_last().unwrap_or((&SINGLE, &[]));
    let (mut from, mut to) = (copy.input_offset as isize, copy.output_offset as isize);
    let mut index = vec![0usize; outer.len()];
    loop {
        visit(Run { dim: inner, from, to });
        // Advance like an odometer.
        let mut axis = outer.len();
        loop {
            let Some(next) = axis.checked_sub(1) else { return };
            axis = next;
            let dim = &outer[axis];
            index[axis] += 1;
            (from, to) = (from + dim.input, to + dim.output);
            if index[axis] < dim.size {
                break;
            }
            index[axis] = 0;
            (from, to) = (from - dim.input * dim.size as isize, to - dim.output * dim.size as isize);
        }
    }
}
