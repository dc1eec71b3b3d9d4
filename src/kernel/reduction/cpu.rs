//! Softmax, log-softmax and layer normalisation over the last axis, as series.
//!
//! With d = x - x_w for the unit w that is largest at the primal point, e = exp(d) and s = Σ e: softmax is
//! e / s, log-softmax d - log s. Taking the whole series of w off, not only its value, makes e_w exactly 1:
//! nothing overflows, and where softmax is saturated nothing cancels. Normalisation is
//! c · (mean c² + ε)^(-1/2) with c = x - mean x. It doesn't change if x and √ε are divided by the same number: a power of two
//! near the largest of them, so that squares neither overflow nor vanish.

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

/// The series of one group of units, order-major.
struct Group<T> {
    axis: usize,
    x: Vec<T>,
    /// Exponentials or centred values.
    e: Vec<T>,
    y: Vec<T>,
}

impl<T: Scalar> Group<T> {
    fn new(axis: usize, n: usize) -> Self {
        let empty = || vec![T::zero(); axis * (n + 1)];
        Self { axis, x: empty(), e: empty(), y: empty() }
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
            Reduction::Normalize { epsilon } => self.normalize(epsilon, orders),
        }
    }

    fn softmax(&mut self, orders: usize, log: bool) {
        let axis = self.axis;
        let larger = |best: usize, i: usize| if self.x[i] > self.x[best] { i } else { best };
        let largest = (0..axis).fold(0, larger);
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

    fn normalize(&mut self, epsilon: f64, orders: usize) {
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
        let mut scale = [T::zero(); MAX_ORDER + 1];
        series::power(&variance[..orders], -0.5, &mut scale[..orders]);
        for k in 0..orders {
            for i in 0..axis {
                self.y[k * axis + i] = (0..=k).map(|j| scale[j] * self.e[(k - j) * axis + i]).sum();
            }
        }
    }
}
