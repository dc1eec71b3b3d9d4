//! Sums over rays through a nonlinear kernel: `S_y = J S_x + Σ_r w_r c_n[f(x_0 + … + x_{n-1} t^{n-1} along r)]`.

use multiversion::multiversion;

use crate::kernel::{Call, Kernel, Layout, Series, SeriesMut};
use crate::scalar::Scalar;

impl Layout {
    /// That of one sample, with a lane more for the sums over all lanes, so that no block is one.
    pub(super) fn with_lane_of_sums(&self) -> Self {
        Self { samples: 1, lanes: self.lanes + 1, collapsed: false, ..*self }
    }
}

/// Calls `kernel` for one sample after the other. The call's last input is what the lanes weigh.
pub fn collapsed<T: Scalar>(kernel: &Kernel, call: &mut Call<T>) {
    let Some((weights, inputs)) = call.inputs.split_last() else { return };
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
