//! Sums over rays through a nonlinear kernel: `S_y = J S_x + Σ_r w_r c_n[f(x_0 + … + x_{n-1} t^{n-1} along r)]`.

use multiversion::{multiversion, target::target_cfg_f};

use crate::activation::Activation;
use crate::kernel::elementwise::{Compose, horner, taylor_tile};
use crate::kernel::layout::tiles;
use crate::kernel::{Call, Kernel, Layout, Series, SeriesMut};
use crate::scalar::Scalar;
use crate::series::{Coefficient, MAX_ORDER, Tile};

impl Layout {
    /// That of one sample, with a lane more for the sums over all lanes, so that no block is one.
    pub(super) fn with_lane_of_sums(&self) -> Self {
        Self { samples: 1, lanes: self.lanes + 1, collapsed: false, ..*self }
    }
}

/// Calls `kernel` for one sample after the other. The call's last input is what the lanes weigh.
pub fn collapsed<T: Scalar>(kernel: &Kernel, call: &mut Call<T>) {
    let Some((weights, inputs)) = call.inputs.split_last() else { return };
    if let (Kernel::Compose(Compose(function)), [x]) = (kernel, inputs) {
        return compose(*function, *x, *weights, &mut call.output);
    }
    let buffer = |layout: Layout| vec![T::zero(); layout.len()];
    let mut wide: Vec<Vec<T>> = inputs.iter().map(|x| buffer(x.layout.with_lane_of_sums())).collect();
    let output_layout = call.output.layout.with_lane_of_sums();
    let mut output = buffer(output_layout);
    for sample in 0..call.output.layout.samples {
        for (x, wide) in inputs.iter().zip(&mut wide) {
            spread(*x, sample, wide);
        }
        let views: Vec<Series<T>> = inputs
            .iter()
            .zip(&wide)
            .map(|(x, data)| Series { data, layout: x.layout.with_lane_of_sums() })
            .collect();
        kernel.run(&mut Call {
            inputs: &views,
            output: SeriesMut { data: &mut output, layout: output_layout },
            accumulate: false,
            constants: call.constants,
            kinks: &mut [],
            side: call.side,
            unit_rays: call.unit_rays,
            parallel: call.parallel,
        });
        let weights = &weights.data[weights.layout.row(1, sample, 0).start..][..weights.layout.lanes];
        gather(Series { data: &output, layout: output_layout }, weights, sample, &mut call.output);
    }
}

/// [`collapsed`] for a composition, without copies.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn compose<T: Scalar>(function: Activation, x: Series<T>, weights: Series<T>, y: &mut SeriesMut<T>) {
    const WIDE: bool = target_cfg_f!(target_feature = "avx2") || !cfg!(target_arch = "x86_64");
    let n = y.layout.degree;
    let zero = Tile::splat(T::zero());
    let [mut a, mut u, mut result] = [[zero; MAX_ORDER + 1]; 3];
    // The blocks of each lane come first.
    let below = |layout: Layout| match layout.collapsed {
        true => Layout { degree: layout.degree - 1, collapsed: false, ..layout },
        false => layout,
    };
    let (lower, to) = (below(x.layout), below(y.layout));
    let lanes = Series { data: x.data, layout: lower };
    // As a series to order n, for which there is code without loops; of a line there is a shorter one.
    let given = if lower.degree == 1 { 1 } else { n };
    for sample in 0..y.layout.samples {
        let weights = &weights.data[weights.layout.row(1, sample, 0).start..][..to.lanes];
        for units in tiles(y.layout.units) {
            taylor_tile(function, &x.row(0, sample, 0)[units.clone()], &mut a[..=n]);
            a[0].store(&mut y.row(0, sample, 0)[units.clone()]);
            let mut sum = match x.layout.collapsed {
                true => a[1] * Tile::load(&x.row(n, sample, 0)[units.clone()], T::zero()),
                false => zero,
            };
            for (lane, &weight) in weights.iter().enumerate() {
                lanes.load_higher(sample, lane, &units, T::zero(), &mut u);
                horner::<T, WIDE>(&a[..=n], &u[..=given], &mut result[..=n]);
                SeriesMut { data: &mut *y.data, layout: to }.store_higher(sample, lane, &units, &result);
                sum.add_product(&Tile::splat(weight), &result[n]);
            }
            sum.store(&mut y.row(n, sample, 0)[units]);
        }
    }
}

/// The rows of a block of a sample, which are neighbours.
fn rows(layout: &Layout, order: usize, sample: usize) -> std::ops::Range<usize> {
    let rows = layout.rows(order) / layout.samples;
    let start = layout.row(order, sample, 0).start;
    start..start + rows * layout.units
}

/// A sample with the sums in the last lane, and zeros in their place in the others.
fn spread<T: Scalar>(x: Series<T>, sample: usize, wide: &mut [T]) {
    let layout = x.layout.with_lane_of_sums();
    for order in 0..=layout.degree {
        let from = &x.data[rows(&x.layout, order, sample)];
        let to = &mut wide[layout.block(order)];
        if x.layout.is_sum(order) {
            let (rays, sum) = to.split_at_mut(to.len() - layout.units);
            rays.fill(T::zero());
            sum.copy_from_slice(from);
        } else {
            let (rays, sum) = to.split_at_mut(from.len());
            rays.copy_from_slice(from);
            sum.fill(T::zero());
        }
    }
}

/// The other way round, with the highest coefficients of all lanes added up.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn gather<T: Scalar>(wide: Series<T>, weights: &[T], sample: usize, y: &mut SeriesMut<T>) {
    for order in 0..=y.layout.degree {
        let to = rows(&y.layout, order, sample);
        if !y.layout.is_sum(order) {
            let from = &wide.block(order)[..to.len()];
            y.data[to].copy_from_slice(from);
            continue;
        }
        let (rays, sum) = wide.block(order).split_at(weights.len() * wide.layout.units);
        let to = &mut y.data[to];
        to.copy_from_slice(sum);
        for (ray, &weight) in rays.chunks_exact(wide.layout.units).zip(weights) {
            to.iter_mut().zip(ray).for_each(|(y, &c)| *y += weight * c);
        }
    }
}
