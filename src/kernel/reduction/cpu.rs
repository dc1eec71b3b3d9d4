//! Softmax, log-softmax and layer normalisation over the last axis, as series.
//!
//! With d = x - x_w for the unit w that is largest at the primal point, e = exp(d) and s = Σ e: softmax is
//! e / s, log-softmax d - log s. Taking the whole series of w off, not only its value, makes e_w exactly 1:
//! nothing overflows, and where softmax is saturated nothing cancels. Normalisation is
//! c · (mean c² + ε)^(-1/2) with c = x - mean x. It doesn't change if x and √ε are divided by the same number: a power of two
//! near the largest of them, so that squares neither overflow nor vanish.
//!
//! Adjoints, all products of series, with y the softmax or the normalised values:
//! - softmax: `x̄_i = y_i (d_i - Σ y_j d_j)` with d = z̄ - z̄_w, as only differences count: where softmax is saturated nothing cancels;
//! - log-softmax: `x̄_i = z̄_i - y_i Σ z̄_j`, and for the unit w the same as `z̄_w Σ_{j≠w} y_j - y_w Σ_{j≠w} z̄_j`;
//! - normalisation: `x̄_i = (mean c² + ε)^(-1/2) (z̄_i - mean z̄ - y_i mean(z̄ y))`.

use super::Reduction;
use crate::kernel::{Series, SeriesMut};
use crate::scalar::Scalar;
use crate::series::{self, MAX_ORDER};

/// Applies a reduction to every group of `axis` neighbouring units.
pub fn reduce<T: Scalar>(reduction: Reduction, axis: usize, x: Series<T>, y: &mut SeriesMut<T>) {
    let n = y.layout.degree;
    let mut group = Group::new(axis, n);
    for sample in 0..y.layout.samples {
        for start in (0..y.layout.units).step_by(axis) {
            let units = start..start + axis;
            group.input(0).copy_from_slice(&x.row(0, sample, 0)[units.clone()]);
            group.apply(reduction, 1);
            y.row(0, sample, 0)[units.clone()].copy_from_slice(group.output(0));
            if n == 0 {
                continue;
            }
            for lane in 0..y.layout.lanes {
                group.input(0).copy_from_slice(&x.row(0, sample, 0)[units.clone()]);
                for order in 1..=n {
                    if order <= x.layout.degree {
                        group.input(order).copy_from_slice(&x.row(order, sample, lane)[units.clone()]);
                    } else {
                        group.input(order).fill(T::zero());
                    }
                }
                group.apply(reduction, n + 1);
                for order in 1..=n {
                    y.row(order, sample, lane)[units.clone()].copy_from_slice(group.output(order));
                }
            }
        }
    }
}

/// The adjoint of [`reduce`] along the same rays, or added to x̄. Block k of an adjoint is the coefficient of t^(k-1).
pub fn reduce_adjoint<T: Scalar>(
    reduction: Reduction,
    axis: usize,
    x: Series<T>,
    z: Series<T>,
    to: &mut SeriesMut<T>,
    accumulate: bool,
) {
    let n = to.layout.degree;
    let mut group = Group::new(axis, n - 1);
    let mut z_group = vec![T::zero(); axis * n];
    for sample in 0..to.layout.samples {
        for start in (0..to.layout.units).step_by(axis) {
            let units = start..start + axis;
            for lane in 0..to.layout.lanes {
                for order in 0..n {
                    if order <= x.layout.degree {
                        group.input(order).copy_from_slice(&x.row(order, sample, lane)[units.clone()]);
                    } else {
                        group.input(order).fill(T::zero());
                    }
                    let z_group = &mut z_group[order * axis..][..axis];
                    if order < z.layout.degree {
                        z_group.copy_from_slice(&z.row(order + 1, sample, lane)[units.clone()]);
                    } else {
                        z_group.fill(T::zero());
                    }
                }
                group.adjoint(reduction, n, &mut z_group);
                for (order, from) in z_group.chunks_exact(axis).enumerate() {
                    let to = &mut to.row(order + 1, sample, lane)[units.clone()];
                    for (to, &from) in to.iter_mut().zip(from) {
                        *to = if accumulate { *to + from } else { from };
                    }
                }
            }
        }
    }
}

/// The series of one group of units, order-major.
struct Group<T> {
    axis: usize,
    x: Vec<T>,
    /// Exponentials or centred values.
    e: Vec<T>,
    y: Vec<T>,
    /// Of a normalisation: what centred values are multiplied by.
    scale: [T; MAX_ORDER + 1],
}

impl<T: Scalar> Group<T> {
    fn new(axis: usize, n: usize) -> Self {
        let empty = || vec![T::zero(); axis * (n + 1)];
        Self { axis, x: empty(), e: empty(), y: empty(), scale: [T::zero(); MAX_ORDER + 1] }
    }

    fn input(&mut self, order: usize) -> &mut [T] {
        &mut self.x[order * self.axis..][..self.axis]
    }

    fn output(&self, order: usize) -> &[T] {
        &self.y[order * self.axis..][..self.axis]
    }

    fn apply(&mut self, reduction: Reduction, orders: usize) {
        match reduction {
            Reduction::Softmax => self.softmax(orders, false),
            Reduction::LogSoftmax => self.softmax(orders, true),
            Reduction::Normalize { epsilon } => {
                self.normalize(epsilon, orders);
            }
        }
    }

