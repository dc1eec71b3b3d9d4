//! Average and max pooling, and their adjoints.
//!
//! Average pooling is linear with weights 1/count, whose k-th powers the published rule takes. Max pooling
//! is a selection: both methods follow the arg-max input of the primal point, exactly while it stays the largest. Among equals the exact
//! method takes the one that is the largest along the ray, see [`Kink`]; the published rule the first.

use crate::geometry::{Pool, Window};
use crate::kernel::kink::{Grading, largest};
use crate::kernel::{Exponent, Kink, Layout, Series, SeriesMut, Side};
use crate::scalar::Scalar;

/// Mean over windows, each coefficient alike.
pub fn average_pool<T: Scalar>(pool: &Pool, x: Series<T>, y: &mut SeriesMut<T>) {
    let means = means(pool);
    let window = &pool.window;
    let images = x.data.chunks_exact(window.input_size());
    for (x, y) in images.zip(y.data.chunks_exact_mut(window.output_size())) {
        y.fill(T::zero());
        for_each_cell(window, |position, pixel| y[position] += x[pixel]);
        for (y, &mean) in y.iter_mut().zip(&means) {
            *y *= T::of(mean);
        }
    }
}

/// `x̄[k]_i = Σ z̄[k]_o count_o^{-1}`, or `count_o^{-k}`, over the windows o that hold pixel i; or added to x̄.
pub fn average_pool_adjoint<T: Scalar>(
    pool: &Pool,
    exponent: Exponent,
    z: Series<T>,
    x: &mut SeriesMut<T>,
    accumulate: bool,
) {
    if !accumulate {
        x.data.fill(T::zero());
    }
    let means = means(pool);
    let window = &pool.window;
    for order in 0..=z.layout.degree {
        let weights: Vec<T> = means.iter().map(|mean| T::of(mean.powi(exponent.at(order)))).collect();
        let images = x.block(order).chunks_exact_mut(window.input_size());
        for (x, z) in images.zip(z.block(order).chunks_exact(window.output_size())) {
            for_each_cell(window, |position, pixel| x[pixel] += z[position] * weights[position]);
        }
    }
}

/// The largest input of each window, and the series of that input; of several, the one that is the largest to the lane's `side`.
///
/// `kinks`, one per (sample, lane), notes where another input takes over.
pub fn max_pool<T: Scalar>(
    pool: &Pool,
    grading: Grading,
    x: Series<T>,
    y: &mut SeriesMut<T>,
    side: Side,
    kinks: &mut [Kink],
) {
    let Layout { samples, lanes, .. } = x.layout;
    for sample in 0..samples {
        let primal = x.row(0, sample, 0);
        let first = arg_max(pool, primal);
        for (y, &unit) in y.row(0, sample, 0).iter_mut().zip(&first) {
            *y = primal[unit];
        }
        if x.layout.degree == 0 {
            continue;
        }
        let tied = tied(pool, primal, &first);
        let size = largest(primal);
        let mut chosen = first.clone();
        for lane in 0..lanes {
            let mut met = Kink::NONE;
            chosen.copy_from_slice(&first);
            if tied && decide(pool, grading, x, [sample, lane], side, &first, &mut chosen) {
                met.begins = true;
                met.margin = 0.0;
            }
            for order in 1..=x.layout.degree {
                let x = x.row(order, sample, lane);
                for (y, &unit) in y.row(order, sample, lane).iter_mut().zip(&chosen) {
                    *y = x[unit];
                }
            }
            let slopes = grading.slopes(x, sample, lane);
            let mut nearest = f64::INFINITY;
            for_each_unit(pool, |output, other| {
                let winner = chosen[output];
                let gap = (primal[winner] - primal[other]).f64();
                if gap != 0.0 {
                    let approach = slopes.between(other, winner);
                    if approach != 0.0 {
                        met.note(gap / approach);
                        nearest = nearest.min(gap);
                    }
                }
            });
            met.note_gap(nearest, size);
            if let Some(all) = kinks.get_mut(sample * lanes + lane) {
                all.join(met);
            }
        }
    }
}

/// Calls `visit(output unit, input unit)` for inputs that are as large as their output's first choice. There may be as many as cells of all windows: they
/// are never listed.
fn for_each_tie<T: Scalar>(pool: &Pool, x: &[T], first: &[usize], mut visit: impl FnMut(usize, usize)) {
    for_each_unit(pool, |output, other| {
        let winner = first[output];
        if other != winner && x[other] == x[winner] {
            visit(output, other);
        }
    });
}

/// Whether there are any.
fn tied<T: Scalar>(pool: &Pool, x: &[T], first: &[usize]) -> bool {
    let mut any = false;
    for_each_tie(pool, x, first, |_, _| any = true);
    any
}

