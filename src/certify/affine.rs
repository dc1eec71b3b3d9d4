//! Operators that are affine: they act on each coefficient alike, and on radii by the sizes of their weights.
//!
//! With `y = W x + b` and `x = p ± r`: the coefficients of y are W times those of x, b on the constant term. A dot product of n terms is off by at most `γ_n Σ |w||c|`
//! (`rounding`), whose sum over all monomials is `γ_n |W| A` with A the sums of the sizes of x's coefficients. So one more product, `|W| (r + γ_n A)`, is
//! the radius. The products themselves are the kernels that expansions use: what is proved holds for whatever order they add in.

use std::borrow::Cow;

use faer::Par;

use super::models::Models;
use super::rounding::{at_most_of_products, gamma, plus, underflow};
use crate::geometry::{Pool, Strided};
use crate::kernel::conv::{ConvShape, conv};
use crate::kernel::linear::{LinearShape, linear};
use crate::kernel::pool::average_pool;
use crate::kernel::strided::strided;
use crate::kernel::{Layout, Series, SeriesMut};
use crate::model::{Affine, Conv, Linear, PerUnit, Weights};

/// The sizes of weights.
pub(super) fn sizes(weights: &Weights) -> Weights {
    weights.iter().map(|w| w.abs()).collect()
}

fn layout(units: usize, length: usize) -> Layout {
    Layout { samples: 1, lanes: 1, units, degree: length / units - 1, primal: true, collapsed: false }
}

/// Rows of `units` numbers through a kernel, to rows of `outputs`.
fn through(
    rows: &[f64],
    units: usize,
    outputs: usize,
    run: impl Fn(Series<f64>, &mut SeriesMut<f64>),
) -> Vec<f64> {
    let from = layout(units, rows.len());
    let to = Layout { units: outputs, ..from };
    let mut found = vec![0.0; to.len()];
    run(Series { data: rows, layout: from }, &mut SeriesMut { data: &mut found, layout: to });
    found
}

/// The image under a linear map, given as it acts on rows and as the map of its sizes does; `depth` terms make a unit.
fn image(
    x: &Models,
    depth: usize,
    signed: impl Fn(&[f64]) -> Vec<f64>,
    sizes: impl Fn(&[f64]) -> Vec<f64>,
) -> Models {
    let coefficients = signed(&x.coefficients);
    let noise = if x.noise.is_empty() { Vec::new() } else { signed(&x.noise) };
    let rounding = gamma(depth + 2);
    let off = |(radius, size): (&f64, f64)| at_most_of_products(radius + rounding * size, 2);
    let off: Vec<f64> = x.radius.iter().zip(x.sizes()).map(off).collect();
    let lost = underflow(depth * (x.rows() + x.symbols()));
    let radius = sizes(&off).into_iter().map(|r| plus(at_most_of_products(r, depth + 2), lost));
    let radius: Vec<f64> = radius.collect();
    Models { units: radius.len(), coefficients, noise, radius }
}

/// `x Wᵀ + b` at each position, with weights that were rounded so many times.
pub(super) fn of_linear(layer: &Linear, weight_sizes: &[f64], rounded: usize, x: &Models) -> Models {
    let shape = LinearShape { inputs: layer.inputs, outputs: layer.outputs };
    let outputs = x.units / layer.inputs * layer.outputs;
    let by = |weight: &[f64], rows: &[f64]| {
        through(rows, x.units, outputs, |x, y| linear(shape, weight, None, x, y, Par::Seq))
    };
    let mut y =
        image(x, layer.inputs + rounded, |rows| by(&layer.weight, rows), |rows| by(weight_sizes, rows));
    if let Some(bias) = &layer.bias {
        y.shift(|unit| bias[unit % layer.outputs]);
    }
    y
}

/// Convolution.
pub(super) fn of_conv(layer: &Conv, weight_sizes: &[f64], x: &Models) -> Models {
    let shape = ConvShape {
        in_channels: layer.in_channels,
        out_channels: layer.out_channels,
        groups: layer.groups,
        window: layer.window,
    };
    let positions = layer.window.output_size();
    let by = |weight: &[f64], rows: &[f64]| {
        through(rows, x.units, layer.out_channels * positions, |x, y| {
            conv(&shape, weight, None, x, y, Par::Seq);
        })
    };
    let mut y = image(x, shape.depth(), |rows| by(&layer.weight, rows), |rows| by(weight_sizes, rows));
    if let Some(bias) = &layer.bias {
        y.shift(|unit| bias[unit / positions]);
    }
    y
}

/// Mean over windows: `1/count` is a weight that was rounded.
pub(super) fn of_average_pool(pool: &Pool, x: &Models) -> Models {
    let outputs = pool.channels * pool.window.output_size();
    let by = |rows: &[f64]| through(rows, x.units, outputs, |x, y| average_pool(pool, x, y));
    image(x, pool.window.kernel_size() + 2, by, by)
}

/// Copies, sums, and what stands where nothing is copied to.
pub(super) fn of_strided(copy: &Strided, outputs: usize, x: &Models) -> Models {
    let by = |copy: &Strided, rows: &[f64]| through(rows, x.units, outputs, |x, y| strided(copy, true, x, y));
    let plain = Strided { fill: 0.0, ..copy.clone() };
    let size = Strided { scale: copy.scale.abs(), ..plain.clone() };
    let terms = copy.dims.iter().filter(|d| d.output == 0).map(|d| d.size).product::<usize>();
    let mut y = if terms == 1 && size.scale == 1.0 {
        // Nothing is rounded.
        let radius = by(&size, &x.radius);
        let noise = if x.noise.is_empty() { Vec::new() } else { by(&plain, &x.noise) };
        Models { units: outputs, coefficients: by(&plain, &x.coefficients), noise, radius }
    } else {
        image(x, terms, |rows| by(&plain, rows), |rows| by(&size, rows))
    };
    if copy.fill != 0.0 {
        let fill = by(copy, &vec![0.0; x.units]);
        y.shift(|unit| fill[unit]);
    }
    y
}

/// Values one after the other.
pub(super) fn of_concat(copies: &[Strided], outputs: usize, parts: &[Cow<Models>]) -> Models {
    let rows = parts.iter().map(|part| part.rows()).max().unwrap_or(1);
    let mut all = Models::exact(outputs, vec![0.0; rows * outputs]);
    for (copy, part) in copies.iter().zip(parts) {
        let part = of_strided(&Strided { fill: 0.0, ..copy.clone() }, outputs, part);
        // Each unit is of one part: with the others' zeros nothing is rounded.
        all = all.plus(&part, 1.0);
    }
    all
}

/// Factors and summands of the units' own.
pub(super) fn of_affine(affine: &Affine, x: &Models) -> Models {
    let at = |constant: &PerUnit, unit: usize| constant.at(unit);
    let mut y = affine.scale.as_ref().map_or_else(|| x.clone(), |scale| x.scaled(|unit| at(scale, unit)));
    if let Some(shift) = &affine.shift {
        y.shift(|unit| at(shift, unit));
    }
    y
}

/// Sums of neighbouring units, `axis` at a time.
pub(super) fn sums(axis: usize, x: &Models) -> Models {
    let by = |rows: &[f64]| rows.chunks_exact(axis).map(|group| group.iter().sum()).collect();
    image(x, axis, by, by)
}