    /// Turns the adjoint of the results into that of the inputs.
    fn adjoint(&mut self, reduction: Reduction, orders: usize, z: &mut [T]) {
        let (axis, largest) = (self.axis, self.largest());
        match reduction {
            Reduction::Softmax => {
                self.softmax(orders, false);
                for series in z.chunks_exact_mut(axis) {
                    let reference = series[largest];
                    series.iter_mut().for_each(|z| *z -= reference);
                }
                let inner = self.inner(orders, z);
                for k in (0..orders).rev() {
                    for i in 0..axis {
                        let difference = |j: usize| z[j * axis + i] - inner[j];
                        z[k * axis + i] = (0..=k).map(|j| self.y[(k - j) * axis + i] * difference(j)).sum();
                    }
                }
            }
            Reduction::LogSoftmax => {
                self.softmax(orders, false);
                let others = |series: &[T]| -> T {
                    series.iter().enumerate().filter(|(i, _)| *i != largest).map(|(_, c)| *c).sum()
                };
                let of_z: Vec<T> = z.chunks_exact(axis).map(others).collect();
                let of_y: Vec<T> = self.y[..orders * axis].chunks_exact(axis).map(others).collect();
                for k in (0..orders).rev() {
                    let of_largest = |j: usize| z[j * axis + largest];
                    let at_largest = (0..=k)
                        .map(|j| of_largest(j) * of_y[k - j] - self.y[(k - j) * axis + largest] * of_z[j])
                        .sum();
                    for i in (0..axis).filter(|&i| i != largest) {
                        let sum: T = (0..=k)
                            .map(|j| self.y[(k - j) * axis + i] * (of_z[j] + z[j * axis + largest]))
                            .sum();
                        z[k * axis + i] -= sum;
                    }
                    z[k * axis + largest] = at_largest;
                }
            }
            Reduction::Normalize { epsilon } => {
                let inverse = self.normalize(epsilon, orders);
                let share = T::of(1.0 / axis as f64);
                let inner = self.inner(orders, z).map(|sum| sum * share);
                for k in 0..orders {
                    let mean = z[k * axis..][..axis].iter().copied().sum::<T>() * share;
                    for i in 0..axis {
                        let along: T = (0..=k).map(|j| inner[j] * self.y[(k - j) * axis + i]).sum();
                        z[k * axis + i] -= mean + along;
                    }
                }
                for k in (0..orders).rev() {
                    for i in 0..axis {
                        let sum: T = (0..=k).map(|j| self.scale[j] * z[(k - j) * axis + i]).sum();
                        z[k * axis + i] = sum * inverse;
                    }
                }
            }
        }
    }

    /// `Σ_i z_i y_i`.
    fn inner(&self, orders: usize, z: &[T]) -> [T; MAX_ORDER + 1] {
        let axis = self.axis;
        let product = |j: usize, k: usize, i: usize| z[j * axis + i] * self.y[(k - j) * axis + i];
        let at = |k: usize| (0..=k).map(|j| (0..axis).map(|i| product(j, k, i)).sum::<T>()).sum();
        std::array::from_fn(|k| if k < orders { at(k) } else { T::zero() })
    }

    /// The unit that is the largest at the primal point.
    fn largest(&self) -> usize {
        let larger = |best: usize, i: usize| if self.x[i] > self.x[best] { i } else { best };
        (0..self.axis).fold(0, larger)
    }

    fn softmax(&mut self, orders: usize, log: bool) {
        let axis = self.axis;
        let largest = self.largest();
        for series in self.x[..orders * axis].chunks_exact_mut(axis) {
            let reference = series[largest];
            series.iter_mut().for_each(|x| *x -= reference);
        }
        let mut sums = [T::zero(); MAX_ORDER + 1];
        for k in 0..orders {
            for i in 0..axis {
                let e = if k == 0 {
                    num_traits::Float::exp(self.x[i])
                } else {
                    let terms =
                        (1..=k).map(|j| T::of(j as f64) * self.x[j * axis + i] * self.e[(k - j) * axis + i]);
                    terms.sum::<T>() * T::of(1.0 / k as f64)
                };
                self.e[k * axis + i] = e;
                sums[k] += e;
            }
        }
        if log {
            let mut logs = [T::zero(); MAX_ORDER + 1];
            series::logarithm(&sums[..orders], &mut logs[..orders]);
            for k in 0..orders {
                for i in 0..axis {
                    self.y[k * axis + i] = self.x[k * axis + i] - logs[k];
                }
            }
        } else {
            for k in 0..orders {
                for i in 0..axis {
                    let inner: T = (1..=k).map(|j| sums[j] * self.y[(k - j) * axis + i]).sum();
                    self.y[k * axis + i] = (self.e[k * axis + i] - inner) / sums[0];
                }
            }
        }
    }

    /// Returns what x was scaled by.
    fn normalize(&mut self, epsilon: f64, orders: usize) -> T {
        let axis = self.axis;
        let largest = self.x[..axis].iter().fold(T::of(epsilon.sqrt()), |m, x| m.max(x.abs()));
        let inverse = largest.binade().recip();
        self.x[..orders * axis].iter_mut().for_each(|x| *x *= inverse);
        let share = T::of(1.0 / axis as f64);
        let mut variance = [T::zero(); MAX_ORDER + 1];
        for k in 0..orders {
            let mean = self.x[k * axis..][..axis].iter().copied().sum::<T>() * share;
            for i in 0..axis {
                self.e[k * axis + i] = self.x[k * axis + i] - mean;
            }
            let product = |j: usize, i: usize| self.e[j * axis + i] * self.e[(k - j) * axis + i];
            variance[k] = (0..=k).map(|j| (0..axis).map(|i| product(j, i)).sum::<T>()).sum::<T>() * share;
        }
        variance[0] += T::of(epsilon * inverse.f64() * inverse.f64());
        series::power(&variance[..orders], -0.5, &mut self.scale[..orders]);
        for k in 0..orders {
            for i in 0..axis {
                self.y[k * axis + i] = (0..=k).map(|j| self.scale[j] * self.e[(k - j) * axis + i]).sum();
            }
        }
        inverse
    }
}