/// Chooses among inputs that are equally large those that are the largest to the lane's side. Whether any two differ.
fn decide<T: Scalar>(
    pool: &Pool,
    grading: Grading,
    x: Series<T>,
    [sample, lane]: [usize; 2],
    side: Side,
    first: &[usize],
    chosen: &mut [usize],
) -> bool {
    let mut differ = false;
    for_each_tie(pool, x.row(0, sample, 0), first, |output, other| {
        if let Some(larger) = rises_above(grading, x, sample, lane, side, other, chosen[output]) {
            differ = true;
            if larger {
                chosen[output] = other;
            }
        }
    });
    differ
}

/// Whether a unit rises above another, as large, to the lane's side; none if their series are the same.
fn rises_above<T: Scalar>(
    grading: Grading,
    x: Series<T>,
    sample: usize,
    lane: usize,
    side: Side,
    unit: usize,
    other: usize,
) -> Option<bool> {
    let (a, b) = (x.higher(sample, lane, unit), x.higher(sample, lane, other));
    side.rises(grading, a.zip(b).map(|(a, b)| a - b))
}

/// Each window's adjoint goes to the input that its maximum is along the ray; added to x̄ if `accumulate`. `kinks` notes where the series, as
/// far as they go, leave several inputs to choose from.
pub fn max_pool_adjoint<T: Scalar>(
    pool: &Pool,
    x: Series<T>,
    z: Series<T>,
    to: &mut SeriesMut<T>,
    accumulate: bool,
    side: Side,
    kinks: &mut [Kink],
) {
    if !accumulate {
        to.clear_above(0);
    }
    let Layout { samples, lanes, degree, .. } = z.layout;
    for sample in 0..samples {
        let primal = x.row(0, sample, 0);
        let first = arg_max(pool, primal);
        let tied = tied(pool, primal, &first);
        let mut chosen = first.clone();
        for lane in 0..lanes {
            if tied {
                chosen.copy_from_slice(&first);
                decide(pool, Grading::One, x, [sample, lane], side, &first, &mut chosen);
                if let Some(kink) = kinks.get_mut(sample * lanes + lane) {
                    for_each_tie(pool, primal, &first, |output, other| {
                        if other != chosen[output]
                            && rises_above(Grading::One, x, sample, lane, side, other, chosen[output])
                                .is_none()
                            && z.moves(sample, lane, output)
                        {
                            kink.leave_undecided();
                        }
                    });
                }
            }
            for order in 1..=degree {
                let to = to.row(order, sample, lane);
                for (&z, &pixel) in z.row(order, sample, lane).iter().zip(&chosen) {
                    to[pixel] += z;
                }
            }
        }
    }
}

/// For each output unit the input unit that it takes; the first among equals, a NaN before all.
fn arg_max<T: Scalar>(pool: &Pool, x: &[T]) -> Vec<usize> {
    let mut chosen = vec![usize::MAX; pool.channels * pool.window.output_size()];
    for_each_unit(pool, |output, unit| {
        let best = &mut chosen[output];
        if *best == usize::MAX || x[unit] > x[*best] || num_traits::Float::is_nan(x[unit]) {
            *best = unit;
        }
    });
    chosen
}

/// Calls `visit(output unit, input unit)` for each cell of each window, of all channels.
#[inline(always)]
fn for_each_unit(pool: &Pool, mut visit: impl FnMut(usize, usize)) {
    let (input, output) = (pool.window.input_size(), pool.window.output_size());
    for channel in 0..pool.channels {
        for_each_cell(&pool.window, |position, pixel| {
            visit(channel * output + position, channel * input + pixel);
        });
    }
}

/// Calls `visit(position, pixel)` for each window cell inside the image.
#[inline(always)]
fn for_each_cell(window: &Window, mut visit: impl FnMut(usize, usize)) {
    for oy in 0..window.output[0] {
        for ky in 0..window.kernel[0] {
            let Some(y) = window.source(0, oy, ky) else { continue };
            for kx in 0..window.kernel[1] {
                for ox in window.inside(1, kx) {
                    let x = ox * window.stride[1] + kx * window.dilation[1] - window.pad_begin[1];
                    visit(oy * window.output[1] + ox, y * window.input[1] + x);
                }
            }
        }
    }
}

/// The weight `1 / count` of each position.
fn means(pool: &Pool) -> Vec<f64> {
    let window = &pool.window;
    let counts = |axis: usize| -> Vec<usize> {
        (0..window.output[axis]).map(|o| window.counted(axis, o, pool.count_include_pad)).collect()
    };
    let (rows, columns) = (counts(0), counts(1));
    rows.iter().flat_map(|&row| columns.iter().map(move |&column| 1.0 / (row * column) as f64)).collect()
}
